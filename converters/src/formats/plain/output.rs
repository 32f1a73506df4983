//! Where decoded text goes: straight on, or through a rewriter where it is a table whose dialect or size has to change.

use crate::csv::{Form, Pieces, Rewriter, SAMPLE_BYTES, sniff};
use crate::options::CsvDialect;
use crate::warning::{Warning, WarningCode};
use crate::{ConvertError, Meter, Options, PartKind, Result, Sink};

/// What a byte of input can become at most: three of UTF-8, and four times as many where each needs quotes.
const MAX_GROWTH: u64 = 12;

/// How a table is written.
#[derive(Debug, Clone, Copy)]
struct Plan {
    /// What stands between fields by the name of the file.
    separator: u8,
    form: Form,
    /// The largest size of a part, unless the whole is smaller anyhow.
    max: Option<u64>,
}

enum Stage<'a> {
    Straight(&'a mut dyn Sink),
    /// The beginning of a table is looked at before anything is written.
    Sampling(Vec<u8>, Plan, &'a mut dyn Sink),
    Rewritten(Box<Rewriter<'a>>, Plan),
}

/// The way of decoded text into the sink.
pub(super) struct Output<'a> {
    meter: &'a Meter,
    /// Empty only while it changes.
    stage: Option<Stage<'a>>,
    warning: Option<Warning>,
}

impl<'a> Output<'a> {
    /// Hands text on as it is.
    pub(super) fn straight(meter: &'a Meter, sink: &'a mut dyn Sink) -> Result<Self> {
        sink.begin_part(None, PartKind::PlainText).map_err(ConvertError::Sink)?;
        Ok(Self { meter, stage: Some(Stage::Straight(sink)), warning: None })
    }

    /// Takes a table from an input of so many bytes, with this separator by its name.
    pub(super) fn table(
        separator: u8,
        input_bytes: u64,
        options: &Options,
        (meter, sink): (&'a Meter, &'a mut dyn Sink),
    ) -> Self {
        let form = match options.csv_dialect {
            CsvDialect::Keep => Form::Kept,
            CsvDialect::Rfc4180 => Form::Rfc4180 { guard: options.csv_guard },
        };
        let max = options.max_csv_bytes.filter(|max| input_bytes.saturating_mul(MAX_GROWTH) > *max);
        let stage = Stage::Sampling(Vec::new(), Plan { separator, form, max }, sink);
        Self { meter, stage: Some(stage), warning: None }
    }

    pub(super) fn take(&mut self, text: &[u8]) -> Result<()> {
        let is_full = match &mut self.stage {
            Some(Stage::Straight(sink)) => return self.meter.write(*sink, text),
            Some(Stage::Rewritten(rewriter, _)) => return rewriter.take(text),
            Some(Stage::Sampling(sample, ..)) => {
                sample.extend_from_slice(text);
                sample.len() >= SAMPLE_BYTES
            }
            None => false,
        };
        if is_full { self.decide() } else { Ok(()) }
    }

    /// Ends the sample.
    fn decide(&mut self) -> Result<()> {
        let (sample, plan, sink) = match self.stage.take() {
            Some(Stage::Sampling(sample, plan, sink)) => (sample, plan, sink),
            other => {
                self.stage = other;
                return Ok(());
            }
        };
        let looked_at = sample.get(..SAMPLE_BYTES).unwrap_or(&sample);
        let dialect = sniff(looked_at, sample.len() < SAMPLE_BYTES, plan.separator);
        if plan.form == Form::Kept {
            self.warning = dialect.warning(plan.separator);
            if plan.max.is_none() {
                *self = Self { warning: self.warning.take(), ..Self::straight(self.meter, sink)? };
                return if sample.is_empty() { Ok(()) } else { self.take(&sample) };
            }
        }
        // The name of a table that is no longer what its name says gets another extension.
        let is_renamed = plan.form != Form::Kept && plan.separator != b',';
        let kind = if is_renamed { PartKind::Csv } else { PartKind::PlainText };
        let pieces = Pieces::new((None, kind), plan.max, self.meter, sink);
        let mut rewriter = Box::new(Rewriter::new(dialect, plan.form, pieces));
        let (line, rows) = sample.split_at(dialect.separator_line.min(sample.len()));
        rewriter.separator_line(line);
        rewriter.take(rows)?;
        self.stage = Some(Stage::Rewritten(rewriter, plan));
        Ok(())
    }

    /// Ends the text, warns of what became of a table, and gives the sink back.
    pub(super) fn finish(mut self) -> Result<&'a mut dyn Sink> {
        self.decide()?;
        let sink = match self.stage {
            Some(Stage::Rewritten(rewriter, plan)) => finish_table(*rewriter, plan)?,
            Some(Stage::Straight(sink) | Stage::Sampling(_, _, sink)) => sink,
            None => return Err(ConvertError::NoText),
        };
        if let Some(warning) = self.warning {
            sink.warn(warning);
        }
        Ok(sink)
    }
}

fn finish_table(rewriter: Rewriter<'_>, plan: Plan) -> Result<&mut dyn Sink> {
    let (sink, findings) = rewriter.finish()?;
    let (formula, message) = match plan.form {
        Form::Rfc4180 { guard: true } => {
            (WarningCode::CsvGuarded, "cells that begin like a formula got an apostrophe")
        }
        _ => (WarningCode::FormulaLike, "cells begin like a formula"),
    };
    for (code, count, message) in [
        (WarningCode::CsvRewritten, findings.changed_rows, "rows were rewritten by RFC 4180"),
        (WarningCode::CsvQuotes, findings.stray_quotes, "quotes that cannot quote are part of the text"),
        (formula, findings.formula_like, message),
    ] {
        if count > 0 {
            sink.warn(Warning::new(code, count, message));
        }
    }
    Ok(sink)
}
