//! Exit statuses: what a script learns of a run. The table is in docs/design.md, "Exit status".

/// What a script learns of a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum ExitStatus {
    /// All was done.
    #[default]
    Success,
    /// The run finished; some inputs were rejected or failed for good. For checks: there are findings.
    Findings,
    /// The command line or the configuration makes no sense; nothing was done.
    Usage,
    /// Stopped by authentication, permission or quota.
    Stopped,
    /// Stopped by a budget.
    Budget,
    /// Something was left undone that a rerun may finish.
    Unfinished,
    /// Uploads of unknown outcome remain.
    Ambiguous,
    /// A defect of docferry.
    Fault,
    /// Interrupted; the state is saved.
    Interrupted,
}

impl ExitStatus {
    /// Every status, the one that wins over all others first.
    pub const BY_RANK: [Self; 9] = [
        Self::Fault,
        Self::Usage,
        Self::Interrupted,
        Self::Stopped,
        Self::Budget,
        Self::Ambiguous,
        Self::Unfinished,
        Self::Findings,
        Self::Success,
    ];

    /// Returns the number that the process exits with.
    #[must_use]
    pub fn code(self) -> u8 {
        match self {
            Self::Success => 0,
            Self::Findings => 1,
            Self::Usage => 2,
            Self::Stopped => 3,
            Self::Budget => 4,
            Self::Unfinished => 5,
            Self::Ambiguous => 6,
            Self::Fault => 70,
            Self::Interrupted => 130,
        }
    }

    /// Returns the status of two things that happened in one run: the one that wins.
    #[must_use]
    pub fn merge(self, other: Self) -> Self {
        let either = |status: &Self| *status == self || *status == other;
        Self::BY_RANK.into_iter().find(either).unwrap_or(self)
    }
}

impl From<ExitStatus> for std::process::ExitCode {
    fn from(status: ExitStatus) -> Self {
        Self::from(status.code())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_graver_status_wins_in_either_order() {
        for (rank, winner) in ExitStatus::BY_RANK.into_iter().enumerate() {
            for loser in ExitStatus::BY_RANK.into_iter().skip(rank) {
                assert_eq!(winner.merge(loser), winner, "{winner:?} and {loser:?}");
                assert_eq!(loser.merge(winner), winner, "{loser:?} and {winner:?}");
            }
        }
    }

    #[test]
    fn codes_win_in_the_order_of_the_design() {
        let codes: Vec<u8> = ExitStatus::BY_RANK.iter().map(|status| status.code()).collect();
        assert_eq!(codes, [70, 2, 130, 3, 4, 6, 5, 1, 0]);
    }
}
