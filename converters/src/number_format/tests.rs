//! Format codes with values and what a spreadsheet program shows for them.

use proptest::prelude::*;

use super::{Decimal, Epoch, NumberFormat};

fn shown(format: &NumberFormat, value: &str) -> String {
    let mut out = Vec::new();
    format.write(Decimal::parse(value.as_bytes()).unwrap(), Epoch::Y1900, &mut out);
    String::from_utf8(out).unwrap()
}

/// `code<TAB>value<TAB>shown` lines; a code `#14` is a built-in id.
const TABLE: &str = include_str!("table.tsv");

#[test]
fn every_row_of_the_table_is_shown_so() {
    let mut rows = 0;
    let mut wrong = Vec::new();
    for line in TABLE.lines().filter(|line| !line.starts_with("//")) {
        let [code, value, expected] = line.split('\t').collect::<Vec<_>>()[..] else {
            panic!("`{line}` has not three columns");
        };
        rows += 1;
        let format = match code.strip_prefix("id:") {
            Some(id) => NumberFormat::builtin(id.parse().unwrap()),
            None => NumberFormat::parse(code),
        };
        let got = shown(&format, value);
        if got != expected {
            wrong.push(format!("{code} of {value}: expected `{expected}`, got `{got}`"));
        }
    }
    assert!(rows > 150, "{rows} rows");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn text_is_framed_by_the_text_section_only() {
    for (code, expected) in [
        ("General", "x"),
        ("@", "x"),
        ("0.00", "x"),
        (r#""to "@"!""#, "to x!"),
        (r#"0;-0;0;"<"@">""#, "<x>"),
        ("0;-0;;@", "x"),
        (r#"0;"t "@"#, "t x"),
        (";;;", ""),
    ] {
        let mut out = Vec::new();
        NumberFormat::parse(code).write_text(b"x", &mut out);
        assert_eq!(String::from_utf8(out).unwrap(), expected, "{code}");
    }
}

#[test]
fn only_a_format_without_any_section_content_hides_all() {
    assert!(NumberFormat::parse(";;;").hides_all());
    assert!(NumberFormat::parse("[Red];;").hides_all());
    for code in ["", "0;;", ";;;@", "General", "0"] {
        assert!(!NumberFormat::parse(code).hides_all(), "{code}");
    }
}

#[test]
fn the_canonical_form_keeps_all_digits() {
    for (code, value, expected) in [
        ("#,##0.00", "1234.5678", "1234.5678"),
        ("0.00E+00", "12345", "12345"),
        ("[$€-407] 0.00", "-1.5", "-1.5"),
        ("0;-0;\"none\"", "0", "0"),
        (";;;", "5", "5"),
        ("0%", "0.12345", "12.345%"),
        ("0.0%", "0.66666666666666663", "66.6666666666667%"),
        ("00000", "7", "00007"),
        ("000-00-0000", "123456789", "123-45-6789"),
        ("00000", "7.5", "7.5"),
        ("d-mmm", "45000", "2023-03-15"),
        ("d-mmm", "45000.75", "2023-03-15 18:00:00"),
        ("h:mm AM/PM", "0.75", "18:00:00"),
        ("h:mm", "45000.75", "2023-03-15 18:00:00"),
        ("h:mm", "0", "00:00:00"),
        ("[m]:ss", "1.5", "36:00:00"),
        ("yyyy", "-1", "-1"),
        ("hh:mm:ss", "0.58333332", "13:59:59"),
        ("mm:ss.0", "0.000142881944444444", "00:00:12.3"),
        ("yyyy-mm-dd hh:mm:ss.000", "45000.000142881944", "2023-03-15 00:00:12.345"),
        ("yyyy-mm-dd hh:mm:ss.000", "45000", "2023-03-15"),
        ("[h]:mm:ss.00", "1.00014287", "24:00:12.34"),
        ("ss.000", "0.99999999999", "00:00:00.000"),
    ] {
        let mut out = Vec::new();
        let format = NumberFormat::parse(code);
        format.write_canonical(Decimal::parse(value.as_bytes()).unwrap(), Epoch::Y1900, &mut out);
        assert_eq!(String::from_utf8(out).unwrap(), expected, "{code} of {value}");
    }
}

#[test]
fn the_canonical_form_of_a_built_in_format_keeps_tenths() {
    let mut out = Vec::new();
    let value = Decimal::parse(b"0.000142881944444444").unwrap();
    NumberFormat::builtin(47).write_canonical(value, Epoch::Y1900, &mut out);
    assert_eq!(out, b"00:00:12.3");
}

#[test]
fn dates_count_from_1904_where_the_workbook_says_so() {
    let mut out = Vec::new();
    NumberFormat::builtin(14).write(Decimal::parse(b"0").unwrap(), Epoch::Y1904, &mut out);
    assert_eq!(out, b"1904-01-01");
}

proptest! {
    #[test]
    fn no_code_and_value_panic(code in r#"[0#?.,%/@EeGgeneralymdhsAP+\-;"\\_*$\[\]<>=0-9 ]{0,40}"#, value in any::<f64>()) {
        let format = NumberFormat::parse(&code);
        if let Some(value) = Decimal::from_f64(value) {
            let mut out = Vec::new();
            format.write(value, Epoch::Y1900, &mut out);
            format.write(value, Epoch::Y1904, &mut out);
            format.write_text(b"text", &mut out);
            prop_assert!(std::str::from_utf8(&out).is_ok());
        }
    }

    #[test]
    fn any_text_is_a_code(code in any::<String>(), value in -1e6..1e6f64) {
        let mut out = Vec::new();
        NumberFormat::parse(&code).write(Decimal::from_f64(value).unwrap(), Epoch::Y1900, &mut out);
        prop_assert!(std::str::from_utf8(&out).is_ok());
    }

    #[test]
    fn fixed_places_agree_with_the_standard_library(value in -1e6..1e6f64, places in 1usize..6) {
        let code = format!("0.{}", "0".repeat(places));
        let got: f64 = shown(&NumberFormat::parse(&code), &value.to_string()).parse().unwrap();
        let power = 10f64.powi(i32::try_from(places).unwrap());
        prop_assert!((got - value).abs() <= 0.500_001 / power, "{} {}", got, value);
    }
}
