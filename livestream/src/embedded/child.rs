//! A child process that never outlives us, and is started again when it dies before its time.

use std::ffi::OsString;
use std::path::PathBuf;
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use anyhow::{Context as _, bail};
use rustix::process::{Pid, Signal, kill_process};
use tokio::process::Command;
use tracing::{error, info, warn};

/// How to start it. Kept, so that it can be started again.
#[derive(Debug, Clone)]
pub(crate) struct Recipe {
    /// What it is called in logs.
    pub(crate) name: &'static str,
    pub(crate) program: PathBuf,
    pub(crate) arguments: Vec<OsString>,
    pub(crate) folder: PathBuf,
    pub(crate) log: PathBuf,
    /// The user it runs as, when we are root and it refuses to be.
    pub(crate) user: Option<&'static str>,
    /// The signal by which it ends in an orderly way, however many are connected.
    pub(crate) ends_by: Signal,
}

/// How long a child may take to end before it is killed.
const GOODBYE: Duration = Duration::from_secs(15);
/// How long to wait before a child that died is started again.
const RESTART_DELAY: Duration = Duration::from_millis(500);

impl Recipe {
    /// The command. `setpriv` makes the kernel end the child when we die, `kill -9` included. A group of its own
    /// keeps a terminal's Ctrl-C from ending it before we have finished with it.
    pub(crate) fn command(&self) -> Command {
        let mut command = Command::new("setpriv");
        if let Some(user) = self.user {
            // Without this capability a private folder above ours, such as root's home, would be closed to it.
            let reach = ["--inh-caps=+dac_read_search", "--ambient-caps=+dac_read_search", "--clear-groups"];
            command.args([format!("--reuid={user}"), format!("--regid={user}")]).args(reach);
        }
        let signal = if self.ends_by == Signal::INT { "INT" } else { "TERM" };
        command.args(["--pdeathsig", signal, "--"]).arg(&self.program).args(&self.arguments);
        command.current_dir(&self.folder).process_group(0).stdin(Stdio::null());
        command
    }

    fn spawn(&self) -> anyhow::Result<tokio::process::Child> {
        let log = std::fs::OpenOptions::new()
            .create(true)
            .append(true)
            .open(&self.log)
            .with_context(|| format!("cannot write the log {}", self.log.display()))?;
        let errors = log.try_clone()?;
        self.command()
            .stdout(log)
            .stderr(errors)
            .spawn()
            .with_context(|| format!("cannot start {}", self.program.display()))
    }

    /// Starts it.
    pub(crate) fn start(self) -> anyhow::Result<Child> {
        let process = self.spawn()?;
        Ok(Child { recipe: self, process })
    }
}

/// A running child.
#[derive(Debug)]
pub(crate) struct Child {
    recipe: Recipe,
    process: tokio::process::Child,
}

impl Child {
    /// Fails when it has ended already, with the end of its log.
    pub(crate) fn must_run(&mut self) -> anyhow::Result<()> {
        if let Some(status) = self.process.try_wait()? {
            let log = std::fs::read_to_string(&self.recipe.log).unwrap_or_default();
            let lines: Vec<&str> = log.lines().collect();
            let tail = lines[lines.len().saturating_sub(8)..].join("\n  ");
            bail!(
                "{} ended with {status}; its log {} ends with:\n  {tail}",
                self.recipe.name,
                self.recipe.log.display()
            );
        }
        Ok(())
    }

    /// Watches it for ever, and starts it again whenever it dies. Call on the main thread.
    pub(crate) async fn keep_running(&mut self) -> std::convert::Infallible {
        loop {
            let status = self.process.wait().await;
            let name = self.recipe.name;
            error!("the private {name} ended by itself ({}); starting it again", describe(status));
            tokio::time::sleep(RESTART_DELAY).await;
            match self.recipe.spawn() {
                Ok(process) => {
                    self.process = process;
                    info!("the private {name} runs again");
                }
                Err(error) => error!("the private {name} cannot be started: {error:#}"),
            }
        }
    }

    /// Ends it in an orderly way, or by force after a while.
    pub(crate) async fn stop(mut self) {
        let name = self.recipe.name;
        let Some(pid) = self.process.id().and_then(|id| Pid::from_raw(id.cast_signed())) else {
            return;
        };
        let _ = kill_process(pid, self.recipe.ends_by);
        if tokio::time::timeout(GOODBYE, self.process.wait()).await.is_err() {
            warn!("the private {name} did not end within {} s; killing it", GOODBYE.as_secs());
            let _ = self.process.kill().await;
        }
    }
}

fn describe(status: std::io::Result<ExitStatus>) -> String {
    status.map_or_else(|error| error.to_string(), |status| status.to_string())
}

/// Ends a process that a killed predecessor of ours left behind: `pid` counts only if it still runs `program` in
/// `folder`, since numbers are used again.
pub(crate) async fn end_orphan(pid: i32, program: &str, folder: &std::path::Path, by: Signal) -> anyhow::Result<()> {
    let Some(process) = Pid::from_raw(pid) else { return Ok(()) };
    if !is_ours(pid, program, folder) {
        return Ok(());
    }
    info!("ending the private {program} that an earlier run left behind (process {pid})");
    let _ = kill_process(process, by);
    let deadline = tokio::time::Instant::now() + GOODBYE;
    while is_ours(pid, program, folder) {
        if tokio::time::Instant::now() > deadline {
            bail!("{program} of an earlier run (process {pid}) does not end; end it by hand");
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    Ok(())
}

fn is_ours(pid: i32, program: &str, folder: &std::path::Path) -> bool {
    let name = std::fs::read_to_string(format!("/proc/{pid}/comm")).unwrap_or_default();
    let cwd = std::fs::read_link(format!("/proc/{pid}/cwd")).unwrap_or_default();
    name.trim() == program && cwd == folder
}

/// Waits until no process works in `folder`: the helpers of a server that was killed end by themselves, soon.
pub(crate) async fn until_deserted(folder: &std::path::Path) -> anyhow::Result<()> {
    let deadline = tokio::time::Instant::now() + GOODBYE;
    while is_worked_in(folder)? {
        if tokio::time::Instant::now() > deadline {
            bail!("a process of an earlier run still works in {}; end it by hand", folder.display());
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    Ok(())
}

/// A dead process that nobody has fetched works nowhere.
fn is_worked_in(folder: &std::path::Path) -> std::io::Result<bool> {
    let mut processes = std::fs::read_dir("/proc")?.filter_map(Result::ok);
    Ok(processes.any(|process| std::fs::read_link(process.path().join("cwd")).is_ok_and(|cwd| cwd == folder)))
}
