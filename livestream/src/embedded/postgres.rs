//! The private Postgres.

use std::os::unix::fs::chown;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context as _, bail};
use rustix::process::{Signal, geteuid};
use sqlx::postgres::PgConnectOptions;
use tracing::info;

use super::child::{Child, Recipe, end_orphan, until_deserted};
use super::sockets;
use crate::data_dir::DataDir;

/// The user, and the database, inside Postgres.
const NAME: &str = "livestream";
/// Postgres refuses to run as root; its package makes this user.
const SYSTEM_USER: &str = "postgres";
/// Enough for every room of one process, with some to spare for `psql`.
const CONNECTIONS: u32 = 60;
/// A crash recovery may replay some minutes of work.
const START_DEADLINE: Duration = Duration::from_secs(60);

/// Starts it, on first use with a new cluster, and waits until it answers.
pub(crate) async fn start(data: &DataDir) -> anyhow::Result<(Child, PgConnectOptions)> {
    let programs = programs()?;
    let home = data.folder("postgres")?;
    let sockets = sockets::folder(data.path(), home.clone())?;
    let user = system_user(&[&home, &sockets])?;
    let cluster = home.join("cluster");
    end_predecessor(&cluster).await?;
    let recipe = |program: &str, arguments: Vec<std::ffi::OsString>| Recipe {
        name: "postgres",
        program: programs.join(program),
        arguments,
        folder: home.clone(),
        log: home.join("log"),
        user,
        ends_by: Signal::INT,
    };
    if !cluster.join("PG_VERSION").exists() {
        initialise(&recipe("initdb", initdb_arguments(&home)), &home, &cluster).await?;
    }
    must_suit(&programs, &cluster)?;
    let mut child = recipe("postgres", server_arguments(&cluster, &sockets)).start()?;
    let options = options(&sockets);
    wait_until_it_answers(&mut child, &options).await?;
    Ok((child, options.database(NAME)))
}

/// The database of the server that another process of ours runs on this data folder.
pub(crate) fn of_running(data_dir: &Path) -> anyhow::Result<PgConnectOptions> {
    let data = data_dir.canonicalize().with_context(|| format!("there is no data folder {}", data_dir.display()))?;
    let sockets = sockets::folder(&data, data.join("postgres"))?;
    Ok(options(&sockets).database(NAME))
}

fn options(sockets: &Path) -> PgConnectOptions {
    PgConnectOptions::new_without_pgpass().socket(sockets).username(NAME)
}

/// Debian's newest, or what the PATH has.
fn programs() -> anyhow::Result<PathBuf> {
    let mut debian: Vec<PathBuf> = std::fs::read_dir("/usr/lib/postgresql")
        .into_iter()
        .flatten()
        .filter_map(|entry| Some(entry.ok()?.path().join("bin")))
        .filter(|folder| folder.join("postgres").exists())
        .collect();
    debian.sort_by_key(|folder| folder.parent().and_then(version));
    let on_path = || {
        let path = std::env::var_os("PATH")?;
        std::env::split_paths(&path).find(|folder| folder.join("postgres").exists() && folder.join("initdb").exists())
    };
    debian.pop().or_else(on_path).context(
        "there is no Postgres on this machine: install the package postgresql, or set LIVESTREAM_DATABASE__URL",
    )
}

fn version(folder: &Path) -> Option<u32> {
    folder.file_name()?.to_str()?.parse().ok()
}

/// As root, the user to drop to, who then owns the folders.
fn system_user(folders: &[&Path]) -> anyhow::Result<Option<&'static str>> {
    if !geteuid().is_root() {
        return Ok(None);
    }
    let passwd = std::fs::read_to_string("/etc/passwd")?;
    let line = passwd.lines().find(|line| line.split(':').next() == Some(SYSTEM_USER));
    let ids: Option<(u32, u32)> = line.and_then(|line| {
        let mut fields = line.split(':').skip(2);
        Some((fields.next()?.parse().ok()?, fields.next()?.parse().ok()?))
    });
    let Some((user, group)) = ids else {
        bail!(
            "Postgres does not run as root, and there is no user {SYSTEM_USER} to run it as; start livestream as another user"
        );
    };
    for folder in folders {
        chown(folder, Some(user), Some(group))?;
    }
    Ok(Some(SYSTEM_USER))
}

/// Ends a server that a killed run left behind: its number stands in the first line of the cluster's lock file.
/// Then nobody uses the cluster, and a lock file that is still there is stale; Postgres itself could not tell as long
/// as the number belongs to some process, be it a dead one that nobody has fetched.
async fn end_predecessor(cluster: &Path) -> anyhow::Result<()> {
    let lock = cluster.join("postmaster.pid");
    let text = std::fs::read_to_string(&lock).unwrap_or_default();
    if let Some(pid) = text.lines().next().and_then(|line| line.trim().parse().ok()) {
        end_orphan(pid, "postgres", cluster, Signal::INT).await?;
    }
    until_deserted(cluster).await?;
    match std::fs::remove_file(&lock) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(error).context("cannot remove a stale lock"),
        _ => Ok(()),
    }
}

fn initdb_arguments(home: &Path) -> Vec<std::ffi::OsString> {
    let fixed = ["-U", NAME, "-A", "trust", "-E", "UTF8", "--no-locale", "-D"];
    fixed.into_iter().map(Into::into).chain([home.join("draft").into()]).collect()
}

/// Made under another name first, so that a crash in the middle leaves no half cluster.
async fn initialise(recipe: &Recipe, home: &Path, cluster: &Path) -> anyhow::Result<()> {
    info!("making a new Postgres cluster in {}", cluster.display());
    let draft = home.join("draft");
    if draft.exists() {
        std::fs::remove_dir_all(&draft)?;
    }
    let done = recipe.command().output().await.context("cannot run initdb")?;
    if !done.status.success() {
        bail!("initdb failed: {}", String::from_utf8_lossy(&done.stderr).trim());
    }
    Ok(std::fs::rename(draft, cluster)?)
}

/// A cluster of another major version needs `pg_upgrade`, which is the operator's decision.
fn must_suit(programs: &Path, cluster: &Path) -> anyhow::Result<()> {
    let of_cluster = std::fs::read_to_string(cluster.join("PG_VERSION"))?;
    let installed = programs.parent().and_then(version);
    let of_cluster = of_cluster.trim();
    if installed.is_some_and(|major| major.to_string() != of_cluster) {
        bail!(
            "the data in {} is of Postgres {of_cluster}, but {} is installed here; install postgresql-{of_cluster}, or move the data by pg_upgrade",
            cluster.display(),
            programs.display()
        );
    }
    Ok(())
}

fn server_arguments(cluster: &Path, sockets: &Path) -> Vec<std::ffi::OsString> {
    let mut arguments: Vec<std::ffi::OsString> = vec!["-D".into(), cluster.into(), "-k".into(), sockets.into()];
    let connections = format!("max_connections={CONNECTIONS}");
    for setting in ["listen_addresses=", "unix_socket_permissions=0700", "shared_buffers=64MB", &connections] {
        arguments.extend(["-c".into(), setting.into()]);
    }
    arguments
}

async fn wait_until_it_answers(child: &mut Child, options: &PgConnectOptions) -> anyhow::Result<()> {
    let deadline = tokio::time::Instant::now() + START_DEADLINE;
    loop {
        child.must_run()?;
        match store::cluster::ensure_database(options, NAME).await {
            Ok(()) => return Ok(()),
            Err(error) if tokio::time::Instant::now() > deadline => return Err(error).context("it does not answer"),
            Err(_) => tokio::time::sleep(Duration::from_millis(50)).await,
        }
    }
}
