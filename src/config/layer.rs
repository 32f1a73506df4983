//! THE TABLE of settings: each key once, with its type and default. Files, variables and flags are layers over the
//! defaults, and what lies on top wins.
//!
//! A key of a limit is its flag with underscores (`limits.max_ratio`, `--max-ratio`), so that the message that names
//! the flag also names the key.

use std::collections::BTreeMap;
use std::fmt;
use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::time::Duration;

use docferry_converters::options::{
    CellValues, Comments, CsvDialect, Formulas, HiddenContent, MergedCells, Newlines, TextForm, TrackChanges,
};
use serde::Deserialize;

use super::budgets::BudgetsLayer;
use super::engine::UploadLayer;
use super::environment::Environment;
use super::error::ConfigError;
use super::prune::PruneLayer;
use super::target::TargetDefinition;
use super::value::{self, Auto, CharsetLabel, Items, Size, Span, Value};
use crate::model::{Consumer, ConvertMode, ConvertTo, Isolate, Misnamed, NameStyle, SecretsRule};

/// Where a value came from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origin {
    /// Nobody chose it.
    Default,
    /// The user's configuration file.
    User(PathBuf),
    /// A project's configuration file.
    Project(PathBuf),
    /// A variable of the environment.
    Variable(String),
    /// A file that the command line names.
    File(PathBuf),
    /// A login of the vendor's own command line tool.
    Login {
        /// The name of its profile.
        profile: String,
        /// The folder that holds it.
        folder: PathBuf,
    },
    /// The command line.
    Flag,
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Default => f.write_str("default"),
            Self::User(path) | Self::Project(path) | Self::File(path) => write!(f, "{}", path.display()),
            Self::Login { profile, folder } => write!(f, "profile {profile} of {}", folder.display()),
            Self::Variable(name) => write!(f, "${name}"),
            Self::Flag => f.write_str("flag"),
        }
    }
}

/// The origins of values that are not defaults, by key.
pub(super) type Origins = BTreeMap<&'static str, Origin>;

macro_rules! settings {
    (
        $(#[doc = $layer_doc:literal])+ $layer:ident,
        $(#[doc = $values_doc:literal])+ $values:ident, $prefix:literal, $variable:literal;
        $($(#[doc = $doc:literal])+ $key:ident: $type:ty = $default:expr;)+
        $(with { $($(#[doc = $sub_doc:literal])+ $sub:ident: $sub_type:ty;)+ })?
    ) => {
        $(#[doc = $layer_doc])+
        #[derive(Debug, Clone, Default, Deserialize)]
        #[serde(deny_unknown_fields, default)]
        pub struct $layer {
            $($(#[doc = $doc])+ #[serde(deserialize_with = "value::optional")] pub $key: Option<$type>,)+
            $($($(#[doc = $sub_doc])+ pub $sub: $sub_type,)+)?
        }

        $(#[doc = $values_doc])+
        #[derive(Debug, Clone, PartialEq)]
        pub(super) struct $values {
            $(pub(super) $key: $type,)+
        }

        impl Default for $values {
            fn default() -> Self {
                Self { $($key: $default,)+ }
            }
        }

        impl $values {
            /// Takes what a layer says.
            pub(super) fn lay(&mut self, layer: &$layer, origin: &Origin, origins: &mut Origins) {
                $(if let Some(value) = &layer.$key {
                    self.$key.clone_from(value);
                    origins.insert(concat!($prefix, stringify!($key)), origin.clone());
                })+
            }

            /// Returns keys and values for people.
            pub(super) fn show(&self) -> Vec<(&'static str, String)> {
                vec![$((concat!($prefix, stringify!($key)), self.$key.show()),)+]
            }
        }

        impl $layer {
            /// Takes the variables that are set, and tells which one gave which key.
            pub(super) fn take_variables(&mut self, environment: &Environment, origins: &mut Origins)
                -> Result<(), ConfigError>
            {
                $({
                    let name = concat!($variable, stringify!($key)).to_ascii_uppercase();
                    if let Some(text) = environment.var(&name) {
                        let value = Value::parse(text)
                            .map_err(|source| ConfigError::Variable { name: name.clone(), source })?;
                        self.$key = Some(value);
                        origins.insert(concat!($prefix, stringify!($key)), Origin::Variable(name));
                    }
                })+
                Ok(())
            }
        }
    };
}

pub(super) use settings;

settings! {
    /// What a file, the environment or the command line says; nothing is required.
    Layer,
    /// The settings in force.
    Values, "", "docferry_";
    /// Where files go.
    target: String = "local".to_owned();
    /// What the platform will do with the files.
    consumer: Auto<Consumer> = Auto(None);
    /// When documents are converted.
    convert: ConvertMode = ConvertMode::Auto;
    /// What documents become.
    to: ConvertTo = ConvertTo::Text;
    /// What happens to hidden sheets, rows, columns, slides and text.
    hidden_content: HiddenContent = HiddenContent::default();
    /// How spreadsheet cells are written.
    cell_values: CellValues = CellValues::default();
    /// What stands in the cell of a formula.
    formulas: Formulas = Formulas::default();
    /// What text documents and presentations become.
    text: TextForm = TextForm::default();
    /// Which state of a document with tracked changes is written.
    track_changes: TrackChanges = TrackChanges::default();
    /// What happens to comments.
    comments: Comments = Comments::default();
    /// What the cells that a merged cell covers hold.
    merged_cells: MergedCells = MergedCells::default();
    /// Whether a document's properties stand before its Markdown.
    front_matter: bool = false;
    /// What happens to line ends of text.
    newlines: Newlines = Newlines::default();
    /// Whether cells that begin like a formula are defused.
    csv_guard: bool = false;
    /// What happens to the dialect of delimited text.
    csv_dialect: CsvDialect = CsvDialect::default();
    /// The largest CSV part.
    max_csv_size: Auto<Size> = Auto(None);
    /// The most pages of a PDF that is not split.
    split_pdf: Auto<NonZeroUsize> = Auto(None);
    /// The charset to decode text with.
    charset: Auto<CharsetLabel> = Auto(None);
    /// The charset to decode text with where there is too little of it to tell.
    default_charset: Auto<CharsetLabel> = Auto(None);
    /// Which converters run in a process of their own.
    isolate: Isolate = Isolate::Auto;
    /// What happens to files that look like secrets.
    secrets: SecretsRule = SecretsRule::Refuse;
    /// What happens to a file whose content is not what its name claims.
    misnamed: Misnamed = Misnamed::Reject;
    /// What the names that are sent are made of.
    name_style: NameStyle = NameStyle::Base;
    /// Uploads at a time.
    concurrency: NonZeroUsize = NonZeroUsize::MIN.saturating_add(3);
    /// Threads that read and convert.
    jobs: Auto<NonZeroUsize> = Auto(None);
    /// Inputs of a batch.
    batch_files: u64 = 100;
    /// Bytes of a batch.
    batch_bytes: Size = Size(256 << 20);
    /// Whether a run without any input is a success.
    allow_empty: bool = false;
    /// The folder of the local store.
    store: PathBuf = PathBuf::from(".docferry/store");
    /// The folder of the ledger.
    state_dir: Auto<PathBuf> = Auto(None);
    /// The manifest; `-` is standard output.
    manifest: PathBuf = PathBuf::from("docferry.manifest.jsonl");
    /// A file of root certificates in PEM to trust besides the system's.
    ca_file: Auto<PathBuf> = Auto(None);
    /// A file of prices to estimate by instead of the built-in ones.
    prices: Auto<PathBuf> = Auto(None);
    /// Hosts that a project's configuration may name.
    trusted_hosts: Items = Items::default();
    with {
        /// What is found below a folder.
        discover: DiscoverLayer;
        /// Bounds of conversions.
        limits: LimitsLayer;
        /// How files are uploaded.
        upload: UploadLayer;
        /// How much may be taken.
        budgets: BudgetsLayer;
        /// What is deleted at a target.
        prune: PruneLayer;
        /// Targets besides the built-in ones.
        targets: BTreeMap<String, TargetDefinition>;
    }
}

settings! {
    /// What a layer says of discovery.
    DiscoverLayer,
    /// The settings of discovery in force.
    DiscoverValues, "discover.", "docferry_discover_";
    /// Whether names that begin with a dot are inputs.
    hidden: bool = false;
    /// Whether symbolic links inside a root are followed.
    follow: bool = false;
    /// Whether git's ignore files are read.
    gitignore: bool = false;
    /// Whether globs and ignore files hold for named files, too.
    force_exclude: bool = false;
    /// Globs one of which an input must match.
    include: Items = Items::default();
    /// Globs that an input must not match; the layers add up.
    exclude: Items = Items::default();
}

settings! {
    /// What a layer says of limits.
    LimitsLayer,
    /// The limits in force.
    LimitValues, "limits.", "docferry_limits_";
    /// The largest document that is converted.
    max_convert_size: Size = Size(512 << 20);
    /// The longest time of one conversion.
    convert_timeout: Span = Span(Duration::from_secs(120));
    /// Memory that a process that converts may reserve.
    worker_memory: Size = Size(crate::worker::MEMORY_BYTES);
    /// Entries of a ZIP package.
    max_zip_entries: u64 = built_in().max_entries;
    /// Inflated bytes of one part.
    max_part_size: Size = Size(built_in().max_part_bytes);
    /// Inflated bytes of all parts.
    max_inflated_size: Size = Size(built_in().max_inflated_bytes);
    /// Inflated bytes for each compressed byte.
    max_ratio: u64 = built_in().max_ratio;
    /// Nesting of XML elements.
    max_xml_depth: u64 = built_in().max_xml_depth;
    /// Attributes of one XML element.
    max_xml_attributes: u64 = built_in().max_xml_attributes;
    /// Bytes of one XML tag.
    max_xml_tag_size: Size = Size(built_in().max_xml_tag_bytes);
    /// Nesting of tables.
    max_table_depth: u64 = built_in().max_table_depth;
    /// Sheets of a workbook.
    max_sheets: u64 = built_in().max_sheets;
    /// Cells of a workbook.
    max_cells: u64 = built_in().max_cells;
    /// Bytes held in memory for look-ups.
    max_resident_size: Size = Size(built_in().max_resident_bytes);
    /// Bytes of all outputs of one input.
    max_output_size: Size = Size(built_in().max_output_bytes);
    /// Output bytes for each input byte.
    max_output_ratio: u64 = built_in().max_output_ratio;
}

fn built_in() -> docferry_converters::Limits {
    docferry_converters::Limits::default()
}

impl Values {
    /// Returns the options of the converters.
    pub(super) fn converter_options(&self) -> docferry_converters::Options {
        let label = |label: &Auto<CharsetLabel>| label.0.clone().map(|label| label.0);
        docferry_converters::Options {
            cell_values: self.cell_values,
            formulas: self.formulas,
            hidden_content: self.hidden_content,
            merged_cells: self.merged_cells,
            comments: self.comments,
            track_changes: self.track_changes,
            text: self.text,
            front_matter: self.front_matter,
            newlines: self.newlines,
            csv_guard: self.csv_guard,
            csv_dialect: self.csv_dialect,
            max_csv_bytes: self.max_csv_size.0.map(|size| size.0),
            split_pdf: self.split_pdf.0,
            charset: label(&self.charset),
            default_charset: label(&self.default_charset),
        }
    }
}

impl LimitValues {
    /// Returns the limits of the converters.
    pub(super) fn converters(&self) -> docferry_converters::Limits {
        docferry_converters::Limits {
            max_entries: self.max_zip_entries,
            max_part_bytes: self.max_part_size.0,
            max_inflated_bytes: self.max_inflated_size.0,
            max_ratio: self.max_ratio,
            max_xml_depth: self.max_xml_depth,
            max_xml_attributes: self.max_xml_attributes,
            max_xml_tag_bytes: self.max_xml_tag_size.0,
            max_table_depth: self.max_table_depth,
            max_sheets: self.max_sheets,
            max_cells: self.max_cells,
            max_resident_bytes: self.max_resident_size.0,
            max_output_bytes: self.max_output_size.0,
            max_output_ratio: self.max_output_ratio,
            ..built_in()
        }
    }
}
