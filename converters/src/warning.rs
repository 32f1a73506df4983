//! What a conversion dropped or changed, as stable codes with a count.
//!
//! The codes belong to the product's one namespace; a test of the root crate checks that its table
//! describes each of them.

macro_rules! warning_codes {
    ($($(#[doc = $doc:literal])+ $variant:ident => $name:literal,)+) => {
        /// A stable warning code.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        #[non_exhaustive]
        pub enum WarningCode { $($(#[doc = $doc])+ $variant,)+ }

        impl WarningCode {
            /// Every code, in the order of the table.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)+];

            /// Returns the kebab-case name.
            #[must_use]
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $name,)+ }
            }

            /// Finds a code by its name.
            #[must_use]
            pub fn by_name(name: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|code| code.as_str() == name)
            }
        }
    };
}

warning_codes! {
    /// Pictures have no text form.
    PicturesDropped => "pictures-dropped",
    /// Charts are given by their titles, categories and values only.
    ChartsFlattened => "charts-flattened",
    /// Charts were left out; the cells that they show are part of the output.
    ChartsDropped => "charts-dropped",
    /// Deleted text of tracked changes was left out.
    DeletionsDropped => "deletions-dropped",
    /// Inserted text of tracked changes was left out on request.
    InsertionsDropped => "insertions-dropped",
    /// Comments were left out on request.
    CommentsDropped => "comments-dropped",
    /// Embedded files and objects were left out.
    EmbeddedDropped => "embedded-dropped",
    /// Macros were left out.
    MacrosDropped => "macros-dropped",
    /// Hidden sheets, rows, columns, slides, shapes or text are part of the output.
    HiddenContent => "hidden-content",
    /// Hidden sheets, rows, columns, slides, shapes or text were left out on request.
    HiddenDropped => "hidden-dropped",
    /// A sheet that holds no cells (chart, dialogue or macro sheet) was left out.
    SheetSkipped => "sheet-skipped",
    /// A formula has no cached value; its cell is empty.
    FormulaWithoutValue => "formula-without-value",
    /// A formula could not be written as text, as was asked; its cached value stands instead.
    FormulaUnreadable => "formula-unreadable",
    /// A cell names a shared string that does not exist.
    BadSharedString => "bad-shared-string",
    /// A cell could not be read and its raw text stands instead.
    BadCell => "bad-cell",
    /// Merged cells hold their value in the first cell only.
    MergedCells => "merged-cells",
    /// Cell comments were left out.
    CellCommentsDropped => "cell-comments-dropped",
    /// Targets of links were left out.
    LinksDropped => "links-dropped",
    /// A part that the document refers to is missing.
    MissingPart => "missing-part",
    /// Text was decoded from another charset into UTF-8.
    Transcoded => "transcoded",
    /// Bytes that mean nothing in the charset became U+FFFD.
    ReplacedCharacters => "replaced-characters",
    /// The charset was guessed from little evidence.
    CharsetGuessed => "charset-guessed",
    /// A byte order mark was removed.
    BomRemoved => "bom-removed",
    /// Line ends were changed on request.
    NewlinesChanged => "newlines-changed",
    /// Control characters that text files do not hold are part of the text.
    ControlCharacters => "control-characters",
    /// Formulas at the start of cells were defused with an apostrophe on request.
    CsvGuarded => "csv-guarded",
    /// A cell begins like a formula; a spreadsheet program that opens the CSV would run it.
    FormulaLike => "formula-like",
    /// Delimited text has another separator than its name says.
    CsvDelimiter => "csv-delimiter",
    /// Lines of delimited text were rewritten by RFC 4180 on request.
    CsvRewritten => "csv-rewritten",
    /// Quotes of delimited text stand where they cannot quote; they are part of the text.
    CsvQuotes => "csv-quotes",
    /// A table was split between rows, because a part would be too large.
    CsvSplit => "csv-split",
    /// A PDF was split between pages on request.
    PdfSplit => "pdf-split",
    /// What belongs to a whole PDF (outlines, forms, attachments, tags) was left out of its pieces.
    SplitDropped => "split-dropped",
    /// A field or other construct was left out that this converter does not know.
    UnsupportedDropped => "unsupported-dropped",
}

/// One thing that a conversion dropped or changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Warning {
    /// The stable code.
    pub code: WarningCode,
    /// How many times it happened.
    pub count: u64,
    /// What happened, for people; lower case, no full stop.
    pub message: String,
}

impl Warning {
    /// Makes a warning of one code, count and message.
    pub fn new(code: WarningCode, count: u64, message: impl Into<String>) -> Self {
        Self { code, count, message: message.into() }
    }
}
