//! Child processes that never outlive the guard which owns them.

use std::fs::File;
use std::io;
use std::os::unix::process::ExitStatusExt as _;
use std::path::Path;
use std::process::{ExitCode, ExitStatus, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process, kill_process_group};
use tokio::process::{Child, Command};

use crate::programs;

/// How long a process may take to stop when asked before it is killed.
const GRACE: Duration = Duration::from_secs(5);

/// A running process; dropping it stops the process and waits until it is gone.
pub(crate) struct Running {
    name: String,
    child: Child,
    stop: Signal,
    scope: Scope,
}

/// Who is told to stop.
#[derive(Clone, Copy)]
enum Scope {
    /// The process alone, which takes its own children along.
    Process,
    /// Everything in the process group that it leads.
    Group,
}

impl Running {
    /// Starts a server that logs to the end of `log` and stops on the signal `stop`.
    pub(crate) fn spawn_server(
        name: &str,
        command: &mut Command,
        stop: Signal,
        log: &Path,
    ) -> io::Result<Self> {
        let file = File::options().create(true).append(true).open(log)?;
        command
            .stdin(Stdio::null())
            .stdout(file.try_clone()?)
            .stderr(file);
        Self::spawn(name, command, stop, Scope::Process)
    }

    /// Starts a tool whose children must stop with it.
    pub(crate) fn spawn_group(name: &str, command: &mut Command) -> io::Result<Self> {
        Self::spawn(name, command, Signal::TERM, Scope::Group)
    }

    fn spawn(name: &str, command: &mut Command, stop: Signal, scope: Scope) -> io::Result<Self> {
        // A group of its own: Ctrl-C must reach us alone, so that servers outlive the tests that talk to them.
        let child = command
            .process_group(0)
            .spawn()
            .map_err(|error| io::Error::new(error.kind(), format!("cannot start {name}: {error}")))?;
        Ok(Self {
            name: name.to_owned(),
            child,
            stop,
            scope,
        })
    }

    /// The process's id, while it runs.
    pub(crate) fn id(&self) -> Option<u32> {
        self.child.id()
    }

    /// Waits until the process ends by itself.
    pub(crate) async fn wait(mut self) -> io::Result<ExitStatus> {
        self.child.wait().await
    }

    /// Waits until the process ends, which someone has asked it to.
    pub(crate) async fn ended(&mut self) -> io::Result<ExitStatus> {
        self.child.wait().await
    }

    /// Fails when the process has ended, naming it and how it went.
    pub(crate) fn check_alive(&mut self) -> io::Result<()> {
        match self.child.try_wait()? {
            Some(status) => Err(io::Error::other(format!("{} ended early ({status})", self.name))),
            None => Ok(()),
        }
    }

    pub(crate) fn signal(&self, signal: Signal) {
        let Some(pid) = self
            .child
            .id()
            .and_then(|id| i32::try_from(id).ok())
            .and_then(Pid::from_raw)
        else {
            return;
        };
        // It may have ended in the meantime, which is what was wanted.
        let _ = match self.scope {
            Scope::Process => kill_process(pid, signal),
            Scope::Group => kill_process_group(pid, signal),
        };
    }

    fn gone_within(&mut self, limit: Duration) -> bool {
        let deadline = Instant::now() + limit;
        loop {
            match self.child.try_wait() {
                Ok(None) if Instant::now() < deadline => sleep(Duration::from_millis(10)),
                Ok(None) => return false,
                Ok(Some(_)) | Err(_) => return true,
            }
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.signal(self.stop);
        // One that is held hears nothing.
        self.signal(Signal::CONT);
        if !self.gone_within(GRACE) {
            self.signal(Signal::KILL);
            self.gone_within(GRACE);
        }
    }
}

/// A command that the kernel also stops when we are killed without a chance to clean up, where it can.
pub(crate) fn tied_to_us(program: &Path, signal_name: &str) -> Command {
    match programs::find(&["setpriv"]).filter(|_| cfg!(target_os = "linux")) {
        Some(setpriv) => {
            let mut command = Command::new(setpriv);
            command.args(["--pdeathsig", signal_name, "--"]).arg(program);
            command
        }
        None => Command::new(program),
    }
}

/// The exit code that stands for how a process ended, as a shell gives it.
pub(crate) fn exit_code(status: ExitStatus) -> ExitCode {
    let code = status
        .code()
        .or_else(|| status.signal().map(|signal| 128 + signal));
    ExitCode::from(code.and_then(|code| u8::try_from(code).ok()).unwrap_or(1))
}
