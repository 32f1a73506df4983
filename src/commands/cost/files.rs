//! What is estimated: what inputs would become, or what a manifest says is stored.

use std::collections::{BTreeMap, HashSet};
use std::path::Path;

use crate::cli::{CostArgs, UsageError};
use crate::commands::message::pixels;
use crate::commands::message::stored::{self, Stored};
use crate::commands::run::{builder, inputs, with_name};
use crate::commands::{CommandError, Context};
use crate::config::Settings;
use crate::model::entry::Entry;
use crate::model::prices::Price;
use crate::model::upload_key::key_name;
use crate::model::{Block, MediaType, Place};
use crate::pipeline::{Inspection, Verdict};
use crate::report::cost::FileTokens;
use crate::stages::estimate::{self, Known};

/// The most files that one message is estimated with; more fit into none.
const MAX_FILES: usize = 400_000;

/// What there is to estimate.
#[derive(Debug, Default)]
pub(super) struct Found {
    pub(super) files: Vec<FileTokens>,
    /// The same files as a manifest has them; empty for inputs.
    pub(super) stored: Vec<Stored>,
    /// The targets that store them, by name; none for inputs.
    pub(super) targets: Vec<String>,
    /// What was left out.
    pub(super) notes: Vec<String>,
    /// Whether the user stopped it.
    pub(super) interrupted: bool,
}

/// Estimates the stored files of a manifest.
pub(super) fn of_manifest(path: &Path, price: &Price) -> Result<Found, CommandError> {
    let read = stored::read(path)?;
    let mut found = Found { notes: read.left_out_notes(), targets: read.targets.clone(), ..Found::default() };
    for file in read.files {
        let pixels = if file.block == Block::Image { pixels(&file) } else { None };
        let known = Known { pixels, pages: file.pages, is_dense: file.is_dense };
        found.files.push(FileTokens {
            path: file.title.clone(),
            file_id: Some(file.file_id.clone()),
            estimate: estimate(&file.media_type, file.size_bytes, &known, price),
            media_type: file.media_type.clone(),
            size_bytes: file.size_bytes,
            place: Place::of(file.consumer, &file.media_type),
        });
        found.stored.push(file);
    }
    Ok(found)
}

/// Estimates what inputs would become: they are converted for it, and the outputs thrown away. Equal payloads are one
/// file, as they are when they are uploaded.
pub(super) fn of_inputs(
    args: &CostArgs,
    settings: &Settings,
    price: &Price,
    context: &mut Context<'_>,
) -> Result<Found, CommandError> {
    let inputs = inputs(&args.judged.inputs)?;
    let described = builder(settings, inputs.clone(), context)?.check(settings.judge.clone());
    let pipeline = with_name(described, args.judged.admission.name.as_ref(), &inputs)?.build()?;
    let mut found = Found::default();
    let mut left_out: BTreeMap<&'static str, u64> = BTreeMap::new();
    let (mut seen, mut equal) = (HashSet::new(), 0u64);
    let report = pipeline.inspect(Inspection::Admit, |verdict| -> Result<(), CommandError> {
        let (entry, known) = match verdict {
            Verdict::Passes { entry, known, .. } => (entry, known),
            Verdict::Stays(entry) => {
                *left_out.entry(entry.status.as_str()).or_default() += 1;
                return Ok(());
            }
        };
        let Some(file) = file(entry, known, settings, price) else { return Ok(()) };
        let key = entry.output.as_ref().map(|output| {
            let name = key_name(&output.file_name, settings.engine.dedupe).to_owned();
            (output.sha256, name, output.media_type.clone())
        });
        if !seen.insert(key) {
            equal += 1;
            return Ok(());
        }
        found.files.push(file);
        match found.files.len() > MAX_FILES {
            true => Err(UsageError::new(format!("more than {MAX_FILES} files fit into no message")).into()),
            false => Ok(()),
        }
    })?;
    found.interrupted = report.left_undone > 0;
    found.notes.extend(left_out.iter().map(|(status, n)| format!("left out: {n} that are {status}")));
    if equal > 0 {
        found.notes.push(format!("left out: {equal} that are the same file as another"));
    }
    Ok(found)
}

fn file(entry: &Entry, known: &Known, settings: &Settings, price: &Price) -> Option<FileTokens> {
    let output = entry.output.as_ref()?;
    let path = &entry.source.path;
    Some(FileTokens {
        path: match &output.part_label {
            Some(label) => format!("{path} ({label})"),
            None => path.clone(),
        },
        file_id: None,
        place: Place::of(settings.consumer, &output.media_type),
        estimate: estimate(&output.media_type, output.size_bytes, known, price),
        media_type: output.media_type.clone(),
        size_bytes: output.size_bytes,
    })
}

fn estimate(media_type: &str, size_bytes: u64, known: &Known, price: &Price) -> estimate::Estimate {
    // A manifest may say anything; what is no media type is bytes.
    let media_type = media_type.parse::<MediaType>().unwrap_or(MediaType::OCTET_STREAM);
    estimate::tokens(&media_type, size_bytes, known, Some(price))
}
