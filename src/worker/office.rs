//! Documents to PDF by LibreOffice: a fresh folder, a fresh profile and a fresh process for each.
//!
//! Nothing of one document is there for the next, and nothing is there that is worth stealing. Through a launcher (a
//! worker's program) it can neither connect nor read anybody's files; without one it has its empty environment only.
//! What lies in the folder afterwards is not believed: a name in it may be a link to the files of others.

use std::collections::BTreeSet;
use std::fs::{self, File, TryLockError};
use std::io::{self, Read, Seek, Write};
use std::os::unix::fs::MetadataExt;
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use docferry_converters::{ConvertError, Input, Meter, PartKind, Sink};
use rustix::fs::statvfs;
use rustix::process::{Pid, Signal, WaitId, WaitIdOptions, geteuid, kill_process_group, waitid};

use super::death::{Cause, Death};
use super::launch::{Launch, not_in_force};
use super::pool::Trouble;
use crate::model::source::OpenedFile;

/// How long a glance at the clock and at interrupts may be put off; a document takes seconds.
const GLANCE: Duration = Duration::from_millis(20);
/// How long the program may take to say its version.
const GREETING: Duration = Duration::from_secs(60);
/// What is read of what the program printed.
const SAID_BYTES: u64 = 64 << 10;
/// It computes on several threads.
const CORES: u64 = 4;
const CHUNK_BYTES: usize = 64 << 10;
/// A folder for temporary files with less room is why nothing came of a document: the profile alone takes some of it.
const ROOM_BYTES: u64 = 16 << 20;
/// How the folders begin, by which a later run knows those that a killed one left.
const PREFIX: &str = "docferry-pdf-";

/// Switches off macros and whatever a document would fetch.
const PROFILE: &str = r#"<?xml version="1.0" encoding="UTF-8"?>
<oor:items xmlns:oor="http://openoffice.org/2001/registry" xmlns:xs="http://www.w3.org/2001/XMLSchema" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">
<item oor:path="/org.openoffice.Office.Common/Security/Scripting"><prop oor:name="DisableMacrosExecution" oor:op="fuse"><value>true</value></prop></item>
<item oor:path="/org.openoffice.Office.Common/Security/Scripting"><prop oor:name="MacroSecurityLevel" oor:op="fuse"><value>3</value></prop></item>
<item oor:path="/org.openoffice.Office.Common/Security/Scripting"><prop oor:name="BlockUntrustedRefererLinks" oor:op="fuse"><value>true</value></prop></item>
</oor:items>
"#;

/// LibreOffice as it is installed here.
#[derive(Debug)]
pub struct Office {
    program: PathBuf,
    version: String,
    launcher: Option<PathBuf>,
    timeout: Duration,
    not_confined: Mutex<BTreeSet<String>>,
}

impl Office {
    /// Asks `program` for its version. With a launcher, each of its processes is confined by
    /// [`super::serve()`] before it starts.
    ///
    /// # Errors
    /// It cannot be started, or says nothing of an office.
    pub fn new(program: &Path, launcher: Option<&Path>, timeout: Duration) -> io::Result<Self> {
        let mut office = Self {
            program: program.to_owned(),
            version: String::new(),
            launcher: launcher.map(Path::to_owned),
            timeout,
            not_confined: Mutex::default(),
        };
        Place::clear();
        let place = Place::new()?;
        let until = Instant::now() + GREETING;
        let ran = office.run(&place, vec!["--version".into()], 1 << 20, &|| Instant::now() >= until)?;
        let said = ran.map(|ran| ran.said).unwrap_or_default();
        let version = said.lines().map(str::trim).find(|line| line.contains("Office") && !line.contains(':'));
        office.version =
            version.or_else(|| said.lines().find(|line| line.contains("LibreOffice"))).map_or_else(
                || Err(io::Error::other(format!("it does not say its version: {}", said.trim()))),
                |version| Ok(version.to_owned()),
            )?;
        Ok(office)
    }

    /// Returns its version as it says it.
    #[must_use]
    pub fn version(&self) -> &str {
        &self.version
    }

    /// Returns what a run file says of it.
    #[must_use]
    pub fn facts(&self) -> serde_json::Value {
        let not_confined = self.not_confined.lock().unwrap_or_else(PoisonError::into_inner);
        serde_json::json!({
            "version": self.version,
            "confined": self.launcher.is_some(),
            "not_confined": *not_confined,
        })
    }

    /// Makes a PDF of a document; `extension` says what it is. `meter` tells when to stop and bounds the PDF.
    ///
    /// # Errors
    /// [`Trouble`]; what `sink` got is to be thrown away.
    pub fn print(
        &self,
        extension: &str,
        input: &mut dyn Input,
        meter: &Meter,
        sink: &mut dyn Sink,
    ) -> Result<(), Trouble> {
        let stop = || meter.check_cancelled().is_err();
        let own = |e: io::Error| Trouble::Convert(ConvertError::Sink(e));
        let place = Place::new().map_err(own)?;
        let document = place.file(&format!("document.{extension}"));
        copy(input, &document, &stop)?;
        let largest = meter.limits().max_output_bytes.saturating_add(1 << 20);
        let args = ["--convert-to", "pdf", "--outdir"].map(Into::into).to_vec();
        let args = [args, vec![place.path().into(), document.into()]].concat();
        let ran = self.run(&place, args, largest, &stop).map_err(|e| {
            let message = format!("`{}` could not be started: {e}", self.program.display());
            Trouble::Unavailable(io::Error::other(message))
        })?;
        let ran = ran.ok_or(Trouble::Convert(ConvertError::Cancelled))?;
        // Whoever wrote it may have put a link or a FIFO there.
        if let Ok((made, pdf)) = OpenedFile::open(&place.file("document.pdf"), false) {
            // Beyond the limit, it was cut short: what is there says so.
            let too_large = made.size_bytes() > meter.limits().max_output_bytes;
            if too_large || (ran.status.success() && made.size_bytes() > 0) {
                return send(pdf, meter, sink).map_err(Trouble::Convert);
            }
        }
        match place.room_bytes() {
            Some(room) if room < ROOM_BYTES => Err(own(io::Error::new(
                io::ErrorKind::StorageFull,
                format!("the folder for temporary files has room for {room} bytes only"),
            ))),
            _ => Err(ran.trouble()),
        }
    }

    /// Runs it in a place of its own; `None` if it was told to stop. Whatever it started ends with it.
    fn run(
        &self,
        place: &Place,
        args: Vec<std::ffi::OsString>,
        file_bytes: u64,
        stop: &dyn Fn() -> bool,
    ) -> io::Result<Option<Ran>> {
        let profile = format!("-env:UserInstallation={}", place.url("profile")?);
        let quiet = ["--headless", "--norestore", "--nolockcheck", "--nodefault", "--nofirststartwizard"];
        let launch = Launch {
            folder: place.path().to_owned(),
            cpu_seconds: self.timeout.as_secs().saturating_add(1).saturating_mul(CORES),
            file_bytes,
            program: self.program.clone(),
            args: [vec![profile.into()], quiet.map(Into::into).to_vec(), args].concat(),
        };
        let mut command = match &self.launcher {
            Some(launcher) => {
                let mut command = Command::new(launcher);
                command.arg("worker").args(launch.to_args()).env_clear();
                command
            }
            None => launch.command(),
        };
        // It has no name: nobody can put something else there.
        let mut said = tempfile::tempfile_in(place.path())?;
        // The launcher ends it when this pipe does, however we end.
        command.stdin(if self.launcher.is_some() { Stdio::piped() } else { Stdio::null() });
        command.stdout(said.try_clone()?).stderr(said.try_clone()?);
        let mut group = Group(command.process_group(0).spawn()?);
        let Some(status) = group.wait(stop)? else {
            return Ok(None);
        };
        drop(group);
        let mut text = Vec::new();
        said.rewind()?;
        said.take(SAID_BYTES).read_to_end(&mut text)?;
        let said = String::from_utf8_lossy(&text).into_owned();
        let mut not_confined = self.not_confined.lock().unwrap_or_else(PoisonError::into_inner);
        not_confined.extend(not_in_force(&said).into_iter().map(str::to_owned));
        Ok(Some(Ran { status, said }))
    }
}

/// How it went.
struct Ran {
    status: ExitStatus,
    said: String,
}

impl Ran {
    /// Tells why there is no PDF.
    fn trouble(&self) -> Trouble {
        if self.said.contains("could not be loaded") {
            return Trouble::Convert(ConvertError::corrupt("the document", "LibreOffice cannot load it"));
        }
        let cause = match Cause::of(Some(self.status), "") {
            // The launcher, or a shell between, tells a signal so.
            Cause::Ended(Some(code)) if code > 128 => Cause::of(Some(ExitStatus::from_raw(code - 128)), ""),
            Cause::Ended(Some(0)) => Cause::Answer("no PDF".to_owned()),
            cause => cause,
        };
        Trouble::Death(Death { cause, served: 0 })
    }
}

/// A process and all that it starts.
struct Group(Child);

impl Group {
    /// Ends them all.
    fn kill(&self) {
        // An error says that they are gone, which is what is wanted.
        let _ = kill_process_group(Pid::from_child(&self.0), Signal::KILL);
    }

    fn wait(&mut self, stop: &dyn Fn() -> bool) -> io::Result<Option<ExitStatus>> {
        let id = Pid::from_child(&self.0);
        // Not yet taken note of, so that its number, which is the group's, is nobody else's meanwhile.
        let look = WaitIdOptions::EXITED | WaitIdOptions::NOHANG | WaitIdOptions::NOWAIT;
        loop {
            if waitid(WaitId::Pid(id), look)?.is_some() {
                self.kill();
                return self.0.wait().map(Some);
            }
            if stop() {
                return Ok(None);
            }
            std::thread::sleep(GLANCE);
        }
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        if matches!(self.0.try_wait(), Ok(None)) {
            self.kill();
            drop(self.0.wait());
        }
    }
}

/// A folder for one document, which goes with it. While it is in use it is locked, and the lock goes with the process.
struct Place {
    folder: tempfile::TempDir,
    _lock: Option<File>,
}

impl Place {
    fn new() -> io::Result<Self> {
        loop {
            let folder = tempfile::Builder::new().prefix(PREFIX).tempdir()?;
            let lock = lock(folder.path());
            // Another run that clears was quicker.
            if matches!(lock, Err(TryLockError::WouldBlock)) || !folder.path().try_exists()? {
                continue;
            }
            // Where nothing can be locked, nothing is cleared.
            let place = Self { folder, _lock: lock.ok() };
            let user = place.file("profile").join("user");
            fs::create_dir_all(&user)?;
            fs::write(user.join("registrymodifications.xcu"), PROFILE)?;
            return Ok(place);
        }
    }

    /// Removes what killed runs left: folders of this user that nobody holds.
    fn clear() {
        let found = fs::read_dir(std::env::temp_dir()).into_iter().flatten().flatten();
        let ours = |name: &std::ffi::OsStr| name.as_encoded_bytes().starts_with(PREFIX.as_bytes());
        for folder in found.filter(|found| ours(&found.file_name())) {
            // Of the link itself, not of what it leads to.
            let own = folder.metadata().is_ok_and(|it| it.is_dir() && it.uid() == geteuid().as_raw());
            if own && let Ok(_lock) = lock(&folder.path()) {
                // What cannot be removed now may be next time.
                drop(fs::remove_dir_all(folder.path()));
            }
        }
    }

    fn path(&self) -> &Path {
        self.folder.path()
    }

    /// Returns what can still be written where it is.
    fn room_bytes(&self) -> Option<u64> {
        let room = statvfs(self.path()).ok()?;
        Some(room.f_bavail.saturating_mul(room.f_frsize))
    }

    fn file(&self, name: &str) -> PathBuf {
        self.path().join(name)
    }

    fn url(&self, name: &str) -> io::Result<String> {
        let url = url::Url::from_file_path(self.file(name));
        url.map(String::from)
            .map_err(|()| io::Error::other("the folder for temporary files has no absolute path"))
    }
}

/// Takes hold of a folder for as long as this process lives.
fn lock(folder: &Path) -> Result<File, TryLockError> {
    let lock = File::open(folder).map_err(TryLockError::Error)?;
    lock.try_lock()?;
    Ok(lock)
}

fn copy(input: &mut dyn Input, to: &Path, stop: &dyn Fn() -> bool) -> Result<(), Trouble> {
    let own = |e: io::Error| Trouble::Convert(ConvertError::Sink(e));
    let mut file = File::create(to).map_err(own)?;
    let mut chunk = vec![0; CHUNK_BYTES];
    loop {
        let n = input.read(&mut chunk).map_err(|e| Trouble::Convert(ConvertError::Io(e)))?;
        if n == 0 {
            return Ok(());
        }
        file.write_all(chunk.get(..n).unwrap_or_default()).map_err(own)?;
        if stop() {
            return Err(Trouble::Convert(ConvertError::Cancelled));
        }
    }
}

fn send(mut pdf: File, meter: &Meter, sink: &mut dyn Sink) -> Result<(), ConvertError> {
    sink.begin_part(None, PartKind::Pdf).map_err(ConvertError::Sink)?;
    let mut chunk = vec![0; CHUNK_BYTES];
    loop {
        let n = pdf.read(&mut chunk).map_err(ConvertError::Sink)?;
        if n == 0 {
            return Ok(());
        }
        meter.write(sink, chunk.get(..n).unwrap_or_default())?;
    }
}
