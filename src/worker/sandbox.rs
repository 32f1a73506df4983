//! What a worker gives up before it reads a document: memory beyond its limit, files, network, processes.
//!
//! Everything is tried and nothing is required: what a system does not have is told to the parent, which writes it
//! into the run file. The memory limit is the one that matters for stability; the others for what hostile input could
//! make a foreign parser do.

use std::os::fd::RawFd;

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

use super::protocol::{Confinement, Missing};

/// The descriptors that a worker keeps.
#[derive(Debug, Clone, Copy)]
pub(super) struct Kept {
    pub(super) input: RawFd,
    pub(super) output: RawFd,
    /// The file for large documents, which has no name.
    pub(super) scratch: Option<RawFd>,
}

impl Confinement {
    pub(super) fn note<E: std::fmt::Display>(&mut self, what: &str, result: Result<(), E>) {
        match result {
            Ok(()) => self.applied.push(what.to_owned()),
            Err(e) => self.missing.push(Missing { what: what.to_owned(), why: e.to_string() }),
        }
    }
}

/// Bounds this process and closes files to it. To be called before any other thread is started.
pub(super) fn confine_process(memory_bytes: u64, file_bytes: u64) -> Confinement {
    let mut done = Confinement::default();
    done.note("core dumps", limit(Resource::Core, 0));
    done.note("file size", limit(Resource::Fsize, file_bytes));
    #[cfg(target_os = "linux")]
    linux::confine_process(&mut done);
    done.note("memory", limit(Resource::As, memory_bytes));
    done
}

/// Takes from all threads whatever is not needed to convert. To be called when nothing further is to be opened.
pub(super) fn confine_threads(done: &mut Confinement, kept: Kept) {
    done.note("descriptors", limit(Resource::Nofile, 0));
    done.note("processes", limit(Resource::Nproc, 0));
    #[cfg(target_os = "linux")]
    done.note("system calls", linux::filter(kept));
    #[cfg(not(target_os = "linux"))]
    {
        let Kept { input: _, output: _, scratch: _ } = kept;
        done.note("files, network, system calls", Err("this system has no landlock and no seccomp"));
    }
}

/// Sets a limit for good; one that is already lower stays.
pub(super) fn limit(resource: Resource, value: u64) -> Result<(), rustix::io::Errno> {
    let value = getrlimit(resource).maximum.map_or(value, |maximum| maximum.min(value));
    setrlimit(resource, Rlimit { current: Some(value), maximum: Some(value) })
}

#[cfg(target_os = "linux")]
pub(super) use linux::confine_program;

#[cfg(target_os = "linux")]
mod linux {
    use std::collections::BTreeMap;

    use std::path::Path;

    use landlock::{
        ABI, Access, AccessFs, AccessNet, RestrictionStatus, Ruleset, RulesetAttr, RulesetCreatedAttr,
        RulesetStatus, Scope, path_beneath_rules,
    };
    use rustix::process::{DumpableBehavior, Signal, set_dumpable_behavior, set_parent_process_death_signal};
    use rustix::thread::set_no_new_privs;
    use seccompiler::{
        BpfProgram, SeccompAction, SeccompCmpArgLen, SeccompCmpOp, SeccompCondition, SeccompFilter,
        SeccompRule, apply_filter_all_threads,
    };

    use super::{Confinement, Kept};

    /// The newest rules that are asked for; an older kernel enforces those that it knows.
    const LANDLOCK: ABI = ABI::V6;

    pub(super) fn confine_process(done: &mut Confinement) {
        // End of standard input ends a worker as well, but only one that reads.
        done.note("death with its parent", set_parent_process_death_signal(Some(Signal::KILL)));
        done.note("memory unseen by others", set_dumpable_behavior(DumpableBehavior::NotDumpable));
        done.note("no new privileges", set_no_new_privs(true));
        done.note("files and network", deny_all());
    }

    /// Denies every access that landlock knows, with no exception.
    fn deny_all() -> Result<(), String> {
        let status = everything().and_then(landlock::RulesetCreated::restrict_self);
        judge(status.map_err(|e| e.to_string())?)
    }

    /// Makes rules that deny everything so far.
    fn everything() -> Result<landlock::RulesetCreated, landlock::RulesetError> {
        Ruleset::default()
            .handle_access(AccessFs::from_all(LANDLOCK))?
            .handle_access(AccessNet::from_all(LANDLOCK))?
            .scope(Scope::from_all(LANDLOCK))?
            .create()
    }

    #[expect(clippy::needless_pass_by_value, reason = "a link of a chain")]
    fn judge(status: RestrictionStatus) -> Result<(), String> {
        match status.ruleset {
            RulesetStatus::FullyEnforced => Ok(()),
            RulesetStatus::PartiallyEnforced => {
                Err("the kernel knows a part of it, which is in force".into())
            }
            RulesetStatus::NotEnforced => Err("the kernel has no landlock".into()),
        }
    }

    /// What a program may read and run besides its own folder: the system, but nobody's files and no settings that
    /// could hold a secret.
    const SYSTEM: &[&str] = &[
        "/usr",
        "/bin",
        "/lib",
        "/lib64",
        "/nix/store",
        "/etc/fonts",
        "/etc/libreoffice",
        "/etc/ld.so.cache",
        "/etc/localtime",
        "/var/cache/fontconfig",
        "/var/lib/libreoffice",
        "/var/spool/libreoffice",
        "/dev/urandom",
    ];

    /// Confines this process before it starts `program`, which may write `folder` only and connect nowhere.
    pub(in super::super) fn confine_program(done: &mut Confinement, program: &Path, folder: &Path) {
        // No signal at its parent's death: it must live long enough to end what it started.
        done.note("no new privileges", set_no_new_privs(true));
        done.note("files and network", read_system_write(program, folder));
        done.note("connections", refuse_connections());
    }

    fn read_system_write(program: &Path, folder: &Path) -> Result<(), String> {
        // A program in a folder of its own brings its files along: PLACE/program/soffice.
        let own = program.canonicalize().ok();
        let own = own.as_deref().and_then(Path::parent).and_then(Path::parent);
        let own = own.filter(|place| place.parent().is_some());
        let read = AccessFs::from_read(LANDLOCK);
        let status = everything()
            .and_then(|rules| rules.add_rules(path_beneath_rules(SYSTEM, read)))
            .and_then(|rules| rules.add_rules(path_beneath_rules(own, read)))
            .and_then(|rules| rules.add_rules(path_beneath_rules([folder], AccessFs::from_all(LANDLOCK))))
            .and_then(|rules| {
                let null = AccessFs::ReadFile | AccessFs::WriteFile;
                rules.add_rules(path_beneath_rules(["/dev/null"], null))
            })
            .and_then(|rules| {
                // LibreOffice makes a socket there, whatever TMPDIR says, and removes it at the end.
                let socket = AccessFs::MakeSock | AccessFs::RemoveFile;
                rules.add_rules(path_beneath_rules(["/tmp", "/var/tmp"], socket))
            })
            .and_then(landlock::RulesetCreated::restrict_self);
        judge(status.map_err(|e| e.to_string())?)
    }

    /// Refuses sockets that reach further than this machine, all connecting, looking into other processes, and
    /// leaving the group.
    fn refuse_connections() -> Result<(), String> {
        let local = u64::from(libc::AF_UNIX.unsigned_abs());
        let made = SeccompCondition::new(0, SeccompCmpArgLen::Dword, SeccompCmpOp::Ne, local)
            .and_then(|remote| SeccompRule::new(vec![remote]))
            .map(|remote| {
                let mut rules: Rules = REFUSED.iter().map(|call| (*call, Vec::new())).collect();
                rules.insert(libc::SYS_socket, vec![remote]);
                rules
            });
        install(made, SeccompAction::Allow, refusal())
    }

    /// Refused whatever their arguments.
    const REFUSED: &[i64] = &[
        libc::SYS_connect,
        libc::SYS_io_uring_setup,
        libc::SYS_ptrace,
        libc::SYS_process_vm_readv,
        libc::SYS_process_vm_writev,
        libc::SYS_bpf,
        libc::SYS_keyctl,
        libc::SYS_add_key,
        libc::SYS_mount,
        libc::SYS_unshare,
        libc::SYS_setns,
        // Whoever left the group would outlive the run.
        libc::SYS_setsid,
        libc::SYS_setpgid,
    ];

    fn refusal() -> SeccompAction {
        SeccompAction::Errno(libc::EPERM.unsigned_abs())
    }

    fn install(
        rules: Result<Rules, seccompiler::BackendError>,
        otherwise: SeccompAction,
        matched: SeccompAction,
    ) -> Result<(), String> {
        let arch = std::env::consts::ARCH.try_into().map_err(|_| "unknown processor".to_owned())?;
        let made = rules.and_then(|rules| SeccompFilter::new(rules, otherwise, matched, arch));
        let program: BpfProgram =
            made.and_then(TryInto::try_into).map_err(|e: seccompiler::BackendError| e.to_string())?;
        apply_filter_all_threads(&program).map_err(|e| e.to_string())
    }

    /// Refuses every system call but those that computing on what is already open takes.
    pub(super) fn filter(kept: Kept) -> Result<(), String> {
        install(rules(kept), refusal(), SeccompAction::Allow)
    }

    /// Allowed whatever their arguments: memory, locks, signals to itself by the runtime, time, chance, the end.
    const FREE: &[i64] = &[
        libc::SYS_brk,
        libc::SYS_munmap,
        libc::SYS_mremap,
        libc::SYS_madvise,
        libc::SYS_futex,
        libc::SYS_membarrier,
        libc::SYS_rseq,
        libc::SYS_set_robust_list,
        libc::SYS_sched_yield,
        libc::SYS_sched_getaffinity,
        libc::SYS_rt_sigaction,
        libc::SYS_rt_sigprocmask,
        libc::SYS_rt_sigreturn,
        libc::SYS_sigaltstack,
        libc::SYS_restart_syscall,
        libc::SYS_gettid,
        libc::SYS_getpid,
        libc::SYS_clock_gettime,
        libc::SYS_clock_nanosleep,
        libc::SYS_nanosleep,
        libc::SYS_getrandom,
        libc::SYS_close,
        libc::SYS_exit,
        libc::SYS_exit_group,
    ];

    type Rules = BTreeMap<i64, Vec<SeccompRule>>;

    fn rules(kept: Kept) -> Result<Rules, seccompiler::BackendError> {
        let mut rules: Rules = FREE.iter().map(|call| (*call, Vec::new())).collect();
        let scratch = kept.scratch.into_iter();
        // A descriptor that an ancestor left open is of no use.
        rules.insert(libc::SYS_read, first_is([kept.input].into_iter().chain(scratch.clone()))?);
        rules.insert(
            libc::SYS_write,
            first_is([kept.output, libc::STDERR_FILENO].into_iter().chain(scratch.clone()))?,
        );
        if kept.scratch.is_some() {
            rules.insert(libc::SYS_lseek, first_is(scratch.clone())?);
            rules.insert(libc::SYS_ftruncate, first_is(scratch)?);
        }
        let anonymous = u64::from(libc::MAP_ANONYMOUS.unsigned_abs());
        let exec = u64::from(libc::PROT_EXEC.unsigned_abs());
        let is = |at, mask, value| {
            SeccompCondition::new(at, SeccompCmpArgLen::Dword, SeccompCmpOp::MaskedEq(mask), value)
        };
        // Memory, but neither a file's nor code.
        rules.insert(
            libc::SYS_mmap,
            vec![SeccompRule::new(vec![is(2, exec, 0)?, is(3, anonymous, anonymous)?])?],
        );
        rules.insert(libc::SYS_mprotect, vec![SeccompRule::new(vec![is(2, exec, 0)?])?]);
        // The runtime aborts by a signal to itself.
        let own = u64::from(std::process::id());
        let to_itself = SeccompCondition::new(0, SeccompCmpArgLen::Dword, SeccompCmpOp::Eq, own)?;
        rules.insert(libc::SYS_tgkill, vec![SeccompRule::new(vec![to_itself])?]);
        Ok(rules)
    }

    /// Matches a call whose first argument is one of `values`.
    fn first_is(values: impl Iterator<Item = i32>) -> Result<Vec<SeccompRule>, seccompiler::BackendError> {
        values
            .map(|fd| {
                let value = u64::from(fd.unsigned_abs());
                let is = SeccompCondition::new(0, SeccompCmpArgLen::Dword, SeccompCmpOp::Eq, value)?;
                SeccompRule::new(vec![is])
            })
            .collect()
    }
}
