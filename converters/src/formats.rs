//! What a format is, and how a name claims one. The rows are in `table.rs`.
//!
//! A name is only a claim: it decides nothing that the content can decide, see [`crate::detect`]. Formats are a
//! closed list on purpose, so that what happens to each of them is written down once; bytes that fit no row
//! are [`Format::Unknown`] and still get the best media type that is known for them.

pub mod docx;
pub mod odp;
pub mod ods;
pub mod odt;
pub mod plain;
pub mod pptx;
mod table;
pub mod xls;
pub mod xlsb;
pub mod xlsx;

use std::borrow::Cow;

use crate::Converter;

pub use table::FORMATS;

/// What kind of thing a format is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Family {
    /// Characters in some charset.
    Text,
    /// An office document, PDF or e-book.
    Document,
    /// A raster image.
    Image,
    /// An archive of files.
    Archive,
    /// Any other bytes.
    Binary,
}

macro_rules! formats {
    ($($(#[doc = $doc:literal])+ $variant:ident,)+) => {
        /// What bytes are.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        #[non_exhaustive]
        pub enum Format { $($(#[doc = $doc])+ $variant,)+ }

        impl Format {
            /// Every format, in the order of the table.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)+];
        }
    };
}

formats! {
    /// Text without a format of its own.
    PlainText,
    /// Markdown.
    Markdown,
    /// Comma-separated values.
    Csv,
    /// Tab-separated values.
    Tsv,
    /// JSON.
    Json,
    /// JSON values, one a line.
    JsonLines,
    /// XML without a format of its own.
    Xml,
    /// YAML.
    Yaml,
    /// TOML.
    Toml,
    /// Settings as key and value, or one pattern a line.
    Config,
    /// Environment variables.
    Env,
    /// A log.
    Log,
    /// HTML.
    Html,
    /// Style sheets.
    Css,
    /// SVG drawing.
    Svg,
    /// Source code; the extension decides its media type.
    SourceCode,
    /// Shell script.
    Shell,
    /// SQL.
    Sql,
    /// GraphQL.
    GraphQl,
    /// Protocol Buffers definition.
    Proto,
    /// Difference between texts.
    Diff,
    /// reStructuredText.
    ReStructuredText,
    /// AsciiDoc.
    AsciiDoc,
    /// Org mode text.
    Org,
    /// TeX or LaTeX.
    Tex,
    /// Jupyter notebook.
    Notebook,
    /// One mail message.
    Eml,
    /// A mailbox of messages.
    Mbox,
    /// Word document.
    Docx,
    /// Word document with macros.
    Docm,
    /// Word template.
    Dotx,
    /// Word template with macros.
    Dotm,
    /// Excel workbook.
    Xlsx,
    /// Excel workbook or template with macros.
    Xlsm,
    /// Excel template.
    Xltx,
    /// Excel binary workbook.
    Xlsb,
    /// `PowerPoint` presentation or template.
    Pptx,
    /// `PowerPoint` presentation, show or template with macros.
    Pptm,
    /// `PowerPoint` show.
    Ppsx,
    /// Office document that needs a password; which kind cannot be known without it.
    EncryptedOoxml,
    /// OpenDocument text.
    Odt,
    /// OpenDocument spreadsheet.
    Ods,
    /// OpenDocument presentation.
    Odp,
    /// OpenDocument drawing.
    Odg,
    /// OpenDocument text in a single XML file.
    Fodt,
    /// OpenDocument spreadsheet in a single XML file.
    Fods,
    /// OpenDocument presentation in a single XML file.
    Fodp,
    /// Other OpenDocument in a single XML file.
    FlatOdf,
    /// Word 97-2003 document.
    Doc,
    /// Excel 97-2003 workbook.
    Xls,
    /// `PowerPoint` 97-2003 presentation.
    Ppt,
    /// Outlook message.
    Msg,
    /// Other OLE compound file.
    Ole,
    /// PDF.
    Pdf,
    /// EPUB book.
    Epub,
    /// Rich Text Format.
    Rtf,
    /// JPEG image.
    Jpeg,
    /// PNG image.
    Png,
    /// GIF image.
    Gif,
    /// WebP image.
    Webp,
    /// TIFF image.
    Tiff,
    /// BMP image.
    Bmp,
    /// HEIC image.
    Heic,
    /// AVIF image.
    Avif,
    /// Other image.
    Image,
    /// ZIP archive without a format of its own.
    Zip,
    /// gzip.
    Gzip,
    /// tar archive.
    Tar,
    /// 7z archive.
    SevenZip,
    /// bzip2.
    Bzip2,
    /// xz.
    Xz,
    /// Zstandard.
    Zstd,
    /// RAR archive.
    Rar,
    /// Sound.
    Audio,
    /// Moving pictures.
    Video,
    /// ELF program or library.
    Elf,
    /// Windows program or library.
    Pe,
    /// WebAssembly module.
    Wasm,
    /// SQLite database.
    Sqlite,
    /// Parquet table.
    Parquet,
    /// No bytes at all.
    Empty,
    /// Bytes that no other row describes.
    Unknown,
}

/// One row of the table.
#[derive(Clone, Copy)]
pub struct FormatSpec {
    /// The format.
    pub format: Format,
    /// The stable kebab-case name, as in manifests.
    pub name: &'static str,
    /// What it is, for people.
    pub title: &'static str,
    /// What kind of thing it is.
    pub family: Family,
    /// The media type where the extension does not decide.
    pub media_type: &'static str,
    /// Extensions in lower case without the dot, each with its media type.
    pub extensions: &'static [(&'static str, &'static str)],
    /// Whole file names in lower case (extensionless names and dotfiles).
    pub bare_names: &'static [&'static str],
    /// The converter, if there is one.
    pub converter: Option<&'static dyn Converter>,
}

impl std::fmt::Debug for FormatSpec {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("FormatSpec").field("name", &self.name).finish_non_exhaustive()
    }
}

impl Format {
    /// Returns the row of this format.
    #[must_use]
    pub fn spec(self) -> &'static FormatSpec {
        // A test checks that every variant has exactly one row; `Unknown` is the last.
        FORMATS.iter().find(|spec| spec.format == self).unwrap_or(&FORMATS[FORMATS.len() - 1])
    }

    /// Returns the stable name, such as `docx`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        self.spec().name
    }

    /// Returns the format that stands for this one and its variants: macro-enabled files and templates
    /// are the same document to a reader, and people rename them freely.
    #[must_use]
    pub fn base(self) -> Self {
        match self {
            Self::Docm | Self::Dotx | Self::Dotm => Self::Docx,
            Self::Xlsm | Self::Xltx => Self::Xlsx,
            Self::Pptm | Self::Ppsx => Self::Pptx,
            other => other,
        }
    }

    /// Returns what stands between fields by the name of the format, for delimited text.
    #[must_use]
    pub fn separator(self) -> Option<u8> {
        match self {
            Self::Csv => Some(b','),
            Self::Tsv => Some(b'\t'),
            _ => None,
        }
    }

    /// Returns the package that carries this format, if it is one of those that are a ZIP or OLE file inside.
    #[must_use]
    pub fn container(self) -> Option<Self> {
        match self.base() {
            Self::Docx | Self::Xlsx | Self::Xlsb | Self::Pptx => Some(Self::Zip),
            Self::Odt | Self::Ods | Self::Odp | Self::Odg | Self::Epub | Self::Zip => Some(Self::Zip),
            Self::Doc | Self::Xls | Self::Ppt | Self::Msg | Self::Ole => Some(Self::Ole),
            _ => None,
        }
    }
}

/// What a file name claims.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claim {
    /// The format.
    pub format: Format,
    /// The media type that goes with the name.
    pub media_type: Cow<'static, str>,
}

/// Returns what `name` claims by the table, or `None` if the table does not know it.
///
/// Case does not matter. A name that begins with a dot is a whole name first (`.env`), then an extension, so
/// `.env` and `prod.env` are the same; a known whole name may be followed by an unknown extension
/// (`Dockerfile.prod`, `.env.local`).
#[must_use]
pub fn claim(name: &str) -> Option<Claim> {
    let name = file_name(name);
    let by_extension = |extension: &str| {
        FORMATS.iter().find_map(|spec| {
            let row = spec.extensions.iter().find(|(e, _)| *e == extension)?;
            Some(found(spec.format, row.1))
        })
    };
    by_bare_name(&name).or_else(|| by_extension(extension(&name)?)).or_else(|| {
        let end = 1 + name.get(1..)?.find('.')?;
        let stem = &name[..end];
        by_bare_name(stem).or_else(|| by_extension(stem.strip_prefix('.')?))
    })
}

/// Returns the media type that the wider world gives to the name's extension; a claim, never evidence.
#[must_use]
pub fn claimed_media_type(name: &str) -> Option<&'static str> {
    mime_guess::from_ext(extension(&file_name(name))?).first_raw()
}

fn by_bare_name(name: &str) -> Option<Claim> {
    let spec = FORMATS.iter().find(|spec| spec.bare_names.contains(&name))?;
    Some(found(spec.format, spec.media_type))
}

fn found(format: Format, media_type: &'static str) -> Claim {
    Claim { format, media_type: media_type.into() }
}

/// Returns the name without folders, in lower case, without the spaces and dots that some systems drop.
fn file_name(name: &str) -> String {
    let name = name.rsplit(['/', '\\']).next().unwrap_or_default();
    name.trim().trim_end_matches(['.', ' ']).to_ascii_lowercase()
}

fn extension(name: &str) -> Option<&str> {
    let extension = name.rsplit_once('.')?.1;
    (!extension.is_empty()).then_some(extension)
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn every_format_has_one_row_in_order() {
        let rows: Vec<_> = FORMATS.iter().map(|spec| spec.format).collect();
        assert_eq!(rows, Format::ALL);
        let names: HashSet<_> = FORMATS.iter().map(|spec| spec.name).collect();
        assert_eq!(names.len(), FORMATS.len());
    }

    #[test]
    fn no_extension_or_bare_name_stands_twice() {
        let (mut extensions, mut bare_names) = (HashSet::new(), HashSet::new());
        for spec in FORMATS {
            for (extension, _) in spec.extensions {
                assert!(extensions.insert(extension), "{extension}");
                assert!(!extension.contains('.') && *extension == extension.to_lowercase());
            }
            for name in spec.bare_names {
                assert!(bare_names.insert(name), "{name}");
                assert_eq!(*name, name.to_lowercase());
            }
        }
    }

    #[test]
    fn media_types_are_well_formed() {
        let token = |text: &str| {
            !text.is_empty()
                && text
                    .bytes()
                    .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b"!#$&-^_.+".contains(&b))
        };
        for spec in FORMATS {
            for kind in std::iter::once(spec.media_type).chain(spec.extensions.iter().map(|e| e.1)) {
                let (top, sub) = kind.split_once('/').expect(kind);
                assert!(token(top) && token(&sub.to_lowercase()), "{kind}");
            }
        }
    }

    #[test]
    fn text_has_a_converter_and_nothing_else_has_that_one() {
        for spec in FORMATS {
            let converter = spec.converter.map(Converter::name);
            assert_eq!(spec.family == Family::Text, converter == Some("text-to-utf8"), "{}", spec.name);
        }
    }

    #[test]
    fn the_documented_text_names_are_known() {
        let extensions = "txt md csv json xml yaml yml toml ini conf cfg env log html htm css scss less js jsx \
            ts tsx vue svelte py go rs java kt scala c cpp cc h hpp rb php swift r lua pl sh bash zsh fish ps1 \
            sql graphql gql proto dockerfile makefile gitignore editorconfig eslintrc prettierrc tex rst adoc \
            org svg";
        for extension in extensions.split_whitespace() {
            for name in [format!("a.{extension}"), format!(".{extension}")] {
                let claim = claim(&name).expect(&name);
                assert_eq!(claim.format.spec().family, Family::Text, "{name}");
            }
        }
        for name in
            "Dockerfile Makefile Gemfile Rakefile Procfile Vagrantfile Justfile Brewfile LICENSE README \
            CHANGELOG .gitignore .editorconfig .eslintrc .prettierrc .env .dockerignore .bashrc .env.local \
            prod.env Dockerfile.prod README.nl"
                .split_whitespace()
        {
            let claim = claim(name).expect(name);
            assert_eq!(claim.format.spec().family, Family::Text, "{name}");
        }
    }

    #[test]
    fn names_claim_by_the_last_extension_whatever_the_case() {
        let format = |name| claim(name).map(|claim| claim.format);
        assert_eq!(format("Report.DOCX"), Some(Format::Docx));
        assert_eq!(format("a/b.c/Report (1).docx "), Some(Format::Docx));
        assert_eq!(format("a.tar.gz"), Some(Format::Gzip));
        assert_eq!(format("a.docx.bak"), None);
        assert_eq!(format("noextension"), None);
        assert_eq!(format(""), None);
        assert_eq!(format("."), None);
        assert_eq!(format("..."), None);
        assert_eq!(format("ä.é"), None);
        assert_eq!(claim("a.ts").unwrap().media_type, "text/x-typescript");
        assert_eq!(claim("a.org").unwrap().media_type, "text/org");
        assert_eq!(claimed_media_type("a.swf"), Some("application/x-shockwave-flash"));
    }
}
