//! The one thread that writes. Commands that wait while another group is committed become the next group: one
//! transaction and one wait for the disk for all of them. Who sent one is answered after the commit.
//!
//! A command that refuses does so before it writes anything. If one fails otherwise, its group is rolled back and each
//! command is run in a transaction of its own, so that no command pays for another's failure.

use std::cell::RefCell;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use rusqlite::{CachedStatement, Connection, Params, Row};

use super::inbox::{Awaited, Inbox};
use super::owners::Owner;
use super::{LedgerError, PeriodLimit, places, runs};
use crate::model::failpoint::{Step, hit};

/// How long a group waits at most for as many commands as the last one had.
const LINGER: Duration = Duration::from_micros(500);

/// What all parts of an opened ledger share.
#[derive(Debug)]
pub(super) struct Shared {
    pub(super) path: PathBuf,
    pub(super) owner: Owner,
    pub(super) limits: Mutex<Vec<PeriodLimit>>,
    pub(super) active: Mutex<runs::Active>,
    /// The failure of a command that nobody waited for.
    deferred: Mutex<Option<LedgerError>>,
}

impl Shared {
    pub(super) fn new(path: PathBuf, owner: Owner) -> Self {
        Self { path, owner, limits: Mutex::default(), active: Mutex::default(), deferred: Mutex::default() }
    }

    /// Tells whether a run of this process is under way.
    pub(super) fn is_active(&self, run_id: &str) -> bool {
        self.active.lock().unwrap_or_else(PoisonError::into_inner).contains_key(run_id)
    }

    /// Returns the failure of a command that nobody waited for, once.
    pub(super) fn take_deferred(&self) -> Result<(), LedgerError> {
        self.deferred.lock().unwrap_or_else(PoisonError::into_inner).take().map_or(Ok(()), Err)
    }

    fn defer(&self, error: LedgerError) {
        self.deferred.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(error);
    }
}

/// What a command works with: a connection within a transaction.
pub(super) struct Desk<'a> {
    pub(super) connection: &'a Connection,
    pub(super) shared: &'a Shared,
    pub(super) recent: RefCell<places::Recent>,
}

impl Desk<'_> {
    pub(super) fn path(&self) -> &Path {
        &self.shared.path
    }

    fn error(&self, error: rusqlite::Error) -> LedgerError {
        LedgerError::sqlite(self.path(), error)
    }

    fn prepare(&self, sql: &str) -> Result<CachedStatement<'_>, LedgerError> {
        self.connection.prepare_cached(sql).map_err(|error| self.error(error))
    }

    /// Runs a statement; returns how many rows it changed.
    pub(super) fn execute(&self, sql: &str, params: impl Params) -> Result<usize, LedgerError> {
        self.prepare(sql)?.execute(params).map_err(|error| self.error(error))
    }

    /// Returns the first row, if there is one.
    pub(super) fn first<T>(
        &self,
        sql: &str,
        params: impl Params,
        read: impl FnOnce(&Row<'_>) -> rusqlite::Result<T>,
    ) -> Result<Option<T>, LedgerError> {
        let mut statement = self.prepare(sql)?;
        let mut rows = statement.query(params).map_err(|error| self.error(error))?;
        let row = rows.next().map_err(|error| self.error(error))?;
        row.map(read).transpose().map_err(|error| self.error(error))
    }

    /// Returns all rows.
    pub(super) fn all<T>(
        &self,
        sql: &str,
        params: impl Params,
        read: impl FnMut(&Row<'_>) -> rusqlite::Result<T>,
    ) -> Result<Vec<T>, LedgerError> {
        let mut statement = self.prepare(sql)?;
        let rows = statement.query_map(params, read).map_err(|error| self.error(error))?;
        rows.collect::<rusqlite::Result<_>>().map_err(|error| self.error(error))
    }
}

/// Something to be done in a transaction.
trait Command: Send {
    /// Does it. May be called again after a rollback. A refusal is kept for the answer and is no error here.
    fn run(&mut self, desk: &Desk<'_>) -> Result<(), LedgerError>;
    /// Tells whoever waits what came of it.
    fn answer(self: Box<Self>, committed: Result<(), LedgerError>, shared: &Shared);
}

/// The answer to a command that is under way.
#[derive(Debug)]
pub(super) struct Pending<T> {
    answer: Receiver<Result<T, LedgerError>>,
    shared: Arc<Shared>,
}

impl<T> Pending<T> {
    /// Returns when what was done is durable.
    pub(super) fn wait(self) -> Result<T, LedgerError> {
        self.answer.recv().map_err(|_| LedgerError::Closed { path: self.shared.path.clone() })?
    }
}

struct Call<T, F> {
    work: F,
    outcome: Option<Result<T, LedgerError>>,
    reply: SyncSender<Result<T, LedgerError>>,
}

impl<T: Send, F> Command for Call<T, F>
where
    F: FnMut(&Desk<'_>) -> Result<T, LedgerError> + Send,
{
    fn run(&mut self, desk: &Desk<'_>) -> Result<(), LedgerError> {
        match (self.work)(desk) {
            Err(error) if !error.is_refusal() => Err(error),
            outcome => {
                self.outcome = Some(outcome);
                Ok(())
            }
        }
    }

    fn answer(self: Box<Self>, committed: Result<(), LedgerError>, shared: &Shared) {
        let Self { outcome, reply, .. } = *self;
        let none = || Err(LedgerError::Closed { path: shared.path.clone() });
        // Nobody is left to tell when the caller is gone.
        drop(reply.send(committed.and_then(|()| outcome.unwrap_or_else(none))));
    }
}

struct Unawaited<F>(F);

impl<F: FnMut(&Desk<'_>) -> Result<(), LedgerError> + Send> Command for Unawaited<F> {
    fn run(&mut self, desk: &Desk<'_>) -> Result<(), LedgerError> {
        (self.0)(desk)
    }

    fn answer(self: Box<Self>, committed: Result<(), LedgerError>, shared: &Shared) {
        if let Err(error) = committed {
            shared.defer(error);
        }
    }
}

/// The way to the thread that writes; the thread ends with it.
#[derive(Debug)]
pub(super) struct Writer {
    shared: Arc<Shared>,
    inbox: Arc<Inbox<Box<dyn Command>>>,
    thread: Option<JoinHandle<()>>,
}

impl Writer {
    /// Starts the thread.
    pub(super) fn start(connection: Connection, shared: Arc<Shared>) -> Result<Self, LedgerError> {
        let inbox = Arc::default();
        let (of_thread, its_inbox) = (shared.clone(), Arc::clone(&inbox));
        let thread = std::thread::Builder::new()
            .name("ledger".to_owned())
            .spawn(move || serve(&connection, &of_thread, &its_inbox))
            .map_err(LedgerError::io(&shared.path))?;
        Ok(Self { shared, inbox, thread: Some(thread) })
    }

    /// Does something in a transaction and returns when it is durable.
    pub(super) fn call<T, F>(&self, work: F) -> Result<T, LedgerError>
    where
        T: Send + 'static,
        F: FnMut(&Desk<'_>) -> Result<T, LedgerError> + Send + 'static,
    {
        self.begin(work, true)?.wait()
    }

    /// Has something done in a transaction, at once or in a while; whoever wants to know waits for the answer.
    pub(super) fn begin<T, F>(&self, work: F, hurry: bool) -> Result<Pending<T>, LedgerError>
    where
        T: Send + 'static,
        F: FnMut(&Desk<'_>) -> Result<T, LedgerError> + Send + 'static,
    {
        let awaited = if hurry { Awaited::Now } else { Awaited::Unhurried };
        let (reply, answer) = sync_channel(1);
        self.send(Box::new(Call { work, outcome: None, reply }), awaited)?;
        Ok(Pending { answer, shared: self.shared.clone() })
    }

    /// Does something in a transaction some time soon. A failure shows in [`Shared::take_deferred`].
    pub(super) fn leave<F>(&self, work: F)
    where
        F: FnMut(&Desk<'_>) -> Result<(), LedgerError> + Send + 'static,
    {
        if let Err(error) = self.send(Box::new(Unawaited(work)), Awaited::No) {
            self.shared.defer(error);
        }
    }

    fn send(&self, command: Box<dyn Command>, awaited: Awaited) -> Result<(), LedgerError> {
        match self.inbox.bring(command, awaited) {
            true => Ok(()),
            false => Err(LedgerError::Closed { path: self.shared.path.clone() }),
        }
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        self.inbox.close();
        if let Some(thread) = self.thread.take() {
            // A panic of that thread was printed there.
            drop(thread.join());
        }
    }
}

/// Closes the inbox when the thread that takes from it ends, however it does.
struct Closes<'a>(&'a Inbox<Box<dyn Command>>);

impl Drop for Closes<'_> {
    fn drop(&mut self) {
        self.0.close();
        // Who waits for an answer learns that there is none.
        drop(self.0.take(0, Duration::ZERO));
    }
}

fn serve(connection: &Connection, shared: &Shared, inbox: &Inbox<Box<dyn Command>>) {
    let desk = Desk { connection, shared, recent: RefCell::default() };
    let _closes = Closes(inbox);
    let (mut last, mut took) = (0, Duration::ZERO);
    loop {
        // Waiting for more pays only as long as it is short against the commit that is saved.
        let group = inbox.take(last, LINGER.min(took / 4));
        if group.commands.is_empty() {
            return;
        }
        last = group.hurried;
        let started = Instant::now();
        commit(&desk, group.commands);
        took = started.elapsed();
    }
}

fn commit(desk: &Desk<'_>, mut commands: Vec<Box<dyn Command>>) {
    let together = transact(desk, &mut commands);
    for mut command in commands {
        let committed = match &together {
            Ok(()) => Ok(()),
            // Each of them would wait as long again.
            Err(LedgerError::Busy { path }) => Err(LedgerError::Busy { path: path.clone() }),
            Err(_) => transact(desk, std::slice::from_mut(&mut command)),
        };
        command.answer(committed, desk.shared);
    }
}

fn transact(desk: &Desk<'_>, commands: &mut [Box<dyn Command>]) -> Result<(), LedgerError> {
    desk.execute("BEGIN IMMEDIATE", [])?;
    let done = commands.iter_mut().try_for_each(|command| command.run(desk));
    let done = done.and_then(|()| hit(Step::LedgerCommit).map_err(LedgerError::io(desk.path())));
    let committed = done.and_then(|()| desk.execute("COMMIT", []));
    if let Err(error) = committed {
        // After some errors SQLite has rolled back already, and says so.
        drop(desk.execute("ROLLBACK", []));
        return Err(error);
    }
    Ok(())
}
