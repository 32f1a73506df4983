//! Opening: a ledger is never begun afresh where one was, and nothing is done with one that cannot be written.
//!
//! A new ledger is made under another name and put in place whole, so a file that is empty or cut is always one that lost
//! something. What SQLite itself does not see, a file that was cut within its last page or below a log that still holds
//! pages, is looked for here.

use std::fs::{self, File};
use std::io::{self, Read};
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags};

use super::owners::Owner;
use super::{LedgerError, schema};

pub(super) const FILE_NAME: &str = "ledger.sqlite3";
const TEMP_PREFIX: &str = ".ledger-";
const MAGIC: &[u8] = b"SQLite format 3\0";
/// The header of an SQLite file.
const HEADER_BYTES: usize = 100;
/// Pages that the log holds before they go into the file.
const CHECKPOINT_PAGES: u32 = 4_000;

/// How much of the file a connection that reads keeps in memory: the indexes of 200,000 uploads by their keys, which are
/// visited in no order.
const READER_CACHE_KIB: i64 = 24 << 10;

/// Closing a file drops all locks of this process on it, so nobody reads one while another thread may have it open.
static OPENING: Mutex<()> = Mutex::new(());

/// What opening gave.
pub(super) struct Opened {
    pub(super) path: PathBuf,
    pub(super) owner: Owner,
    pub(super) connection: Connection,
    pub(super) salt: [u8; 16],
}

/// How a ledger is opened.
pub(super) struct How<'a> {
    pub(super) busy_timeout: Duration,
    /// Whether a commit waits for the disk.
    pub(super) durable: bool,
    /// How files are locked and shared, by its name in SQLite; `None` is the usual way.
    pub(super) vfs: Option<&'static str>,
    /// What is done with the connection before it is written through.
    pub(super) prepare: &'a dyn Fn(&Connection) -> rusqlite::Result<()>,
}

/// Opens the ledger in `dir`, or makes one.
pub(super) fn open(dir: &Path, how: &How<'_>) -> Result<Opened, LedgerError> {
    create_dir(dir)?;
    let _one_at_a_time = OPENING.lock().unwrap_or_else(PoisonError::into_inner);
    let owner = Owner::enter(dir, how.busy_timeout)?;
    let path = dir.join(FILE_NAME);
    make_if_missing(dir, &path)?;
    let alone = !owner.has_company();
    if alone {
        check_file(&path)?;
    }
    let interrupted = alone && has_bytes(&beside(&path, "-wal"));
    let sqlite = |error| LedgerError::sqlite(&path, error);
    let mut connection = connect(&path, how.busy_timeout, how.vfs)?;
    check_identity(&connection, &path)?;
    if interrupted {
        check_pages(&connection, &path)?;
    }
    prepare_writer(&connection, how).map_err(sqlite)?;
    schema::migrate(&mut connection).map_err(sqlite)?;
    let salt = probe(&connection, &path)?;
    Ok(Opened { path, owner, connection, salt })
}

/// Opens another connection to an opened ledger, which only reads.
pub(super) fn open_reader(
    path: &Path,
    busy_timeout: Duration,
    vfs: Option<&'static str>,
) -> Result<Connection, LedgerError> {
    let connection = connect(path, busy_timeout, vfs)?;
    let pragma = |name: &str, value: i64| {
        connection.pragma_update(None, name, value).map_err(|error| LedgerError::sqlite(path, error))
    };
    pragma("query_only", 1)?;
    pragma("cache_size", -READER_CACHE_KIB)?;
    connection.set_prepared_statement_cache_capacity(32);
    Ok(connection)
}

/// Tells whether a file that should be a ledger, or what belongs to one, is in `dir`.
pub(super) fn is_in(dir: &Path) -> bool {
    let path = dir.join(FILE_NAME);
    path.exists() || has_bytes(&beside(&path, "-wal"))
}

fn create_dir(dir: &Path) -> Result<(), LedgerError> {
    if let Some(parent) = dir.parent().filter(|parent| !parent.as_os_str().is_empty()) {
        fs::create_dir_all(parent).map_err(LedgerError::not_writable(parent))?;
    }
    match fs::DirBuilder::new().mode(0o700).create(dir) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists || !dir.is_dir() => {
            Err(LedgerError::not_writable(dir)(error))
        }
        _ => Ok(()),
    }
}

fn connect(
    path: &Path,
    busy_timeout: Duration,
    vfs: Option<&'static str>,
) -> Result<Connection, LedgerError> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let sqlite = |error| LedgerError::sqlite(path, error);
    let connection = match vfs {
        Some(vfs) => Connection::open_with_flags_and_vfs(path, flags, vfs),
        None => Connection::open_with_flags(path, flags),
    };
    let connection = connection.map_err(sqlite)?;
    connection.busy_timeout(busy_timeout).map_err(sqlite)?;
    // Without it, a statement whose plan might depend on its values is planned anew for each of them.
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true).map_err(sqlite)?;
    Ok(connection)
}

/// Makes a ledger under another name and puts it in place, unless one is there or appears meanwhile.
fn make_if_missing(dir: &Path, path: &Path) -> Result<(), LedgerError> {
    match fs::metadata(path) {
        Ok(_) => return Ok(()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        Err(error) => return Err(LedgerError::io(path)(error)),
    }
    for suffix in ["-wal", "-journal"] {
        if has_bytes(&beside(path, suffix)) && !path.exists() {
            let reason = format!("it is gone, but what belongs to it is there: `{FILE_NAME}{suffix}`");
            return Err(LedgerError::Corrupt { path: path.to_owned(), reason });
        }
    }
    let temp = tempfile::Builder::new().prefix(TEMP_PREFIX).tempfile_in(dir);
    let temp = temp.map_err(LedgerError::not_writable(dir))?.into_temp_path();
    let mut salt = [0; 16];
    getrandom::fill(&mut salt).map_err(|error| LedgerError::Random(error.to_string()))?;
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    Connection::open_with_flags(&temp, flags)
        .and_then(|mut connection| schema::create(&mut connection, salt))
        .map_err(|error| LedgerError::sqlite(path, error))?;
    match temp.persist_noclobber(path) {
        Err(error) if error.error.kind() != io::ErrorKind::AlreadyExists => {
            return Err(LedgerError::not_writable(path)(error.error));
        }
        // Whoever was first gave the ledger its salt.
        _ => {}
    }
    File::open(dir).and_then(|dir| dir.sync_all()).map_err(LedgerError::io(dir))
}

/// Looks at a file that nobody has open.
fn check_file(path: &Path) -> Result<(), LedgerError> {
    let io_error = LedgerError::io(path);
    let (header, length) = match read_header(path) {
        Ok(found) => found,
        Err(error) => return Err(io_error(error)),
    };
    let cut = |reason: &str| Err(LedgerError::Corrupt { path: path.to_owned(), reason: reason.to_owned() });
    let magic = &header[..header.len().min(MAGIC.len())];
    if !MAGIC.starts_with(magic) {
        return Err(LedgerError::Foreign { path: path.to_owned() });
    }
    if header.len() < HEADER_BYTES {
        return cut(if header.is_empty() { "the file is empty" } else { "the file is cut off" });
    }
    let number =
        |at: usize| header[at..at + 4].iter().fold(0_u64, |number, byte| number << 8 | u64::from(*byte));
    if i64::try_from(number(68)) != Ok(schema::APPLICATION_ID) {
        return Err(LedgerError::Foreign { path: path.to_owned() });
    }
    // 65,536 is written as 1.
    let page_bytes = match u64::from(header[16]) << 8 | u64::from(header[17]) {
        1 => 65_536,
        bytes => bytes.max(1),
    };
    let short = length < number(28).saturating_mul(page_bytes);
    // While a log goes into the file, its last pages may not be there yet.
    if length % page_bytes != 0 || (short && !has_bytes(&beside(path, "-wal"))) {
        return cut("the file is cut off");
    }
    Ok(())
}

fn read_header(path: &Path) -> io::Result<(Vec<u8>, u64)> {
    let mut header = Vec::new();
    let file = File::open(path)?;
    let length = file.metadata()?.len();
    file.take(HEADER_BYTES as u64).read_to_end(&mut header)?;
    Ok((header, length))
}

fn check_identity(connection: &Connection, path: &Path) -> Result<(), LedgerError> {
    let sqlite = |error| LedgerError::sqlite(path, error);
    let id: i64 = connection.pragma_query_value(None, "application_id", |row| row.get(0)).map_err(sqlite)?;
    if id != schema::APPLICATION_ID {
        return Err(LedgerError::Foreign { path: path.to_owned() });
    }
    let (found, known) = (schema::version(connection).map_err(sqlite)?, schema::known());
    if found > known {
        return Err(LedgerError::Newer { path: path.to_owned(), found, known });
    }
    if found < 1 {
        return Err(LedgerError::Corrupt { path: path.to_owned(), reason: "it has no schema".to_owned() });
    }
    Ok(())
}

/// Looks at every page; done where the last user did not close the ledger.
fn check_pages(connection: &Connection, path: &Path) -> Result<(), LedgerError> {
    let verdict: String = connection
        .query_row("PRAGMA quick_check(1)", [], |row| row.get(0))
        .map_err(|error| LedgerError::sqlite(path, error))?;
    if verdict == "ok" {
        return Ok(());
    }
    Err(LedgerError::Corrupt { path: path.to_owned(), reason: verdict })
}

fn prepare_writer(connection: &Connection, how: &How<'_>) -> rusqlite::Result<()> {
    let journal_mode = |mode: &str| {
        connection.pragma_update_and_check(None, "journal_mode", mode, |row| row.get::<_, String>(0))
    };
    // The log needs memory that processes share, which network file systems do not have.
    if !journal_mode("WAL").is_ok_and(|mode| mode == "wal") {
        journal_mode("DELETE")?;
    }
    connection.pragma_update(None, "synchronous", if how.durable { "FULL" } else { "OFF" })?;
    connection.pragma_update(None, "wal_autocheckpoint", CHECKPOINT_PAGES)?;
    connection.set_prepared_statement_cache_capacity(64);
    (how.prepare)(connection)
}

/// Writes something, so that a ledger that cannot be written is known now, and reads the salt.
fn probe(connection: &Connection, path: &Path) -> Result<[u8; 16], LedgerError> {
    let sqlite = |error| LedgerError::sqlite(path, error);
    connection
        .execute("INSERT OR REPLACE INTO meta (key, value) VALUES ('probe', randomblob(8))", [])
        .map_err(sqlite)?;
    connection.query_row("SELECT value FROM meta WHERE key = 'salt'", [], |row| row.get(0)).map_err(|error| {
        match error {
            rusqlite::Error::QueryReturnedNoRows => {
                LedgerError::Corrupt { path: path.to_owned(), reason: "it lost its salt".to_owned() }
            }
            error => LedgerError::sqlite(path, error),
        }
    })
}

pub(super) fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    PathBuf::from(name)
}

fn has_bytes(path: &Path) -> bool {
    fs::metadata(path).is_ok_and(|found| found.len() > 0)
}
