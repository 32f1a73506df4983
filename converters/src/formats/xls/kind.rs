//! The numbers of the records that matter here ([MS-XLS] 2.3; the older ones are in no specification any more).

pub(super) const BLANK: u16 = 0x0201;
pub(super) const BLANK_V2: u16 = 0x0001;
pub(super) const INTEGER_V2: u16 = 0x0002;
pub(super) const NUMBER: u16 = 0x0203;
pub(super) const NUMBER_V2: u16 = 0x0003;
pub(super) const LABEL: u16 = 0x0204;
pub(super) const LABEL_V2: u16 = 0x0004;
pub(super) const BOOL_OR_ERROR: u16 = 0x0205;
pub(super) const BOOL_OR_ERROR_V2: u16 = 0x0005;
/// The number in versions 2, 5 and 8.
pub(super) const FORMULA: u16 = 0x0006;
pub(super) const FORMULA_V3: u16 = 0x0206;
pub(super) const FORMULA_V4: u16 = 0x0406;
pub(super) const STRING: u16 = 0x0207;
pub(super) const STRING_V2: u16 = 0x0007;
pub(super) const RK: u16 = 0x027E;
pub(super) const RK_OTHER: u16 = 0x007E;
pub(super) const MANY_RK: u16 = 0x00BD;
pub(super) const MANY_BLANKS: u16 = 0x00BE;
pub(super) const RICH_STRING: u16 = 0x00D6;
pub(super) const LABEL_SHARED: u16 = 0x00FD;

/// What may stand between a formula and its text.
pub(super) const ARRAY: u16 = 0x0221;
pub(super) const ARRAY_V2: u16 = 0x0021;
pub(super) const SHARED_FORMULA: u16 = 0x04BC;
pub(super) const SHARED_FORMULA_OTHER: u16 = 0x00BC;
pub(super) const DATA_TABLE: [u16; 4] = [0x0036, 0x0037, 0x0236, 0x0237];

/// The style of the next cell, where it has no room for it.
pub(super) const STYLE_V2: u16 = 0x0044;

pub(super) const END: u16 = 0x000A;
pub(super) const ROW: u16 = 0x0208;
pub(super) const ROW_V2: u16 = 0x0008;
pub(super) const COLUMNS: u16 = 0x007D;
pub(super) const COLUMNS_V2: u16 = 0x0024;
pub(super) const MERGED_CELLS: u16 = 0x00E5;
pub(super) const NOTE: u16 = 0x001C;
pub(super) const LINK: u16 = 0x01B8;
pub(super) const OBJECT: u16 = 0x005D;
pub(super) const TEXT_OBJECT: u16 = 0x01B6;
pub(super) const SHEET_OPTIONS: u16 = 0x0081;

pub(super) const SHEETS: u16 = 0x0017;
pub(super) const NAME: u16 = 0x0018;
pub(super) const NAME_V3: u16 = 0x0218;
pub(super) const FOREIGN_NAME: u16 = 0x0023;
pub(super) const FOREIGN_NAME_V3: u16 = 0x0223;
pub(super) const BOOK: u16 = 0x01AE;
pub(super) const DATE_MODE: u16 = 0x0022;
pub(super) const FILE_PASS: u16 = 0x002F;
pub(super) const CODE_PAGE: u16 = 0x0042;
pub(super) const BOUND_SHEET: u16 = 0x0085;
pub(super) const SHEET_HEADER: u16 = 0x008F;
pub(super) const SHARED_STRINGS: u16 = 0x00FC;
pub(super) const FORMAT: u16 = 0x041E;
pub(super) const FORMAT_V2: u16 = 0x001E;
pub(super) const STYLES: [u16; 4] = [0x0043, 0x0243, 0x0443, 0x00E0];

/// Tells whether a record is a cell or several in a row.
pub(super) fn is_cell(kind: u16) -> bool {
    matches!(
        kind,
        BLANK | BLANK_V2
            ..=FORMULA
                | NUMBER
                | LABEL
                | BOOL_OR_ERROR
                | FORMULA_V3
                | FORMULA_V4
                | RK
                | RK_OTHER
                | MANY_RK
                | MANY_BLANKS
                | RICH_STRING
                | LABEL_SHARED
    )
}
