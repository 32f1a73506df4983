//! The one table of codes: what a violation, warning, skip or failure is called, by whom it was caused, and what helps.
//!
//! A code once released is never renamed. Manifest, `check`, `rules` and the docs all use this table.

use std::fmt;

use serde::{Deserialize, Serialize};

/// What a code stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CodeKind {
    /// A rule that was broken before anything was sent; the file is `rejected`.
    Violation,
    /// Something that a conversion or upload changed; the file goes on.
    Warning,
    /// A file left out on purpose.
    Skip,
    /// Something that went wrong while reading, converting or sending.
    Failure,
}

/// One row of the table.
#[derive(Debug, Clone, Copy)]
pub struct CodeSpec {
    /// The code.
    pub code: Code,
    /// The kebab-case name.
    pub name: &'static str,
    /// What it stands for.
    pub kind: CodeKind,
    /// Whether a rerun may succeed without a change.
    pub retryable: bool,
    /// What happened.
    pub what: &'static str,
    /// What the user can do; empty if nothing.
    pub fix: &'static str,
    /// Where the rule comes from.
    pub source: &'static str,
}

macro_rules! codes {
    ($($variant:ident, $name:literal, $kind:ident, $retryable:literal, $what:literal, $fix:literal, $source:literal;)+) => {
        /// A stable code.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        #[non_exhaustive]
        pub enum Code { $(#[doc = $what] $variant,)+ }

        /// The table, in the order of the enum.
        pub static CODES: &[CodeSpec] = &[$(CodeSpec {
            code: Code::$variant, name: $name, kind: CodeKind::$kind, retryable: $retryable,
            what: $what, fix: $fix, source: $source,
        },)+];
    };
}

codes! {
    // Violations: the file breaks a rule; nothing was sent for it.
    EmptyFile, "empty-file", Violation, false, "The file holds no bytes.", "remove it, or fill it", "platforms refuse empty files";
    FileTooLarge, "file-too-large", Violation, false, "The file is larger than the target takes.", "split it, or exclude it with --exclude", "target profile, max_file_bytes";
    RequestTooLarge, "request-too-large", Violation, false, "The file and its multipart framing are larger than the target's request limit.", "split it, or exclude it with --exclude", "target profile, max_request_bytes";
    ConvertTooLarge, "convert-too-large", Violation, false, "The document is larger than what is converted.", "raise it with --max-convert-size, or split the document", "--max-convert-size";
    UnsupportedFormat, "unsupported-format", Violation, false, "The target does not take this format, and there is no converter for it.", "convert it to PDF or text first, or choose another consumer with --for", "target profile, media types";
    UnsupportedDocument, "unsupported-document", Violation, false, "The document uses something that its converter does not read.", "save it anew in a current program", "docs/formats.md";
    ConversionOff, "conversion-off", Violation, false, "The target takes this file only after a conversion, and --convert never forbids it.", "leave out --convert never", "--convert";
    ContentMismatch, "content-mismatch", Violation, false, "The content is not what the name claims.", "give the file its right extension, or use --misnamed by-content", "content detection";
    BinaryContent, "binary-content", Violation, false, "The name says text, the content is binary.", "give the file its right extension, or exclude it", "content detection";
    CorruptDocument, "corrupt-document", Violation, false, "The document is damaged.", "open it in the program that wrote it and save it anew", "the format's specification";
    EncryptedDocument, "encrypted-document", Violation, false, "The document needs a password.", "remove the password and run again", "content detection";
    NoText, "no-text", Violation, false, "The document holds no text.", "exclude it; a scan needs text recognition first", "an empty output is never a success";
    LimitExceeded, "limit-exceeded", Violation, false, "The document reached a safety limit.", "raise the limit with the flag that the message names, if you trust the document", "limits of the conversion";
    SecretName, "secret-name", Violation, false, "The name is one that secrets have.", "exclude it, or say --allow-secrets", "policy, secrets by file name";
    SecretContent, "secret-content", Violation, false, "The content holds the credential that this run uses.", "remove the credential from the file and replace it", "policy, the live key is never sent";
    BadFileName, "bad-file-name", Violation, false, "No acceptable name can be made of the file's name.", "rename the file, or give a name with --name", "target profile, file names";
    MediaTypeRefused, "media-type-refused", Violation, false, "The target does not take this media type for this consumer.", "choose another consumer with --for, or let it be converted", "target profile, media types";
    NameRefused, "name-refused", Violation, false, "The target does not take this file name or extension.", "rename the file", "target profile, extensions and bare names";
    TooManyPages, "too-many-pages", Violation, false, "The PDF has more pages than the target takes in one request.", "split it with --split-pdf, or choose another consumer with --for", "target profile, max_pages";
    MetadataTooLarge, "metadata-too-large", Violation, false, "The metadata is larger than the target takes.", "send less metadata", "target profile, max_metadata_bytes";

    // Skips: the file was left out on purpose.
    Hidden, "hidden", Skip, false, "The name begins with a dot.", "include hidden files with --hidden", "discovery";
    Ignored, "ignored", Skip, false, "An ignore file names it.", "change the ignore file, or name the file itself", ".docferryignore, or .gitignore with --gitignore";
    Excluded, "excluded", Skip, false, "A glob of --exclude names it, or none of --include does.", "change the globs", "--include and --exclude";
    Symlink, "symlink", Skip, false, "It is a symbolic link.", "name it itself, or use --follow for links inside the root", "discovery";
    SpecialFile, "special-file", Skip, false, "It is a FIFO, socket or device.", "", "discovery";
    OwnFile, "own-file", Skip, false, "It belongs to docferry or to version control.", "", "discovery";
    NoConverter, "no-converter", Skip, false, "There is no converter for this format.", "see `docferry formats`", "docs/formats.md";
    Duplicate, "duplicate", Skip, false, "The same file is already an input of this run.", "", "discovery";

    // Failures: something went wrong with this file.
    NotFound, "not-found", Failure, false, "The file was gone when it was its turn.", "", "the file system";
    Unreadable, "unreadable", Failure, false, "The file could not be read.", "give yourself the permission to read it", "the file system";
    Changed, "changed", Failure, true, "The file changed while it was being processed.", "run again when nobody writes it", "the file system";
    ReadError, "read-error", Failure, true, "Reading the file failed.", "", "the file system";
    WriteError, "write-error", Failure, true, "Writing the output failed.", "make room, or choose another folder", "the file system";
    ConverterCrashed, "converter-crashed", Failure, false, "The converter failed in a way that is a defect of docferry.", "report it with the document, if you can", "a conversion must not panic";
    ConverterMemory, "converter-memory", Failure, false, "The conversion needed more memory than a worker may have.", "raise it with --worker-memory, if you trust the document", "--worker-memory";
    WorkerUnavailable, "worker-unavailable", Failure, true, "The process that converts could not be started.", "look at what the message says; --isolate never converts without it", "--isolate";
    ConverterTimeout, "converter-timeout", Failure, false, "The conversion took longer than allowed.", "raise it with --convert-timeout", "--convert-timeout";
    UploadRefused, "upload-refused", Failure, false, "The target refused the file.", "", "the target's answer";
    UploadFailed, "upload-failed", Failure, true, "The file could not be sent; nothing was stored.", "run again", "the target's answer, or the network";
    UploadAmbiguous, "upload-ambiguous", Failure, true, "The file was sent, and nobody knows whether it was stored.", "run again: it is looked for, and sent only if it is not there", "an unknown outcome is never sent again blindly";
    IntegrityMismatch, "integrity-mismatch", Failure, false, "The target stored something other than what was sent.", "delete the stored file, its id is in the message", "the target's answer";
    DuplicateId, "duplicate-id", Failure, true, "The target gave two files the same id; the run was stopped.", "look at the id, it is in the message, with `docferry files show`; a rerun looks for both files", "the target's answers";
    ProcessingFailed, "processing-failed", Failure, true, "The target took the file but could not make it ready.", "run again", "the target's file status";
    NotReady, "not-ready", Failure, true, "The target had not made the file ready when waiting ended.", "look at it later with `docferry files show`", "the target's file status";
    Interrupted, "interrupted", Failure, true, "The run was stopped before it was this file's turn.", "run again", "an interrupt";
    NotAttempted, "not-attempted", Failure, true, "The run had to stop before it was this file's turn.", "mend what stopped the run and run again", "the run's error";

    BudgetExceeded, "budget-exceeded", Failure, true, "A budget had no room for the file.", "raise the budget that the message names, or run again when it resets", "--max-files and the other budgets";
    Halted, "halted", Failure, true, "Uploads were halted before it was this file's turn.", "`docferry halt --clear` ends the halt; then run again", "docferry halt";

    // Warnings of admission and upload.
    NameCleaned, "name-cleaned", Warning, false, "The name sent differs from the file's name.", "", "target profile, file names";
    NameChanged, "name-changed", Warning, false, "The target stored another name than was sent.", "", "the target's answer";
    MediaTypeChanged, "media-type-changed", Warning, false, "The target stored another media type than was sent.", "", "the target's answer";
    Misnamed, "misnamed", Warning, false, "The content is not what the name claims; the content decided.", "give the file its right extension", "content detection";

    ManyPages, "many-pages", Warning, false, "The PDF has more pages than models with smaller contexts take.", "split it with --split-pdf if it is for such a model", "target profile, max_pages_of_small_contexts";
    EncryptedPdf, "encrypted-pdf", Warning, false, "The PDF is encrypted; it is sent as it is.", "remove the password unless its reader has it", "content detection";
    DamagedPdf, "damaged-pdf", Warning, false, "The PDF is damaged; it is sent as it is.", "open it in the program that wrote it and save it anew", "the format's specification";
    PagesUnknown, "pages-unknown", Warning, false, "The pages of the PDF could not be counted.", "", "docs/formats.md";

    // Warnings of conversions; the converters know the same names.
    PicturesDropped, "pictures-dropped", Warning, false, "Pictures have no text form.", "--to pdf keeps them", "docs/formats.md";
    ChartsFlattened, "charts-flattened", Warning, false, "Charts are given by their titles, categories and values only.", "", "docs/formats.md";
    ChartsDropped, "charts-dropped", Warning, false, "Charts were left out; the cells that they show are part of the output.", "", "docs/formats.md";
    DeletionsDropped, "deletions-dropped", Warning, false, "Deleted text of tracked changes was left out.", "", "docs/formats.md";
    InsertionsDropped, "insertions-dropped", Warning, false, "Inserted text of tracked changes was left out on request.", "", "docs/formats.md";
    CommentsDropped, "comments-dropped", Warning, false, "Comments were left out on request.", "", "docs/formats.md";
    EmbeddedDropped, "embedded-dropped", Warning, false, "Embedded files and objects were left out.", "", "docs/formats.md";
    MacrosDropped, "macros-dropped", Warning, false, "Macros were left out.", "", "docs/formats.md";
    HiddenContent, "hidden-content", Warning, false, "Hidden sheets, rows, columns, slides, shapes or text are part of the output.", "leave them out with --hidden-content exclude", "docs/formats.md";
    HiddenDropped, "hidden-dropped", Warning, false, "Hidden sheets, rows, columns, slides, shapes or text were left out on request.", "", "docs/formats.md";
    SheetSkipped, "sheet-skipped", Warning, false, "A sheet that holds no cells was left out.", "", "docs/formats.md";
    FormulaWithoutValue, "formula-without-value", Warning, false, "A formula has no cached value; its cell is empty.", "open and save the workbook in a spreadsheet program", "docs/formats.md";
    FormulaUnreadable, "formula-unreadable", Warning, false, "A formula could not be written as text, as was asked; its cached value stands instead.", "", "docs/formats.md";
    BadSharedString, "bad-shared-string", Warning, false, "A cell names a shared string that does not exist.", "", "docs/formats.md";
    BadCell, "bad-cell", Warning, false, "A cell could not be read and its raw text stands instead.", "", "docs/formats.md";
    MergedCells, "merged-cells", Warning, false, "Merged cells hold their value in the first cell only.", "", "docs/formats.md";
    CellCommentsDropped, "cell-comments-dropped", Warning, false, "Cell comments were left out.", "", "docs/formats.md";
    LinksDropped, "links-dropped", Warning, false, "Targets of links were left out; their texts are part of the output.", "", "docs/formats.md";
    MissingPart, "missing-part", Warning, false, "A part that the document refers to is missing.", "", "docs/formats.md";
    Transcoded, "transcoded", Warning, false, "Text was decoded from another charset into UTF-8.", "", "docs/formats.md";
    ReplacedCharacters, "replaced-characters", Warning, false, "Bytes that mean nothing in the charset became U+FFFD.", "name the charset with --charset", "docs/formats.md";
    CharsetGuessed, "charset-guessed", Warning, false, "The charset was guessed from little evidence.", "name the charset with --charset", "docs/formats.md";
    BomRemoved, "bom-removed", Warning, false, "A byte order mark was removed.", "", "docs/formats.md";
    NewlinesChanged, "newlines-changed", Warning, false, "Line ends were changed on request.", "", "docs/formats.md";
    ControlCharacters, "control-characters", Warning, false, "Control characters that text files do not hold are part of the text.", "", "docs/formats.md";
    CsvGuarded, "csv-guarded", Warning, false, "Formulas at the start of cells were defused with an apostrophe on request.", "", "docs/formats.md";
    FormulaLike, "formula-like", Warning, false, "A cell begins like a formula; a spreadsheet program that opens the CSV would run it.", "defuse it with --csv-guard", "docs/formats.md";
    CsvDelimiter, "csv-delimiter", Warning, false, "Delimited text has another separator than its name says.", "rewrite it with --csv-dialect rfc4180", "docs/formats.md";
    CsvRewritten, "csv-rewritten", Warning, false, "Lines of delimited text were rewritten by RFC 4180 on request.", "", "docs/formats.md";
    CsvQuotes, "csv-quotes", Warning, false, "Quotes of delimited text stand where they cannot quote; they are part of the text.", "", "docs/formats.md";
    CsvSplit, "csv-split", Warning, false, "A table was split between rows, because a part would be too large.", "choose the size with --max-csv-size", "docs/formats.md";
    PdfSplit, "pdf-split", Warning, false, "A PDF was split between pages on request.", "", "docs/formats.md";
    SplitDropped, "split-dropped", Warning, false, "What belongs to a whole PDF (outlines, forms, attachments, tags) was left out of its pieces.", "leave out --split-pdf where it matters", "docs/formats.md";
    UnsupportedDropped, "unsupported-dropped", Warning, false, "A construct was left out that the converter does not know.", "", "docs/formats.md";
}

impl Code {
    /// Returns the row of this code.
    #[must_use]
    pub fn spec(self) -> &'static CodeSpec {
        // The table is written in the order of the enum by one macro.
        &CODES[self as usize]
    }

    /// Returns the kebab-case name.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        self.spec().name
    }

    /// Tells whether it says that the run ended before it was this one's turn.
    #[must_use]
    pub fn is_no_turn(self) -> bool {
        matches!(self, Self::Interrupted | Self::NotAttempted | Self::BudgetExceeded | Self::Halted)
    }

    /// Finds a code by its name.
    #[must_use]
    pub fn by_name(name: &str) -> Option<Self> {
        CODES.iter().find(|spec| spec.name == name).map(|spec| spec.code)
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl Serialize for Code {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl<'de> Deserialize<'de> for Code {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let name = String::deserialize(deserializer)?;
        Self::by_name(&name).ok_or_else(|| serde::de::Error::custom(format!("unknown code `{name}`")))
    }
}

impl schemars::JsonSchema for Code {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Code".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({
            "type": "string",
            "pattern": "^[a-z0-9]+(-[a-z0-9]+)*$",
            "description": "A stable code; later versions add new ones."
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn table_is_in_order_and_names_are_unique_kebab_case() {
        let mut names = std::collections::HashSet::new();
        for (at, spec) in CODES.iter().enumerate() {
            assert_eq!(spec.code as usize, at);
            assert!(names.insert(spec.name), "{} stands twice", spec.name);
            assert!(spec.name.bytes().all(|b| b.is_ascii_lowercase() || b == b'-'));
            assert!(spec.what.ends_with('.') && !spec.source.is_empty(), "{}", spec.name);
            assert!(!spec.fix.ends_with('.'), "{}", spec.name);
        }
    }

    #[test]
    fn every_warning_of_the_converters_has_a_row() {
        for warning in docferry_converters::WarningCode::ALL {
            let code = Code::by_name(warning.as_str());
            let kind = code.map(|code| code.spec().kind);
            assert_eq!(kind, Some(CodeKind::Warning), "{}", warning.as_str());
        }
    }
}
