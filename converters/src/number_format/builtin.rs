//! The number formats that have an id instead of a code (ECMA-376 part 1, 18.8.30).
//!
//! The dates among them look different in every locale; they are given as ISO 8601 here (see `date::Iso`).

use super::date::Iso;

/// What an id stands for.
pub(super) enum Builtin {
    Code(&'static str),
    /// The fields, and the digits of the fraction of a second.
    Iso(Iso, u32),
}

/// Returns the format of `id`; ids without a meaning are `General`.
pub(super) fn of(id: u32) -> Builtin {
    let code = match id {
        1 | 59 => "0",
        2 | 60 => "0.00",
        3 | 61 => "#,##0",
        4 | 62 => "#,##0.00",
        5 | 63 => r##""$"#,##0_);\("$"#,##0\)"##,
        6 | 64 => r##""$"#,##0_);[Red]\("$"#,##0\)"##,
        7 | 65 => r##""$"#,##0.00_);\("$"#,##0.00\)"##,
        8 | 66 => r##""$"#,##0.00_);[Red]\("$"#,##0.00\)"##,
        9 | 67 => "0%",
        10 | 68 => "0.00%",
        11 => "0.00E+00",
        12 | 69 => "# ?/?",
        13 | 70 => "# ??/??",
        18 => "h:mm AM/PM",
        19 => "h:mm:ss AM/PM",
        20 | 76 => "h:mm",
        21 | 77 => "h:mm:ss",
        37 => r"#,##0_);\(#,##0\)",
        38 => r"#,##0_);[Red]\(#,##0\)",
        39 => r"#,##0.00_);\(#,##0.00\)",
        40 => r"#,##0.00_);[Red]\(#,##0.00\)",
        41 => r##"_(* #,##0_);_(* \(#,##0\);_(* "-"_);_(@_)"##,
        42 => r##"_("$"* #,##0_);_("$"* \(#,##0\);_("$"* "-"_);_(@_)"##,
        43 => r##"_(* #,##0.00_);_(* \(#,##0.00\);_(* "-"??_);_(@_)"##,
        44 => r##"_("$"* #,##0.00_);_("$"* \(#,##0.00\);_("$"* "-"??_);_(@_)"##,
        46 | 79 => "[h]:mm:ss",
        48 => "##0.0E+0",
        49 => "@",
        14..=17 | 71..=74 | 81 => return Builtin::Iso(Iso::Date, 0),
        22 | 75 => return Builtin::Iso(Iso::DateTime, 0),
        27..=36 | 50..=58 => return Builtin::Iso(Iso::AsNeeded, 0),
        45 | 78 => return Builtin::Iso(Iso::Time, 0),
        47 | 80 => return Builtin::Iso(Iso::Time, 1),
        _ => "General",
    };
    Builtin::Code(code)
}
