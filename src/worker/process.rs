//! One worker process as its parent sees it: started, spoken to with a deadline, killed, waited for.
//!
//! Pipes do not block here, so that a worker that neither reads nor answers holds nobody up longer than a glance at
//! the clock takes.

use std::fmt;
use std::fs;
use std::io::{self, Read, Write};
use std::os::fd::AsFd;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, ChildStderr, ChildStdin, ChildStdout, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fs::{OFlags, fcntl_getfl, fcntl_setfl};

use super::ServeOptions;
use super::death::Cause;
use super::protocol::{CHUNK_BYTES, Confinement, Frame, Hello, Kind, PROTOCOL, broken, take_frame};

/// How long a glance at the deadline and at interrupts may be put off.
const GLANCE: Timespec = Timespec { tv_sec: 0, tv_nsec: 50_000_000 };
/// What is kept of standard error: the runtime's last words.
const SAID_BYTES: usize = 4 << 10;
/// How long a process whose pipes are closed may take to be gone, so that its own signal is seen.
const DYING: Duration = Duration::from_secs(2);

/// Why a conversation ended early.
#[derive(Debug)]
pub(super) enum Broken {
    /// The caller wants to stop: a deadline or an interrupt.
    Stopped,
    /// The worker is gone, or makes no sense.
    Dead(Option<io::Error>),
}

pub(super) struct Process {
    child: Child,
    input: ChildStdin,
    output: ChildStdout,
    errors: ChildStderr,
    arrived: Vec<u8>,
    said: Vec<u8>,
    /// How many documents it has converted.
    pub(super) served: u64,
}

impl fmt::Debug for Process {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Process").field("id", &self.child.id()).field("served", &self.served).finish()
    }
}

impl Process {
    /// Starts a worker: no environment, no descriptors beyond three pipes, no terminal's signals.
    pub(super) fn start(program: &Path, options: &ServeOptions) -> io::Result<Self> {
        let mut child = Command::new(program)
            .arg("worker")
            .args(options.to_args())
            .env_clear()
            .current_dir("/")
            .process_group(0)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()?;
        let pipes = (child.stdin.take(), child.stdout.take(), child.stderr.take());
        let (Some(input), Some(output), Some(errors)) = pipes else {
            end(&mut child);
            return Err(io::Error::other("a process without pipes"));
        };
        let process = Self { child, input, output, errors, arrived: Vec::new(), said: Vec::new(), served: 0 };
        unblock(&process.input)?;
        unblock(&process.output)?;
        unblock(&process.errors)?;
        Ok(process)
    }

    /// Waits for its first words and returns what it gave up.
    pub(super) fn greet(&mut self, stop: &dyn Fn() -> bool) -> Result<Confinement, Broken> {
        let frame = self.receive(stop)?;
        let hello: Hello = frame.facts(Kind::Hello).map_err(|e| Broken::Dead(Some(e)))?;
        if (hello.protocol, hello.version.as_str()) != (PROTOCOL, env!("CARGO_PKG_VERSION")) {
            let error = broken(format!("version {} of docferry, protocol {}", hello.version, hello.protocol));
            return Err(Broken::Dead(Some(error)));
        }
        Ok(hello.confinement)
    }

    /// Tells whether it is still there.
    pub(super) fn is_alive(&mut self) -> bool {
        matches!(self.child.try_wait(), Ok(None))
    }

    /// Sends bytes of a frame.
    pub(super) fn send(&mut self, mut bytes: &[u8], stop: &dyn Fn() -> bool) -> Result<(), Broken> {
        while !bytes.is_empty() {
            match self.input.write(bytes) {
                Ok(n) => bytes = bytes.get(n..).unwrap_or_default(),
                Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
                Err(e) if e.kind() == io::ErrorKind::WouldBlock => self.wait(true, stop)?,
                Err(_) => return Err(Broken::Dead(None)),
            }
        }
        Ok(())
    }

    /// Waits for a frame.
    pub(super) fn receive(&mut self, stop: &dyn Fn() -> bool) -> Result<Frame, Broken> {
        let mut chunk = [0; CHUNK_BYTES];
        loop {
            if let Some(frame) = take_frame(&mut self.arrived).map_err(|e| Broken::Dead(Some(e)))? {
                return Ok(frame);
            }
            match self.output.read(&mut chunk) {
                Ok(0) => return Err(Broken::Dead(None)),
                Ok(n) => self.arrived.extend_from_slice(chunk.get(..n).unwrap_or_default()),
                Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
                Err(e) if e.kind() == io::ErrorKind::WouldBlock => self.wait(false, stop)?,
                Err(_) => return Err(Broken::Dead(None)),
            }
        }
    }

    /// Tells whether nothing has come that was not asked for.
    pub(super) fn is_quiet(&self) -> bool {
        self.arrived.is_empty()
    }

    /// Waits until it reads, or until it answers, or for a short while.
    fn wait(&mut self, to_send: bool, stop: &dyn Fn() -> bool) -> Result<(), Broken> {
        if stop() {
            return Err(Broken::Stopped);
        }
        let (on, what) = match to_send {
            true => (self.input.as_fd(), PollFlags::OUT),
            false => (self.output.as_fd(), PollFlags::IN),
        };
        let mut pipes = [PollFd::from_borrowed_fd(on, what), PollFd::new(&self.errors, PollFlags::IN)];
        match poll(&mut pipes, Some(&GLANCE)) {
            Ok(_) | Err(rustix::io::Errno::INTR) => {}
            Err(e) => return Err(Broken::Dead(Some(e.into()))),
        }
        let says = pipes.get(1).is_some_and(|pipe| pipe.revents().contains(PollFlags::IN));
        if says {
            self.listen();
        }
        Ok(())
    }

    /// Reads what it wrote to standard error, and keeps the end of it.
    fn listen(&mut self) {
        let mut chunk = [0; SAID_BYTES];
        // At most so often, lest it be talked to without end.
        for _ in 0..16 {
            match self.errors.read(&mut chunk) {
                Ok(n) if n > 0 => self.said.extend_from_slice(chunk.get(..n).unwrap_or_default()),
                _ => break,
            }
        }
        let surplus = self.said.len().saturating_sub(SAID_BYTES);
        self.said.drain(..surplus);
    }

    /// Returns the memory that it holds, where the system tells.
    pub(super) fn resident_bytes(&self) -> Option<u64> {
        let status = fs::read_to_string(format!("/proc/{}/status", self.child.id())).ok()?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
        let kilobytes: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
        Some(kilobytes << 10)
    }

    /// Ends it because something went wrong with it, and says what.
    pub(super) fn bury(mut self, error: Option<io::Error>) -> Cause {
        if let Some(error) = error {
            return Cause::Answer(error.to_string());
        }
        let status = self.last_status();
        self.listen();
        Cause::of(status, &String::from_utf8_lossy(&self.said))
    }

    /// Returns what it wrote to standard error at last, for people.
    pub(super) fn last_words(&mut self) -> String {
        self.listen();
        String::from_utf8_lossy(&self.said).trim().to_owned()
    }

    fn last_status(&mut self) -> Option<ExitStatus> {
        let until = Instant::now() + DYING;
        while Instant::now() < until {
            match self.child.try_wait() {
                Ok(None) => std::thread::sleep(Duration::from_millis(2)),
                Ok(Some(status)) => return Some(status),
                Err(_) => return None,
            }
        }
        None
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        end(&mut self.child);
    }
}

/// Kills a process and waits for it: none is left behind. It holds nothing that must be saved.
fn end(child: &mut Child) {
    drop(child.kill());
    drop(child.wait());
}

fn unblock(pipe: &impl AsFd) -> io::Result<()> {
    let flags = fcntl_getfl(pipe)?;
    Ok(fcntl_setfl(pipe, flags | OFlags::NONBLOCK)?)
}
