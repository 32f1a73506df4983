//! How full the workspace is: measured by a listing once a day, and counted on in the ledger between.

use std::time::Duration;

use super::listing::Unread;
use super::{Stop, Uploader};
use crate::ledger::Usage;
use crate::model::FileObject;

/// A measurement holds for so long.
const MEASURED_FOR: Duration = Duration::from_secs(24 * 3600);

/// The share of the storage above which people are told, and above which nothing is sent, in percent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HighWater {
    /// People are told.
    pub warn_at: u8,
    /// Nothing is sent.
    pub refuse_at: u8,
}

impl Default for HighWater {
    fn default() -> Self {
        Self { warn_at: 80, refuse_at: 90 }
    }
}

/// A workspace that is too full.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "the workspace holds {used} of {max} bytes, {} %; nothing is sent above {refuse_at} % (--refuse-at), delete files first",
    percent(*used, *max)
)]
pub struct Full {
    /// What is stored.
    pub used: u64,
    /// What the profile says fits.
    pub max: u64,
    /// The limit in percent.
    pub refuse_at: u8,
}

impl<T: Send> Uploader<'_, T> {
    /// Refuses to fill a workspace to the brim, and tells when it gets near.
    ///
    /// # Errors
    /// [`Stop::Full`], or why the ledger cannot be used. A target that cannot be measured is told and goes on.
    pub(super) fn check_room(&self) -> Result<(), Stop> {
        let Some(max) = self.target.profile().limits.max_workspace_bytes else { return Ok(()) };
        let known = self.ledger.usage(self.scope)?;
        let fresh = known.filter(|usage| usage.measured_at >= self.started.minus(MEASURED_FOR));
        let usage = match fresh {
            Some(usage) => usage,
            None => match self.measure()? {
                Some(usage) => usage,
                None => return Ok(()),
            },
        };
        let HighWater { warn_at, refuse_at } = self.options.high_water;
        let share = percent(usage.bytes, max);
        if share >= u64::from(refuse_at) {
            return Err(Stop::Full(Full { used: usage.bytes, max, refuse_at }));
        }
        if share >= u64::from(warn_at) {
            let message = format!("the workspace holds {} of {max} bytes, {share} %", usage.bytes);
            self.listener.notice(message);
        }
        Ok(())
    }

    fn measure(&self) -> Result<Option<Usage>, Stop> {
        let mut usage = Usage { bytes: 0, files: 0, measured_at: self.started };
        let why_not = self.ends();
        let listed = self.lister(&why_not).each(None, |file: FileObject| {
            usage.bytes = usage.bytes.saturating_add(file.size_bytes);
            usage.files += 1;
        });
        match listed {
            Ok(()) => {
                self.ledger.set_usage(self.scope, &usage)?;
                Ok(Some(usage))
            }
            Err(Unread::Stop(stop)) => Err(stop),
            Err(error) => {
                self.listener.notice(format!("how full the workspace is cannot be measured: {error}"));
                Ok(None)
            }
        }
    }
}

fn percent(used: u64, max: u64) -> u64 {
    let share = u128::from(used) * 100 / u128::from(max.max(1));
    u64::try_from(share).unwrap_or(u64::MAX)
}
