//! `targets`: which targets there are, and what one takes. Needs no key and sends nothing.

use serde::Serialize;

use super::{CommandError, Context};
use crate::cli::{TargetsArgs, TargetsCommand};
use crate::config::{self, KnownTarget, Origin, Overrides};
use crate::exit::ExitStatus;
use crate::model::profile::{AcceptRules, LengthUnit};
use crate::model::{Consumer, Profile};
use crate::report::{human, json};

/// The columns of a description.
const LINE: usize = 100;

/// One row of the list.
#[derive(Debug, Serialize)]
struct Row<'a> {
    name: &'a str,
    title: &'a str,
    consumers: Vec<Consumer>,
    origin: String,
}

/// Prints the list or one target.
pub(super) fn run(args: &TargetsArgs, context: &mut Context<'_>) -> Result<ExitStatus, CommandError> {
    let overrides = Overrides { config: context.general.config.clone(), ..Overrides::default() };
    match &args.command {
        None => list(args.json, &overrides, context),
        Some(TargetsCommand::List { json }) => list(*json || args.json, &overrides, context),
        Some(TargetsCommand::Show { name, json }) => {
            let target = config::target(name, &overrides, context.environment)?;
            let written = match json {
                true => json::line(context.stdout, &target.profile),
                false => context.stdout.write_all(describe(&target).as_bytes()),
            };
            written.map_err(CommandError::Stdout)?;
            Ok(ExitStatus::Success)
        }
    }
}

fn list(as_json: bool, overrides: &Overrides, context: &mut Context<'_>) -> Result<ExitStatus, CommandError> {
    let known = config::targets(overrides, context.environment)?;
    let rows = known.iter().map(|target| Row {
        name: &target.profile.name,
        title: &target.profile.title,
        consumers: consumers(&target.profile),
        origin: origin(target),
    });
    let written = if as_json {
        rows.into_iter().try_for_each(|row| json::line(context.stdout, &row))
    } else {
        let mut table = vec![["NAME", "CONSUMERS", "TITLE"].map(str::to_owned).to_vec()];
        table.extend(rows.map(|row| vec![row.name.to_owned(), names(&row.consumers), row.title.to_owned()]));
        human::table(context.stdout, &table)
    };
    written.map_err(CommandError::Stdout)?;
    Ok(ExitStatus::Success)
}

fn consumers(profile: &Profile) -> Vec<Consumer> {
    profile.consumers().collect()
}

fn names(consumers: &[Consumer]) -> String {
    consumers.iter().map(|consumer| consumer.as_str()).collect::<Vec<_>>().join(", ")
}

/// Returns everything that is known of a target, for people.
fn describe(target: &KnownTarget) -> String {
    let profile = &target.profile;
    let mut text = format!("{}: {}\n", profile.name, profile.title);
    let mut section = |title: &str, rows: Vec<(String, String)>| {
        let width = rows.iter().map(|(key, _)| key.chars().count()).max().unwrap_or(0);
        text.push_str(&format!("\n{title}\n"));
        for (key, value) in rows {
            let mut key = key;
            for line in human::wrap(&value, LINE.saturating_sub(width + 4)) {
                text.push_str(&format!("  {key:width$}  {line}\n"));
                key.clear();
            }
        }
    };
    section("Connection", connection(target));
    section("Limits", limits(profile));
    section("Uploads", fields(profile));
    for rules in &profile.accept {
        section(&format!("Taken for {}", names(&rules.consumers)), accepted(rules));
    }
    let mut topics = Vec::new();
    for fact in &profile.facts {
        topics.push((fact.topic.clone(), fact.text.clone()));
        topics.push((String::new(), format!("({}, {})", fact.source, fact.date)));
    }
    if !topics.is_empty() {
        section("Facts", topics);
    }
    text.lines().fold(String::new(), |all, line| all + &human::printable(line.trim_end()) + "\n")
}

fn connection(target: &KnownTarget) -> Vec<(String, String)> {
    let profile = &target.profile;
    let Some(base_url) = &target.base_url else {
        return vec![("address".to_owned(), "this machine".to_owned())];
    };
    let mut rows = vec![("address".to_owned(), base_url.clone())];
    if let Some(variable) = &profile.base_url_env {
        rows.push(("address variable".to_owned(), variable.clone()));
    }
    rows.push(("API key".to_owned(), or_none(&profile.api_key_env)));
    rows.push(("bearer token".to_owned(), or_none(&profile.auth_token_env)));
    if profile.vendor_login {
        rows.push(("login".to_owned(), "the active profile in ~/.config/anthropic, after these".to_owned()));
    }
    if let Some(variable) = &profile.workspace_id_env {
        rows.push(("workspace variable".to_owned(), variable.clone()));
    }
    let workspace = profile.workspace.as_deref().unwrap_or("as answers say");
    rows.push(("workspace".to_owned(), workspace.to_owned()));
    let writers = if profile.shared_writers { "yes" } else { "none known" };
    rows.push(("other writers".to_owned(), writers.to_owned()));
    rows.push(("defined by".to_owned(), origin(target)));
    rows
}

/// Returns who defines the target.
fn origin(target: &KnownTarget) -> String {
    match &target.origin {
        Origin::Default => "docferry".to_owned(),
        other => other.to_string(),
    }
}

fn or_none(names: &[String]) -> String {
    match names.is_empty() {
        true => "none".to_owned(),
        false => names.join(", "),
    }
}

fn limits(profile: &Profile) -> Vec<(String, String)> {
    let limits = &profile.limits;
    let bytes = |n: u64| format!("{} ({n} bytes)", human::size(n));
    let mut rows = vec![
        ("file".to_owned(), bytes(limits.max_file_bytes)),
        ("request".to_owned(), bytes(limits.max_request_bytes)),
    ];
    let optional = [
        ("workspace", limits.max_workspace_bytes.map(bytes)),
        ("calls", limits.requests_per_minute.map(|n| format!("{n} a minute"))),
        ("session", limits.max_session_files.map(|n| format!("{n} files"))),
        ("mounted paths", profile.mount_root.as_ref().map(|root| format!("below {root}"))),
        ("metadata", limits.max_metadata_bytes.map(bytes)),
        ("empty files", limits.refuses_empty.then(|| "refused".to_owned())),
    ];
    rows.extend(optional.into_iter().filter_map(|(key, value)| Some((key.to_owned(), value?))));
    let names = &profile.names;
    let unit = match names.length_unit {
        LengthUnit::Characters => "characters",
        LengthUnit::Bytes => "bytes",
    };
    let forbidden = match names.forbidden.is_empty() {
        true => String::new(),
        false => format!(", without {}", names.forbidden),
    };
    rows.push(("file name".to_owned(), format!("up to {} {unit}{forbidden}", names.max_length)));
    rows
}

fn fields(profile: &Profile) -> Vec<(String, String)> {
    let fields = &profile.fields;
    let yes = |on: bool| if on { "yes" } else { "no" }.to_owned();
    let expiry = fields.expires_in_seconds.map(|[least, most]| format!("{least} s to {most} s"));
    vec![
        ("purpose".to_owned(), or_none(&fields.purposes)),
        ("metadata".to_owned(), yes(fields.metadata)),
        ("idempotency key".to_owned(), yes(fields.idempotency_key)),
        ("expiry".to_owned(), expiry.unwrap_or_else(|| "no".to_owned())),
    ]
}

fn accepted(rules: &AcceptRules) -> Vec<(String, String)> {
    let mut rows = vec![("media types".to_owned(), rules.media_types.join(" "))];
    if !rules.extensions.is_empty() {
        rows.push(("extensions".to_owned(), rules.extensions.join(" ")));
    }
    if !rules.bare_names.is_empty() {
        rows.push(("bare names".to_owned(), rules.bare_names.join(" ")));
    }
    if rules.text_as_plain {
        rows.push(("other text".to_owned(), "goes out as text/plain".to_owned()));
    }
    if let Some(pdf) = &rules.pdf {
        let few = pdf.max_pages_of_small_contexts;
        let few = few.map(|few| format!(" ({few} for smaller contexts)")).unwrap_or_default();
        let text = format!("readable without a password, up to {} pages{few}", pdf.max_pages);
        rows.push(("PDFs".to_owned(), text));
    }
    rows
}
