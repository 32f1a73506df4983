//! What it costs to use a set of files turn after turn: as tables for people and as one object for programs.
//!
//! Costs are in US dollars for people and in whole micro-dollars for programs; times are in milliseconds.

use std::io::{self, Write};
use std::time::Duration;

use serde_json::{Value, json};

use super::human;
use crate::model::budget::Usd;
use crate::model::prices::Price;
use crate::model::quote::{LEAST_CACHEABLE, Quote, Range, Way};
use crate::model::time_cost::ContainerCost;
use crate::model::{CacheTime, Place};
use crate::stages::estimate::Estimate;

/// A file and its tokens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileTokens {
    /// The path of its source, with the label of the part.
    pub path: String,
    /// The id, where it is stored.
    pub file_id: Option<String>,
    /// The media type that is sent or stored.
    pub media_type: String,
    /// Its length.
    pub size_bytes: u64,
    /// Where the model finds it.
    pub place: Place,
    /// Its tokens, and how they are known. A file outside the prompt has those of reading it whole.
    pub estimate: Estimate,
}

impl FileTokens {
    /// Tells whether the file is a part of the prompt.
    #[must_use]
    pub fn is_prompt(&self) -> bool {
        self.place.is_prompt()
    }

    fn tokens(&self) -> Range<u64> {
        Range { least: self.estimate.least, probable: self.estimate.tokens, most: self.estimate.most }
    }
}

/// Returns the tokens of a prompt of these files.
#[must_use]
pub fn prompt(files: &[FileTokens]) -> Range<u64> {
    let of_prompt = files.iter().filter(|file| file.is_prompt());
    of_prompt.fold(Range::default(), |sum, file| sum.plus(file.tokens()))
}

/// The use of a container.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ContainerUse {
    /// What it costs by itself.
    pub cost: ContainerCost,
    /// Hours of a month that an organisation has for nothing.
    pub free_hours: u64,
    /// Whether a session is billed instead.
    pub is_replaced: bool,
}

impl ContainerUse {
    /// Returns what it adds to the total: perhaps nothing, where free hours of the month are left.
    #[must_use]
    pub fn range(&self) -> Range<Usd> {
        let full = if self.is_replaced { Usd::default() } else { self.cost.beyond_free };
        let least = if self.cost.fits_free { Usd::default() } else { full };
        Range { least, probable: full, most: full }
    }
}

/// An estimate of a set of files.
#[derive(Debug, Clone)]
pub struct Costs<'a> {
    /// The model.
    pub model: &'a str,
    /// Its price.
    pub price: &'a Price,
    /// When the table of prices was made.
    pub prices_date: &'a str,
    /// Requests.
    pub turns: u64,
    /// The files.
    pub files: &'a [FileTokens],
    /// What each way costs, in the order of [`Way::ALL`]; `None` where the table has no price of the cache.
    pub ways: Vec<(Way, Option<Quote>)>,
    /// The way that the total is of.
    pub chosen: Way,
    /// What storage costs, where the platform says it.
    pub storage: Option<Usd>,
    /// The time of a session, and its cost.
    pub session: Option<(Duration, Usd)>,
    /// The use of a container.
    pub container: Option<ContainerUse>,
    /// The cost of all that is named.
    pub total: Range<Usd>,
}

impl Costs<'_> {
    /// Tells whether the files are probably too short to be cached.
    #[must_use]
    pub fn is_below_minimum(&self) -> bool {
        self.price.min_cacheable.is_some_and(|least| prompt(self.files).probable < least)
    }

    /// Writes tables for people.
    ///
    /// # Errors
    /// What `out` reports.
    pub fn write(&self, out: &mut dyn Write) -> io::Result<()> {
        human::table(out, &self.file_rows())?;
        let n = self.turns;
        let turns = if n == 1 { "1 turn".to_owned() } else { format!("{n} turns") };
        let model = human::printable(self.model);
        let date = human::printable(self.prices_date);
        writeln!(out, "\n{turns} of {model}, all files in each: input in USD by the prices of {date}\n")?;
        human::table(out, &self.cost_rows())
    }

    fn file_rows(&self) -> Vec<Vec<String>> {
        let head = ["LEAST", "PROBABLE", "MOST", "BY", "BLOCK", "FILE"];
        let mut rows = vec![head.map(str::to_owned).to_vec()];
        rows.extend(self.files.iter().map(|file| {
            let [least, probable, most] = numbers(file.tokens());
            let by = file.estimate.heuristic.to_owned();
            vec![least, probable, most, by, file.place.as_str().to_owned(), file.path.clone()]
        }));
        let count = self.files.iter().filter(|file| file.is_prompt()).count();
        let [least, probable, most] = numbers(prompt(self.files));
        let name = if count == 1 { "1 file".to_owned() } else { format!("{count} files") };
        rows.push(vec![least, probable, most, "sum".to_owned(), "prompt".to_owned(), name]);
        rows
    }

    fn cost_rows(&self) -> Vec<Vec<String>> {
        let mut rows = vec![["COST", "LEAST", "PROBABLE", "MOST", "NOTE"].map(str::to_owned).to_vec()];
        for (way, quote) in &self.ways {
            rows.push(match quote {
                Some(quote) => row(name(*way), Some(quote.cost), self.note(quote)),
                None => row(name(*way), None, "the table has no price of it".to_owned()),
            });
        }
        let storage = match self.storage {
            Some(cost) => row("storage", Some(same(cost)), "of the Files API".to_owned()),
            None => row("storage", None, "no price is published".to_owned()),
        };
        rows.push(storage);
        rows.extend(
            self.session
                .map(|(time, cost)| row("session", Some(same(cost)), format!("{} of running", shown(time)))),
        );
        rows.extend(self.container.map(|container| {
            let note = match container.is_replaced {
                true => "not billed beside a session".to_owned(),
                false => format!(
                    "{} beyond the {} free hours of a month",
                    shown(container.cost.billed),
                    container.free_hours
                ),
            };
            row("container", Some(container.range()), note)
        }));
        rows.push(row("total", Some(self.total), format!("with {}", name(self.chosen))));
        rows
    }

    fn note(&self, quote: &Quote) -> String {
        match (quote.way, quote.break_even, self.price.min_cacheable) {
            (Way::Cached(_), Some(turn), _) => format!("cheaper from turn {turn} on"),
            (Way::Cached(_), None, Some(least)) if self.is_below_minimum() => {
                format!("nothing is cached below {least} tokens")
            }
            (Way::Cached(_), None, None) if prompt(self.files).probable < LEAST_CACHEABLE => {
                format!("probably not cached below {LEAST_CACHEABLE} tokens")
            }
            (Way::Cached(_), None, _) => "never cheaper".to_owned(),
            (Way::Inline | Way::FileId, _, _) => String::new(),
        }
    }

    /// Returns one object for programs.
    #[must_use]
    pub fn object(&self) -> Value {
        let files = self.files.iter().map(|file| {
            json!({
                "path": file.path, "file_id": file.file_id, "media_type": file.media_type,
                "size_bytes": file.size_bytes, "block": file.place.as_str(), "in_prompt": file.is_prompt(),
                "tokens": tokens(file.tokens()), "heuristic": file.estimate.heuristic,
            })
        });
        let ways = self.ways.iter().map(|(way, quote)| {
            json!({
                "way": if *way == Way::Inline { "inline" } else { "file_id" }, "cache": cache(*way),
                "cost_micro_usd": quote.map(|quote| micros(quote.cost)),
                "break_even_turn": quote.and_then(|quote| quote.break_even),
            })
        });
        let session = self
            .session
            .map(|(time, cost)| json!({ "millis": millis(time), "cost_micro_usd": cost.micros() }));
        let container = self.container.map(|container| {
            json!({
                "billed_millis": millis(container.cost.billed), "cost_micro_usd": micros(container.range()),
                "free_hours": container.free_hours, "fits_free_hours": container.cost.fits_free,
                "replaced_by_session": container.is_replaced,
            })
        });
        json!({
            "model": self.model, "prices_date": self.prices_date, "turns": self.turns,
            "files": files.collect::<Vec<_>>(),
            "prompt_files": self.files.iter().filter(|file| file.is_prompt()).count(),
            "prompt_tokens": tokens(prompt(self.files)),
            "min_cacheable_tokens": self.price.min_cacheable,
            "below_cache_minimum": self.price.min_cacheable.map(|_| self.is_below_minimum()),
            "ways": ways.collect::<Vec<_>>(),
            "storage_micro_usd": self.storage.map(Usd::micros),
            "session": session, "container": container,
            "total": { "cache": cache(self.chosen), "cost_micro_usd": micros(self.total) },
        })
    }
}

fn name(way: Way) -> &'static str {
    match way {
        Way::Inline => "inline every turn",
        Way::FileId => "file_id, no cache",
        Way::Cached(CacheTime::FiveMinutes) => "file_id, 5m cache",
        Way::Cached(CacheTime::Hour) => "file_id, 1h cache",
    }
}

fn cache(way: Way) -> &'static str {
    match way {
        Way::Inline | Way::FileId => "none",
        Way::Cached(time) => time.as_str(),
    }
}

fn row(name: &str, cost: Option<Range<Usd>>, note: String) -> Vec<String> {
    let cells = cost.map_or(["?"; 3].map(str::to_owned), |cost| {
        [cost.least, cost.probable, cost.most].map(|cost| cost.to_string())
    });
    [name.to_owned()].into_iter().chain(cells).chain([note]).collect()
}

fn same(cost: Usd) -> Range<Usd> {
    Range { least: cost, probable: cost, most: cost }
}

fn numbers(range: Range<u64>) -> [String; 3] {
    [range.least, range.probable, range.most].map(|number| number.to_string())
}

fn tokens(range: Range<u64>) -> Value {
    json!({ "least": range.least, "probable": range.probable, "most": range.most })
}

fn micros(range: Range<Usd>) -> Value {
    tokens(Range {
        least: range.least.micros(),
        probable: range.probable.micros(),
        most: range.most.micros(),
    })
}

fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

/// Returns a time in the largest unit that shows it exactly.
fn shown(time: Duration) -> String {
    let millis = millis(time);
    let units = [("h", 3_600_000), ("min", 60_000), ("s", 1_000), ("ms", 1)];
    let unit = units.into_iter().find(|(_, of)| millis.is_multiple_of(*of)).filter(|_| millis > 0);
    unit.map_or("0 h".to_owned(), |(unit, of)| format!("{} {unit}", millis / of))
}
