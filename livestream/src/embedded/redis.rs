//! The private Redis. It keeps nothing over a restart: what it holds may be lost.

use std::path::Path;
use std::time::Duration;

use anyhow::{Context as _, bail};
use rustix::process::Signal;

use super::child::{Child, Recipe, end_orphan};
use super::sockets;
use crate::data_dir::DataDir;

const START_DEADLINE: Duration = Duration::from_secs(10);
/// Five minutes of chat in some hundred busy rooms, with room to spare.
const MAX_MEMORY: &str = "512mb";

/// Starts it and waits until it answers; the address to connect to.
pub(crate) async fn start(data: &DataDir) -> anyhow::Result<(Child, String)> {
    let home = data.folder("redis")?;
    let sockets = sockets::folder(data.path(), home.clone())?;
    let socket = sockets.join("redis.sock");
    let pid_file = home.join("redis.pid");
    end_predecessor(&pid_file, &home).await?;
    let recipe = Recipe {
        name: "redis",
        program: program()?,
        arguments: arguments(&socket, &pid_file),
        folder: home.clone(),
        log: home.join("log"),
        user: None,
        ends_by: Signal::TERM,
    };
    let mut child = recipe.start()?;
    let url = format!("redis+unix://{}", socket.display());
    wait_until_it_answers(&mut child, &url).await?;
    Ok((child, url))
}

fn program() -> anyhow::Result<std::path::PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path)
        .flat_map(|folder| ["redis-server", "valkey-server"].map(|name| folder.join(name)))
        .find(|program| program.exists())
        .context("there is no Redis on this machine: install the package redis-server, or set LIVESTREAM_REDIS__URL")
}

/// Ends a server that a killed run left behind.
async fn end_predecessor(pid_file: &Path, home: &Path) -> anyhow::Result<()> {
    let pid = std::fs::read_to_string(pid_file).unwrap_or_default();
    match pid.trim().parse() {
        Ok(pid) => end_orphan(pid, "redis-server", home, Signal::TERM).await,
        Err(_) => Ok(()),
    }
}

fn arguments(socket: &Path, pid_file: &Path) -> Vec<std::ffi::OsString> {
    let fixed = ["--port", "0", "--save", "", "--appendonly", "no", "--maxmemory", MAX_MEMORY];
    let policy = ["--maxmemory-policy", "volatile-ttl", "--unixsocketperm", "700", "--daemonize", "no"];
    let mut arguments: Vec<std::ffi::OsString> = fixed.into_iter().chain(policy).map(Into::into).collect();
    arguments.extend(["--unixsocket".into(), socket.into(), "--pidfile".into(), pid_file.into()]);
    arguments
}

async fn wait_until_it_answers(child: &mut Child, url: &str) -> anyhow::Result<()> {
    let client = redis::Client::open(url)?;
    let deadline = tokio::time::Instant::now() + START_DEADLINE;
    loop {
        child.must_run()?;
        if let Ok(mut connection) = client.get_multiplexed_async_connection().await
            && redis::cmd("PING").query_async::<String>(&mut connection).await.is_ok()
        {
            return Ok(());
        }
        if tokio::time::Instant::now() > deadline {
            bail!("it does not answer on {url}");
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}
