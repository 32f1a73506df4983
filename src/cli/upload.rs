//! Flags that say what travels with the files and how they are handed over.

use std::num::NonZeroUsize;

use clap::Args;
use serde_json::{Map, Value as Json};

use super::{BudgetArgs, PaceArgs, ReuseArgs, UsageError, value};
use crate::config::{Overrides, Size, Span};

/// What travels with the files.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Upload")]
pub struct UploadArgs {
    /// What the files are for, where the target asks
    #[arg(long, value_name = "PURPOSE")]
    pub purpose: Option<String>,
    /// Attach metadata, where the target takes it; @FILE is a JSON object
    #[arg(long, value_name = "KEY=VALUE|@FILE")]
    pub metadata: Vec<String>,
    /// How long the target should keep the files, such as 30d
    #[arg(long, value_name = "TIME", value_parser = value::<Span>)]
    pub expires_in: Option<Span>,
    /// Uploads at a time, at most 256 [default: 4]
    #[arg(long, value_name = "N", value_parser = value::<NonZeroUsize>)]
    pub concurrency: Option<NonZeroUsize>,
    /// Inputs of a batch [default: 100]
    #[arg(long, value_name = "N", value_parser = value::<u64>, hide_short_help = true)]
    pub batch_files: Option<u64>,
    /// Bytes of a batch [default: 256MiB]
    #[arg(long, value_name = "SIZE", value_parser = value::<Size>, hide_short_help = true)]
    pub batch_bytes: Option<Size>,
    /// What is not sent again.
    #[command(flatten)]
    pub reuse: ReuseArgs,
    /// How failures are met, and how fast it goes.
    #[command(flatten)]
    pub pace: PaceArgs,
    /// How much a run may take.
    #[command(flatten)]
    pub budgets: BudgetArgs,
}

impl UploadArgs {
    pub(super) fn lay(&self, overrides: &mut Overrides) -> Result<(), UsageError> {
        overrides.extra.purpose.clone_from(&self.purpose);
        overrides.extra.expires_in = self.expires_in.map(|span| span.0);
        overrides.extra.metadata = metadata(&self.metadata)?;
        overrides.layer.concurrency = self.concurrency;
        overrides.layer.batch_files = self.batch_files;
        overrides.layer.batch_bytes = self.batch_bytes;
        self.reuse.lay(overrides);
        self.pace.lay(overrides);
        self.budgets.lay(overrides);
        Ok(())
    }
}

/// Makes one object of all that was given; a later key wins.
fn metadata(given: &[String]) -> Result<Option<Json>, UsageError> {
    let mut all = Map::new();
    for text in given {
        if let Some(path) = text.strip_prefix('@') {
            all.append(&mut read_object(path)?);
        } else if let Some((key, value)) = text.split_once('=').filter(|(key, _)| !key.is_empty()) {
            all.insert(key.to_owned(), Json::from(value));
        } else {
            let message = format!("the metadata `{text}` is neither KEY=VALUE nor @FILE");
            return Err(UsageError::new(message));
        }
    }
    Ok((!given.is_empty()).then_some(Json::Object(all)))
}

fn read_object(path: &str) -> Result<Map<String, Json>, UsageError> {
    let bad = |reason: String| UsageError::new(format!("the metadata of `{path}`: {reason}"));
    let text = std::fs::read_to_string(path).map_err(|error| bad(error.to_string()))?;
    match serde_json::from_str(&text) {
        Ok(Json::Object(object)) => Ok(object),
        Ok(_) => Err(bad("it is not a JSON object".to_owned())),
        Err(error) => Err(bad(error.to_string())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn given(texts: &[&str]) -> Vec<String> {
        texts.iter().map(|text| (*text).to_owned()).collect()
    }

    #[test]
    fn metadata_adds_up_and_a_later_key_wins() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("m.json");
        std::fs::write(&path, r#"{"a": 1, "b": [2]}"#).unwrap();
        let file = format!("@{}", path.display());
        let made = metadata(&given(&["a=x=y", &file, "b="])).unwrap();
        assert_eq!(made, Some(serde_json::json!({"a": 1, "b": ""})));
        assert_eq!(metadata(&[]).unwrap(), None);
    }

    #[test]
    fn metadata_that_is_no_object_is_refused() {
        let error = metadata(&given(&["=x"])).unwrap_err();
        assert_eq!(error.to_string(), "the metadata `=x` is neither KEY=VALUE nor @FILE");
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("m.json");
        std::fs::write(&path, "[1]").unwrap();
        let error = metadata(&given(&[&format!("@{}", path.display())])).unwrap_err();
        assert!(error.to_string().ends_with("it is not a JSON object"), "{error}");
    }
}
