//! `cost`: what it costs to use documents, or the stored files of a manifest, turn after turn. It uploads nothing.
//!
//! One request a turn carries all files, so the minimum of a cache and the price of long requests are those of the sum
//! of their tokens. A file counts as `docferry message` would refer to it: what goes into a container is no part of the
//! prompt, nor is what is mounted in a session.

mod count;
mod files;

use super::{CommandError, Context};
use crate::cli::{CostArgs, EstimateArgs, UsageError};
use crate::config::Settings;
use crate::exit::ExitStatus;
use crate::model::budget::Usd;
use crate::model::cost::TooDear;
use crate::model::prices::{Price, Prices};
use crate::model::profile::Dialect;
use crate::model::quote::{Quote, Range, Way, quote};
use crate::model::{Block, Place};
use crate::report::cost::{ContainerUse, Costs, FileTokens, prompt};
use crate::report::{human, json};

/// Estimates what the arguments name.
pub(super) fn run(args: &CostArgs, context: &mut Context<'_>) -> Result<ExitStatus, CommandError> {
    let settings = context.settings(&args.overrides(context.general))?;
    let (Some(model), Some(price)) = (&settings.budgets.model, settings.budgets.price()?) else {
        let error = UsageError::new("a cost needs a model: each has its own price");
        return Err(error.with_hint("name one with --model").into());
    };
    check_prices(&settings.budgets.prices, &args.estimate)?;
    let counter = match (args.estimate.count_tokens, &args.manifest) {
        (false, _) => None,
        (true, Some(_)) => Some(count::open(&settings)?),
        (true, None) => {
            let error =
                UsageError::new("--count-tokens needs a manifest: only what is stored can be counted");
            return Err(error.with_hint("name one with --manifest").into());
        }
    };
    let mut found = match &args.manifest {
        Some(path) => files::of_manifest(path, price)?,
        None => files::of_inputs(args, &settings, price, context)?,
    };
    for note in &found.notes {
        context.warn(&human::printable(note));
    }
    if found.interrupted {
        return Ok(ExitStatus::Interrupted);
    }
    let empty = found.files.is_empty();
    if empty && !settings.allow_empty {
        context.complain(&UsageError::new("there is no file to estimate"), None);
        return Ok(ExitStatus::Findings);
    }
    if let Some(target) = counter {
        count::check_origin(&found.targets, &settings.target.name)?;
        if !count::all(&settings, &*target, model, &mut found, context)? {
            return Ok(ExitStatus::Interrupted);
        }
    }
    let files = found.files;
    let placed = |place| files.iter().filter(|file| file.place == place).count();
    let container_files = placed(Place::Block(Block::ContainerUpload));
    warn_of_mounted(placed(Place::Mounted), &args.estimate, context);
    let costs =
        Plan { settings: &settings, args: &args.estimate, model, price, container_files }.costs(&files)?;
    warn(&costs, &args.estimate, container_files, context);
    let written = match args.json {
        true => json::line(context.stdout, &costs.object()),
        false => costs.write(context.stdout),
    };
    written.map_err(CommandError::Stdout)?;
    Ok(ExitStatus::Success)
}

/// Refuses to estimate what the table of prices has no price for.
fn check_prices(prices: &Prices, args: &EstimateArgs) -> Result<(), UsageError> {
    let missing = match (&prices.time.session, &prices.time.container) {
        (None, _) if args.sessions_hours.is_some() => "session",
        (_, None) if args.container_minutes.is_some() => "container",
        _ => return Ok(()),
    };
    let message = format!("the table of prices of {} has no [time.{missing}]", prices.date);
    Err(UsageError::new(message)
        .with_hint("add it to the table that `prices` names; docs/budgets.md has the form"))
}

/// Everything that a cost is made of, besides files.
struct Plan<'a> {
    settings: &'a Settings,
    args: &'a EstimateArgs,
    model: &'a str,
    price: &'a Price,
    container_files: usize,
}

impl<'a> Plan<'a> {
    fn costs(&self, files: &'a [FileTokens]) -> Result<Costs<'a>, CommandError> {
        let too_dear = |error: TooDear| UsageError::new(error.to_string());
        let prices = &self.settings.budgets.prices;
        let chosen = self.args.cache.0.map_or(Way::FileId, Way::Cached);
        let quoted =
            |way| quote(self.price, prompt(files), self.args.turns.get(), way).map(|quote| (way, quote));
        let ways = Way::ALL.into_iter().map(quoted).collect::<Result<Vec<(Way, Option<Quote>)>, _>>();
        let ways = ways.map_err(too_dear)?;
        let Some(tokens) = ways.iter().find_map(|(way, quote)| quote.filter(|_| *way == chosen)) else {
            let message = format!(
                "the table of prices of {} has no price of a cache for `{}`",
                prices.date, self.model
            );
            return Err(UsageError::new(message).with_hint("say --cache none").into());
        };
        let session = self.session().map_err(too_dear)?;
        let container = self.container().map_err(too_dear)?;
        let mut total = tokens.cost;
        let session_cost = session.map_or(Usd::default(), |(_, cost)| cost);
        let session_range = Range { least: session_cost, probable: session_cost, most: session_cost };
        for part in [session_range, container.map_or(Range::default(), |container| container.range())] {
            total = total.plus_cost(part).map_err(too_dear)?;
        }
        Ok(Costs {
            model: self.model,
            price: self.price,
            prices_date: &prices.date,
            turns: self.args.turns.get(),
            files,
            ways,
            chosen,
            storage: storage(self.settings.target.profile.dialect),
            session,
            container,
            total,
        })
    }

    fn session(&self) -> Result<Option<(std::time::Duration, Usd)>, TooDear> {
        match (self.args.sessions_hours, &self.settings.budgets.prices.time.session) {
            (Some(time), Some(price)) => Ok(Some((time, price.cost(time)?))),
            _ => Ok(None),
        }
    }

    fn container(&self) -> Result<Option<ContainerUse>, TooDear> {
        match (self.args.container_minutes, &self.settings.budgets.prices.time.container) {
            (Some(time), Some(price)) => Ok(Some(ContainerUse {
                cost: price.cost(time, self.container_files > 0)?,
                free_hours: price.free_hours,
                is_replaced: self.args.sessions_hours.is_some(),
            })),
            _ => Ok(None),
        }
    }
}

/// Returns what the platform takes for keeping files ("Files API": its calls are free), where that is published.
fn storage(dialect: Dialect) -> Option<Usd> {
    match dialect {
        // Files of the local store are estimated for the platform that they are meant for.
        Dialect::Local | Dialect::Anthropic | Dialect::AnthropicBeta => Some(Usd::default()),
        Dialect::Qoder => None,
    }
}

/// Says that what is mounted in a session is not in the numbers.
fn warn_of_mounted(files: usize, args: &EstimateArgs, context: &mut Context<'_>) {
    if files == 0 {
        return;
    }
    context.warn(&format!(
        "{files} file(s) are mounted in a session and are no part of the prompt; what the model reads of them there is not \
         estimated"
    ));
    if args.sessions_hours.is_none() {
        context.warn("a session is billed by the time in which it runs; say --sessions-hours");
    }
}

/// Says what the numbers leave out.
fn warn(costs: &Costs<'_>, args: &EstimateArgs, container_files: usize, context: &mut Context<'_>) {
    if container_files > 0 {
        context.warn(&format!(
            "{container_files} file(s) go into a container and are no part of the prompt; what the model reads of them there \
             is not estimated"
        ));
        if args.container_minutes.is_none() && args.sessions_hours.is_none() {
            context.warn(
                "a container with files is billed even if the tool is never called; say --container-minutes",
            );
        }
    }
    match costs.price.min_cacheable {
        Some(least) if costs.is_below_minimum() && prompt(costs.files).most > 0 => context.warn(&format!(
            "nothing will be cached: the prompt has about {} tokens, `{}` caches from {least} on",
            prompt(costs.files).probable,
            costs.model
        )),
        Some(_) => {}
        None if prompt(costs.files).most == 0 => {}
        None => context.warn(&format!("from how many tokens on `{}` caches is not known here", costs.model)),
    }
    if let Some((above, _)) = costs.price.long
        && prompt(costs.files).probable > above
    {
        context.warn(&format!("the prompt has more than {above} tokens: the price of long requests holds"));
    }
}
