//! One running installation in a temporary folder, on free ports.

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use anyhow::{Context as _, bail};
use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::process::{Child, Command};
use tokio::time::Instant;

/// How long a start may take: a new Postgres cluster, on a busy machine, in a debug build.
const START_DEADLINE: Duration = Duration::from_secs(60);
/// How long a stop may take.
const STOP_DEADLINE: Duration = Duration::from_secs(40);

/// A running `livestream`. Dropped, it is killed together with what it started.
#[derive(Debug)]
pub struct Instance {
    folder: TempDir,
    role: &'static str,
    process: Child,
    /// Its address, as printed.
    pub url: String,
    settings: Vec<(String, String)>,
}

impl Instance {
    /// Starts one on the embedded defaults, with settings such as `("STREAMS__GRACE_SECS", "3")`.
    pub async fn start(settings: &[(&str, &str)]) -> anyhow::Result<Self> {
        Self::start_role("all", settings).await
    }

    /// Starts one role of an installation whose stores the settings name.
    pub async fn start_role(role: &'static str, settings: &[(&str, &str)]) -> anyhow::Result<Self> {
        let settings = settings.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect();
        let folder = tempfile::Builder::new().prefix("livestream-e2e.").tempdir()?;
        Self::start_in(folder, role, settings).await
    }

    async fn start_in(folder: TempDir, role: &'static str, settings: Vec<(String, String)>) -> anyhow::Result<Self> {
        let log = std::fs::OpenOptions::new().create(true).append(true).open(folder.path().join("log"))?;
        let mut process = command(&folder.path().join("var"), &settings)
            .arg(role)
            .stdout(Stdio::piped())
            .stderr(log)
            .kill_on_drop(true)
            .spawn()
            .with_context(|| format!("cannot start {}", binary().display()))?;
        let output = process.stdout.take().context("its output is piped")?;
        let mut lines = BufReader::new(output).lines();
        let ready = async {
            while let Some(line) = lines.next_line().await? {
                if let Some(url) = line.strip_prefix("ready ") {
                    return anyhow::Ok(url.to_owned());
                }
            }
            bail!("it ended; its log:\n{}", std::fs::read_to_string(folder.path().join("log")).unwrap_or_default())
        };
        let url = tokio::time::timeout(START_DEADLINE, ready).await.context("it is not ready in time")??;
        Ok(Self { folder, role, process, url, settings })
    }

    /// The data folder.
    pub fn data(&self) -> PathBuf {
        self.folder.path().join("var")
    }

    /// What it has logged so far.
    pub fn log(&self) -> String {
        std::fs::read_to_string(self.folder.path().join("log")).unwrap_or_default()
    }

    /// The process's number.
    pub fn pid(&self) -> anyhow::Result<i32> {
        Ok(self.process.id().context("it runs")?.cast_signed())
    }

    /// The numbers of the processes that it started and that live.
    pub fn children(&self) -> anyhow::Result<Vec<i32>> {
        children_of(self.pid()?)
    }

    /// Runs an errand beside it, as an operator does; what it printed.
    pub async fn errand(&self, words: &[&str]) -> anyhow::Result<String> {
        let done = command(&self.data(), &self.settings).args(words).output().await?;
        if !done.status.success() {
            bail!("{}", String::from_utf8_lossy(&done.stderr).trim());
        }
        Ok(String::from_utf8_lossy(&done.stdout).into_owned())
    }

    /// Asks it to stop, as an operator's Ctrl-C or SIGTERM does, and waits until it has.
    pub async fn stop(mut self, signal: Signal) -> anyhow::Result<Stopped> {
        kill_process(Pid::from_raw(self.pid()?).context("a process number")?, signal)?;
        let status = tokio::time::timeout(STOP_DEADLINE, self.process.wait()).await.context("it does not stop")??;
        if !status.success() {
            bail!("it stopped with {status}; its log:\n{}", self.log());
        }
        Ok(Stopped { folder: self.folder, role: self.role, settings: self.settings })
    }

    /// Kills it alone, as a crash would.
    pub async fn crash(mut self) -> anyhow::Result<Stopped> {
        self.process.kill().await?;
        Ok(Stopped { folder: self.folder, role: self.role, settings: self.settings })
    }

    /// Kills it and all that it started at once, as a power cut would.
    pub async fn kill_tree(mut self) -> anyhow::Result<Stopped> {
        let tree = descendants_of(self.pid()?)?;
        for pid in tree.iter().rev() {
            let _ = kill_process(Pid::from_raw(*pid).context("a process number")?, Signal::KILL);
        }
        self.process.kill().await?;
        // After a power cut there are no dead processes either, whose parent has yet to fetch them.
        let is_there = |pid: &i32| Path::new("/proc").join(pid.to_string()).exists();
        until("the tree is gone", || async { !tree.iter().any(is_there) }).await?;
        Ok(Stopped { folder: self.folder, role: self.role, settings: self.settings })
    }
}

/// An installation that does not run; its data is there.
#[derive(Debug)]
pub struct Stopped {
    folder: TempDir,
    role: &'static str,
    settings: Vec<(String, String)>,
}

impl Stopped {
    /// Starts it again on its data.
    pub async fn start(self) -> anyhow::Result<Instance> {
        Instance::start_in(self.folder, self.role, self.settings).await
    }

    /// The data folder.
    pub fn data(&self) -> PathBuf {
        self.folder.path().join("var")
    }
}

/// Waits until `condition` holds; fails with `what` after half a minute.
pub async fn until<F: Future<Output = bool>>(what: &str, mut condition: impl FnMut() -> F) -> anyhow::Result<()> {
    let deadline = Instant::now() + Duration::from_secs(30);
    let mut every = tokio::time::interval(Duration::from_millis(50));
    while !condition().await {
        if Instant::now() > deadline {
            bail!("waited in vain until {what}");
        }
        every.tick().await;
    }
    Ok(())
}

fn binary() -> PathBuf {
    std::env::var_os("LIVESTREAM_TEST_BINARY").map_or_else(
        || {
            let target = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target");
            let target = std::env::var_os("CARGO_TARGET_DIR").map_or(target, PathBuf::from);
            target.join("debug/livestream")
        },
        PathBuf::from,
    )
}

/// The binary on free ports, hearing nothing of this environment's own settings.
fn command(data: &Path, settings: &[(String, String)]) -> Command {
    let mut command = Command::new(binary());
    for (key, _) in std::env::vars().filter(|(key, _)| key.starts_with("LIVESTREAM_")) {
        command.env_remove(key);
    }
    command
        .env("LIVESTREAM_DATA_DIR", data)
        .env("LIVESTREAM_HTTP__LISTEN", "127.0.0.1:0")
        .env("LIVESTREAM_MEDIA__UDP_LISTEN", "127.0.0.1:0")
        .envs(settings.iter().map(|(key, value)| (format!("LIVESTREAM_{key}"), value)));
    command
}

/// A process, its children and theirs.
fn descendants_of(pid: i32) -> anyhow::Result<Vec<i32>> {
    let mut all = vec![pid];
    let mut next = 0;
    while let Some(parent) = all.get(next).copied() {
        all.extend(children_of(parent)?);
        next += 1;
    }
    Ok(all)
}

fn children_of(parent: i32) -> anyhow::Result<Vec<i32>> {
    let mut children = Vec::new();
    for entry in std::fs::read_dir("/proc")? {
        let Some(pid) = entry?.file_name().to_str().and_then(|name| name.parse::<i32>().ok()) else { continue };
        if stat(pid).is_some_and(|(_, of)| of == parent) {
            children.push(pid);
        }
    }
    Ok(children)
}

/// Whether a process lives; one that is dead and not yet fetched by its parent does not.
pub fn is_alive(pid: i32) -> bool {
    stat(pid).is_some_and(|(state, _)| state != 'Z')
}

/// State and parent, from the line whose second field is a name in brackets that may hold anything.
fn stat(pid: i32) -> Option<(char, i32)> {
    let line = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    let (_, rest) = line.rsplit_once(") ")?;
    let mut fields = rest.split(' ');
    Some((fields.next()?.chars().next()?, fields.next()?.parse().ok()?))
}
