//! Flags that say how documents are converted, and what is let out under which name.

use std::num::NonZeroUsize;

use clap::Args;
use docferry_converters::options::{
    CellValues, Comments, CsvDialect, Formulas, HiddenContent, MergedCells, Newlines, TextForm, TrackChanges,
};

use super::{JobsArgs, choice, on, value};
use crate::config::{Auto, CharsetLabel, Overrides, Size};
use crate::model::file_name::BadFileName;
use crate::model::{Consumer, ConvertMode, ConvertTo, FileName, Isolate, Misnamed, NameStyle, SecretsRule};

/// How documents are converted.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Conversion")]
pub struct ConversionArgs {
    /// Convert documents to text (Markdown, CSV) or by LibreOffice to PDF [default: text]
    #[arg(long, value_name = "WHAT", value_parser = choice::<ConvertTo>())]
    pub to: Option<ConvertTo>,
    /// Write spreadsheet cells in kind with all digits, as they show, or as they are stored [default: canonical]
    #[arg(long, value_name = "HOW", value_parser = choice::<CellValues>())]
    pub cell_values: Option<CellValues>,
    /// Write the value of a formula or its text [default: values]
    #[arg(long, value_name = "WHAT", value_parser = choice::<Formulas>())]
    pub formulas: Option<Formulas>,
    /// Write documents as Markdown or as plain text [default: markdown]
    #[arg(long, value_name = "FORM", value_parser = choice::<TextForm>())]
    pub text: Option<TextForm>,
    /// Write tracked changes as accepted, as rejected, or both states [default: accept]
    #[arg(long, value_name = "WHAT", value_parser = choice::<TrackChanges>())]
    pub track_changes: Option<TrackChanges>,
    /// Keep comments or drop them; auto keeps those of documents, drops those of sheets [default: auto]
    #[arg(long, value_name = "WHAT", value_parser = choice::<Comments>())]
    pub comments: Option<Comments>,
    /// Leave the cells that a merged cell covers empty, repeat its value, or write HTML [default: empty]
    #[arg(long, value_name = "HOW", value_parser = choice::<MergedCells>())]
    pub merged_cells: Option<MergedCells>,
    /// Put title, author and dates of a document before its Markdown
    #[arg(long)]
    pub front_matter: bool,
    /// Take hidden sheets, rows, columns, slides and text, or leave them out [default: include]
    #[arg(long, value_name = "WHAT", value_parser = choice::<HiddenContent>())]
    pub hidden_content: Option<HiddenContent>,
    /// Keep line ends of text or make them LF [default: keep]
    #[arg(long, value_name = "WHAT", value_parser = choice::<Newlines>())]
    pub newlines: Option<Newlines>,
    /// Defuse CSV cells that begin like a formula with an apostrophe
    #[arg(long)]
    pub csv_guard: bool,
    /// Keep the separators of delimited text or rewrite them by RFC 4180 [default: keep]
    #[arg(long, value_name = "DIALECT", value_parser = choice::<CsvDialect>())]
    pub csv_dialect: Option<CsvDialect>,
    /// Split a longer CSV between rows and repeat its first row [default: what the target takes]
    #[arg(long, value_name = "SIZE", value_parser = value::<Size>)]
    pub max_csv_size: Option<Size>,
    /// Split a PDF of more pages into pieces of so many
    #[arg(long, value_name = "PAGES", value_parser = value::<NonZeroUsize>)]
    pub split_pdf: Option<NonZeroUsize>,
    /// Decode text with this charset instead of finding one
    #[arg(long, value_name = "LABEL", value_parser = value::<CharsetLabel>)]
    pub charset: Option<CharsetLabel>,
    /// Decode text with this charset where there is too little of it to tell
    #[arg(long, value_name = "LABEL", value_parser = value::<CharsetLabel>)]
    pub default_charset: Option<CharsetLabel>,
    /// Convert in processes of their own what needs it, everything, or nothing [default: auto]
    #[arg(long, value_name = "WHAT", value_parser = choice::<Isolate>(), hide_short_help = true)]
    pub isolate: Option<Isolate>,
    /// Reject a file whose content is not what its name claims, or go by content [default: reject]
    #[arg(long, value_name = "WHAT", value_parser = choice::<Misnamed>())]
    pub misnamed: Option<Misnamed>,
    /// Threads.
    #[command(flatten)]
    pub jobs: JobsArgs,
}

impl ConversionArgs {
    pub(super) fn lay(&self, overrides: &mut Overrides) {
        self.jobs.lay(overrides);
        let layer = &mut overrides.layer;
        layer.cell_values = self.cell_values;
        layer.hidden_content = self.hidden_content;
        layer.newlines = self.newlines;
        layer.csv_guard = on(self.csv_guard);
        layer.csv_dialect = self.csv_dialect;
        layer.max_csv_size = self.max_csv_size.map(|size| Auto(Some(size)));
        layer.split_pdf = self.split_pdf.map(|pages| Auto(Some(pages)));
        layer.formulas = self.formulas;
        layer.text = self.text;
        layer.track_changes = self.track_changes;
        layer.comments = self.comments;
        layer.merged_cells = self.merged_cells;
        layer.front_matter = on(self.front_matter);
        layer.charset = self.charset.clone().map(|label| Auto(Some(label)));
        layer.default_charset = self.default_charset.clone().map(|label| Auto(Some(label)));
        layer.to = self.to;
        layer.isolate = self.isolate;
        layer.misnamed = self.misnamed;
    }
}

/// What is let out, and under which name.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Admission")]
pub struct AdmissionArgs {
    /// What the platform will do with the files [default: messages, or what the target has]
    #[arg(long = "for", value_name = "CONSUMER", value_parser = choice::<Consumer>())]
    pub consumer: Option<Consumer>,
    /// Judge by the rules of another target, for the local store
    #[arg(long = "as", value_name = "NAME")]
    pub accept_as: Option<String>,
    /// Convert what the target does not take, all that has a converter, or nothing [default: auto]
    #[arg(long, value_name = "WHEN", value_parser = choice::<ConvertMode>())]
    pub convert: Option<ConvertMode>,
    /// What happens to files that look like secrets [default: refuse]
    #[arg(long, value_name = "RULE", value_parser = choice::<SecretsRule>())]
    pub secrets: Option<SecretsRule>,
    /// The same as --secrets allow
    #[arg(long, conflicts_with = "secrets")]
    pub allow_secrets: bool,
    /// Send the file's own name or the path below its root [default: base]
    #[arg(long, value_name = "STYLE", value_parser = choice::<NameStyle>())]
    pub name_style: Option<NameStyle>,
    /// The name to send, for a single input
    #[arg(long, value_name = "NAME", value_parser = file_name, conflicts_with = "name_style")]
    pub name: Option<FileName>,
}

fn file_name(text: &str) -> Result<FileName, BadFileName> {
    FileName::parse(text)
}

impl AdmissionArgs {
    pub(super) fn lay(&self, overrides: &mut Overrides) {
        overrides.accept_as.clone_from(&self.accept_as);
        let layer = &mut overrides.layer;
        layer.consumer = self.consumer.map(|consumer| Auto(Some(consumer)));
        layer.convert = self.convert;
        layer.secrets = if self.allow_secrets { Some(SecretsRule::Allow) } else { self.secrets };
        layer.name_style = self.name_style;
    }
}
