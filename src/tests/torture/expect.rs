//! What must come of each fault: the one place for it. `docs/reliability.md` says the same in words.

/// What must come of a run.
#[derive(Debug, Clone)]
pub(crate) struct Expect {
    /// Files of the run, where the fault costs seconds; else as many as asked for.
    pub(crate) files: Option<usize>,
    /// The exit statuses that are right.
    pub(crate) exits: &'static [i32],
    /// Whether listings tell everything, so that nothing is ever stored twice.
    pub(crate) is_truthful: bool,
    /// Whether a copy may be one that this run could not see. A rerun must name it.
    pub(crate) may_hide: bool,
    /// Runs of the program so far.
    pub(crate) runs: u64,
    /// Faults that must strike, too, for this one to matter.
    pub(crate) with: &'static [&'static str],
    /// Whether another run without faults is made even if this one ended well.
    pub(crate) rerun: bool,
}

const WELL: Expect =
    Expect { files: None, exits: &[0], is_truthful: true, may_hide: false, runs: 1, with: &[], rerun: false };

/// Returns what must come of a run without faults.
pub(crate) fn well(runs: u64) -> Expect {
    Expect { runs, ..WELL }
}

/// Returns what must come of a fault that strikes a tenth of the requests.
pub(crate) fn expect(fault: &str) -> Expect {
    let (operation, effect) = fault.split_once(':').unwrap();
    match effect {
        _ if operation == "list" && effect.starts_with("lag") => Expect {
            is_truthful: false,
            may_hide: true,
            with: &["upload:commit-reset@10%"],
            rerun: true,
            ..WELL
        },
        // Three listings in a row that cannot be read leave uploads ambiguous.
        _ if operation == "list" => Expect { exits: &[0, 6], with: &["upload:commit-reset@10%"], ..WELL },
        _ if effect.starts_with("commit-late") => {
            Expect { is_truthful: false, may_hide: true, rerun: true, ..WELL }
        }
        "foreign-only" => Expect { rerun: true, with: SHARED, ..WELL },
        "foreign-around" => Expect { is_truthful: false, rerun: true, with: SHARED, ..WELL },
        // The answer lies about the size: its id is named, the file has failed.
        "answer-wrong-size" => Expect { exits: &[1], is_truthful: false, ..WELL },
        "answer-wrong-name" => Expect { exits: &[0, 1], is_truthful: false, ..WELL },
        "answer-old-id" => Expect { exits: &[6], ..WELL },
        "400" | "415" | "422" | "413-html" | "413-early" => Expect { exits: &[1], ..WELL },
        // The answer may be lost with the connection.
        "413-early-close" => Expect { exits: &[0, 1], ..WELL },
        "400-should-retry" => Expect { exits: &[0, 1], ..WELL },
        "503-should-not-retry" => Expect { exits: &[0, 1], ..WELL },
        "401" | "403" | "quota" | "spend" => Expect { exits: &[3], ..WELL },
        // Nothing that this run could mend: it stops, and a rerun goes on.
        "404" => Expect { exits: &[5], ..WELL },
        // What leads elsewhere after all of the body was sent may have been taken.
        "301" | "302" | "303" | "307" | "308" => Expect { exits: &[5, 6], ..WELL },
        // Far above the longest wait: the run stops, and says when to go on; or it counts as absent.
        "429-huge" => Expect { files: Some(40), exits: &[0, 5], ..WELL },
        effect if effect.starts_with("429") || effect == "529" => Expect { files: Some(40), ..WELL },
        "commit-hang" | "answer-drip" => Expect { files: Some(60), ..WELL },
        _ => WELL,
    }
}

/// Without it, the only candidate that is listed would be evidence enough.
pub(crate) const SHARED: &[&str] = &["shared_writers"];
