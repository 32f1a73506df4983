//! What a project's file may say. It is part of a repository that the user may not have written, so it can tighten
//! limits and policy, never loosen them.
//!
//! A looser value is an error and not ignored: a project whose documents need it must tell its users so.

use std::path::Path;

use docferry_converters::options::{Comments, HiddenContent, TrackChanges};

use super::Stack;
use super::engine;
use super::error::ConfigError;
use super::layer::{DiscoverLayer, DiscoverValues, Layer, LimitValues, LimitsLayer, Origins, Values};
use super::prune;
use super::value::Value;
use crate::model::{ConvertTo, Isolate, Misnamed, SecretsRule};

/// Refuses what a project's file says beyond its rights. `below` is in force without it; `above` are the keys that
/// variables and flags decide anyway, whatever the project says.
pub(super) fn check(layer: &Layer, below: &Stack, path: &Path, above: &Origins) -> Result<(), ConfigError> {
    let rule = Rule { path, above };
    let values = &below.values;
    rule.user_only("store", layer.store.is_some())?;
    rule.user_only("state_dir", layer.state_dir.is_some())?;
    rule.user_only("manifest", layer.manifest.is_some())?;
    rule.user_only("ca_file", layer.ca_file.is_some())?;
    rule.user_only("prices", layer.prices.is_some())?;
    rule.user_only("trusted_hosts", layer.trusted_hosts.is_some())?;
    rule.tightens("secrets", layer.secrets, values.secrets, |value| match value {
        SecretsRule::Refuse => 0,
        SecretsRule::Warn => 1,
        SecretsRule::Allow => 2,
    })?;
    rule.tightens("misnamed", layer.misnamed, values.misnamed, |value| match value {
        Misnamed::Reject => 0,
        Misnamed::ByContent => 1,
    })?;
    rule.tightens("isolate", layer.isolate, values.isolate, |value| match value {
        Isolate::Always => 0,
        Isolate::Auto => 1,
        Isolate::Never => 2,
    })?;
    // LibreOffice is a program that hostile documents have broken.
    rule.tightens("to", layer.to, values.to, |value| match value {
        ConvertTo::Text => 0,
        ConvertTo::Pdf => 1,
    })?;
    check_let_out(&rule, layer, values)?;
    check_discover(&rule, &layer.discover, &below.discover)?;
    check_limits(&rule, &layer.limits, &below.limits)?;
    prune::check(&rule, &layer.prune)?;
    engine::check(&rule, &layer.upload, &below.upload)
}

/// Refuses to let out more of a document than without the project.
fn check_let_out(rule: &Rule<'_>, layer: &Layer, values: &Values) -> Result<(), ConfigError> {
    rule.tightens("hidden_content", layer.hidden_content, values.hidden_content, |value| match value {
        HiddenContent::Exclude => 0,
        HiddenContent::Include => 1,
    })?;
    rule.tightens("comments", layer.comments, values.comments, |value| match value {
        Comments::Drop => 0,
        Comments::Auto => 1,
        Comments::Keep => 2,
    })?;
    // Each state hides what the other shows; only one of them is less than both.
    let shown = values.track_changes;
    rule.tightens("track_changes", layer.track_changes, shown, |value| {
        value != shown && shown != TrackChanges::All
    })?;
    // It names authors.
    rule.tightens("front_matter", layer.front_matter, values.front_matter, u64::from)?;
    rule.tightens("csv_guard", layer.csv_guard, values.csv_guard, |on| u64::from(!on))
}

/// Refuses to find more than without the project; include and exclude are free, they only narrow.
fn check_discover(
    rule: &Rule<'_>,
    layer: &DiscoverLayer,
    values: &DiscoverValues,
) -> Result<(), ConfigError> {
    rule.tightens("discover.hidden", layer.hidden, values.hidden, u64::from)?;
    rule.tightens("discover.follow", layer.follow, values.follow, u64::from)?;
    rule.tightens("discover.gitignore", layer.gitignore, values.gitignore, |on| u64::from(!on))?;
    rule.tightens("discover.force_exclude", layer.force_exclude, values.force_exclude, |on| u64::from(!on))
}

fn check_limits(rule: &Rule<'_>, layer: &LimitsLayer, values: &LimitValues) -> Result<(), ConfigError> {
    macro_rules! at_most {
        ($($key:ident)+) => {$(
            rule.tightens(concat!("limits.", stringify!($key)), layer.$key, values.$key, |value| value)?;
        )+};
    }
    at_most!(max_convert_size convert_timeout max_zip_entries max_part_size max_inflated_size max_ratio);
    at_most!(max_xml_depth max_xml_attributes max_xml_tag_size max_table_depth max_sheets max_cells);
    at_most!(worker_memory max_resident_size max_output_size max_output_ratio);
    Ok(())
}

pub(super) struct Rule<'a> {
    path: &'a Path,
    above: &'a Origins,
}

impl Rule<'_> {
    pub(super) fn user_only(&self, key: &str, is_set: bool) -> Result<(), ConfigError> {
        match is_set {
            true => Err(ConfigError::UserOnly { path: self.path.to_owned(), key: key.to_owned() }),
            false => Ok(()),
        }
    }

    /// Refuses a value that `looseness` puts above the one in force.
    pub(super) fn tightens<T: Value, L: Ord>(
        &self,
        key: &str,
        said: Option<T>,
        in_force: T,
        looseness: impl Fn(T) -> L,
    ) -> Result<(), ConfigError> {
        let Some(said) = said.filter(|_| !self.above.contains_key(key)) else {
            return Ok(());
        };
        let (value, allowed) = (said.show(), in_force.show());
        match looseness(said) > looseness(in_force) {
            true => {
                Err(ConfigError::Loosened { path: self.path.to_owned(), key: key.to_owned(), value, allowed })
            }
            false => Ok(()),
        }
    }
}
