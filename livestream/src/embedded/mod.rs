//! The parts that a single machine brings with it: a private Postgres, a private Redis, an S3 server.
//!
//! Each is left out where the config names an address. Postgres and Redis are child processes on unix sockets
//! in the data folder; the kernel ends them with us, and what a crash leaves behind is cleaned up at the next start.

mod child;
mod postgres;
mod redis;
mod sockets;

use std::time::Duration;

use anyhow::Context as _;
use domain::Secret;
use sqlx::postgres::PgConnectOptions;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tracing::info;

use crate::config::Config;
use crate::data_dir::DataDir;
use crate::secrets::Secrets;

pub(crate) use child::Child;

/// Where Postgres, Redis and S3 are, whoever runs them.
#[derive(Debug)]
pub(crate) struct Backends {
    pub(crate) database: PgConnectOptions,
    pub(crate) redis_url: Secret<String>,
    pub(crate) s3: S3Address,
    /// The processes that are ours, to be watched and stopped.
    pub(crate) children: Vec<Child>,
}

/// Where the S3 server is, and our keys for it.
#[derive(Debug)]
pub(crate) struct S3Address {
    pub(crate) endpoint: Option<String>,
    pub(crate) region: String,
    pub(crate) access_key: Secret<String>,
    pub(crate) secret_key: Secret<String>,
}

/// How long the embedded S3 server may take over its last requests.
const S3_GOODBYE: Duration = Duration::from_secs(5);

/// The embedded S3 server's tasks; it outlives the rooms, which upload until the end.
#[derive(Debug, Default)]
pub(crate) struct S3Server {
    tasks: TaskTracker,
    stop: CancellationToken,
}

impl S3Server {
    pub(crate) async fn stop(self) {
        self.stop.cancel();
        self.tasks.close();
        let _ = tokio::time::timeout(S3_GOODBYE, self.tasks.wait()).await;
    }
}

/// Starts what the config names no address for, when `may_embed`; else every address must be there.
///
/// Call on the main thread: the kernel ties the children's lives to the thread that starts them.
pub(crate) async fn start(
    config: &Config,
    may_embed: bool,
    data: &DataDir,
    secrets: &Secrets,
) -> anyhow::Result<(Backends, S3Server)> {
    let missing = config.missing_addresses();
    if !may_embed && !missing.is_empty() {
        anyhow::bail!("this role shares its stores with others; configure {}", missing.join(", "));
    }
    let mut children = Vec::new();
    let database = match &config.database.url {
        Some(_) => running_database(config)?,
        None => {
            let (child, options) = postgres::start(data).await.context("the private Postgres did not start")?;
            children.push(child);
            options
        }
    };
    let redis_url = match &config.redis.url {
        Some(url) => url.clone(),
        None => {
            let (child, url) = redis::start(data).await.context("the private Redis did not start")?;
            children.push(child);
            Secret::new(url)
        }
    };
    let server = S3Server::default();
    let s3 = match config.s3_address()? {
        Some(address) => address,
        None => start_s3(data, secrets, &server).await.context("the private S3 server did not start")?,
    };
    Ok((Backends { database, redis_url, s3, children }, server))
}

/// The database of an installation that runs already, configured or private.
pub(crate) fn running_database(config: &Config) -> anyhow::Result<PgConnectOptions> {
    match &config.database.url {
        Some(url) => url.expose().parse().context("database.url is not a Postgres address"),
        None => postgres::of_running(&config.data_dir),
    }
}

async fn start_s3(data: &DataDir, secrets: &Secrets, server: &S3Server) -> anyhow::Result<S3Address> {
    let access_key = secrets.key("s3-access-key")?;
    let secret_key = secrets.key("s3-secret-key")?;
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
    let endpoint = format!("http://{}", listener.local_addr()?);
    let folder = data.folder("s3")?;
    let keys = (access_key.expose().clone(), secret_key.expose().clone());
    local_s3::LocalS3::start(&folder, listener, keys.0, keys.1, &server.tasks, server.stop.clone())?;
    info!("the private S3 server keeps its objects under {}", data.path().join("s3").display());
    Ok(S3Address { endpoint: Some(endpoint), region: "us-east-1".to_owned(), access_key, secret_key })
}
