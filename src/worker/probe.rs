//! `worker --probe`: tries from inside what a worker must not be able to do, and says how that went.

use std::io::{self, Write};
use std::net::{Ipv4Addr, TcpStream, UdpSocket};
use std::os::unix::net::UnixStream;

use super::protocol::Confinement;

/// More than the default limit lets a worker reserve.
const TOO_MUCH: usize = 3 << 30;

/// Tries everything and prints a line for each.
///
/// # Errors
/// Something was possible.
pub(super) fn run(confinement: &Confinement, out: &mut dyn Write) -> io::Result<()> {
    let mut possible = 0;
    for (what, attempt) in ATTEMPTS {
        match attempt() {
            Err(why) => writeln!(out, "{what}: refused ({why})")?,
            Ok(()) => {
                possible += 1;
                writeln!(out, "{what}: POSSIBLE")?;
            }
        }
    }
    for what in &confinement.applied {
        writeln!(out, "in force: {what}")?;
    }
    for missing in &confinement.missing {
        writeln!(out, "not in force: {} ({})", missing.what, missing.why)?;
    }
    match possible {
        0 => Ok(()),
        n => Err(io::Error::other(format!("{n} things are possible that must not be"))),
    }
}

type Attempt = fn() -> Result<(), String>;

const ATTEMPTS: &[(&str, Attempt)] = &[
    ("open a file", || of(std::fs::File::open("/etc/passwd"))),
    ("make a file", || of(tempfile::tempfile())),
    ("list a folder", || of(std::fs::read_dir("/"))),
    ("connect", || of(TcpStream::connect((Ipv4Addr::LOCALHOST, 9)))),
    ("connect to a socket of this machine", || of(UnixStream::connect("/run/systemd/notify"))),
    ("make a socket", || of(UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)))),
    ("run a program", || of(std::process::Command::new("/bin/true").status())),
    ("start a thread", || of(std::thread::Builder::new().spawn(|| {}))),
    ("signal another process", || {
        let init = rustix::process::Pid::INIT;
        of(rustix::process::test_kill_process(init).map_err(io::Error::from))
    }),
    ("reserve 3 GiB", || Vec::<u8>::new().try_reserve_exact(TOO_MUCH).map_err(|e| e.to_string())),
];

fn of<T>(result: io::Result<T>) -> Result<(), String> {
    result.map(drop).map_err(|e| e.to_string())
}
