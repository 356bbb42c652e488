//! Postgres and Redis: one file per table, and every Redis key by name.
//!
//! Functions take `&mut PgConnection`, so that the caller owns the transaction. Rows become domain
//! values before they leave. Rules about them belong to the rooms.

pub mod archive_segments;
pub mod archives;
pub mod cluster;
pub mod job_rows;
pub mod redis;
pub mod sessions;
pub mod stream_keys;
pub mod streams;
pub mod users;

use std::time::Duration;

use domain::{Fault, Kind};
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::{PgPool, Postgres, Transaction};

pub use sqlx::PgConnection;

/// A transaction that owns its connection; dropped without [`commit`], it never happened.
pub type Tx = Transaction<'static, Postgres>;

/// Postgres could not do what we asked.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// It is away, starting, or out of connections. Worth another try soon.
    #[error("the database does not answer")]
    Unavailable(#[source] sqlx::Error),
    /// It answered with something we did not expect.
    #[error("the database refused")]
    Broken(#[source] sqlx::Error),
    /// A row holds what no version of ours writes.
    #[error("a row of {table} cannot be read: {what}")]
    BadRow {
        /// The table.
        table: &'static str,
        /// What is wrong with it.
        what: String,
    },
}

impl From<sqlx::Error> for StoreError {
    fn from(error: sqlx::Error) -> Self {
        use sqlx::Error as E;
        match &error {
            E::Io(_) | E::PoolTimedOut | E::PoolClosed | E::WorkerCrashed | E::Tls(_) => Self::Unavailable(error),
            E::Database(db) if db.code().is_some_and(|code| is_passing(&code)) => Self::Unavailable(error),
            _ => Self::Broken(error),
        }
    }
}

/// SQLSTATE classes that end by themselves: connection trouble, shutdown, read-only during a failover,
/// too many connections, serialization failures and deadlocks.
fn is_passing(code: &str) -> bool {
    code.starts_with("08") || code.starts_with("57P") || matches!(code, "25006" | "53300" | "40001" | "40P01")
}

impl Fault for StoreError {
    fn kind(&self) -> Kind {
        match self {
            Self::Unavailable(_) => Kind::Unavailable,
            Self::Broken(_) | Self::BadRow { .. } => Kind::Broken,
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::Unavailable(_) => "DATABASE_UNAVAILABLE",
            Self::Broken(_) | Self::BadRow { .. } => "INTERNAL",
        }
    }
}

/// A pool of connections. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Store {
    pool: PgPool,
}

/// How long a request waits for a free connection before it is told that the database is away.
const ACQUIRE_TIMEOUT: Duration = Duration::from_secs(1);

impl Store {
    /// A pool that connects on first use, so that a database that is away at start is no crash.
    pub fn connect_lazy(options: PgConnectOptions, connections: u32) -> Self {
        let pool = PgPoolOptions::new()
            .max_connections(connections)
            .acquire_timeout(ACQUIRE_TIMEOUT)
            .connect_lazy_with(options);
        Self { pool }
    }

    /// Brings the schema up to date. Several processes may try at once; one does it.
    pub async fn migrate(&self) -> Result<(), sqlx::migrate::MigrateError> {
        sqlx::migrate!().run(&self.pool).await
    }

    /// A transaction; dropped without `commit`, it never happened.
    pub async fn begin(&self) -> Result<Tx, StoreError> {
        Ok(self.pool.begin().await?)
    }

    /// A connection for statements that need no transaction.
    pub async fn acquire(&self) -> Result<sqlx::pool::PoolConnection<Postgres>, StoreError> {
        Ok(self.pool.acquire().await?)
    }

    /// Whether the database answers.
    pub async fn ping(&self) -> Result<(), StoreError> {
        sqlx::query("SELECT 1").execute(&self.pool).await?;
        Ok(())
    }

    /// Waits for borrowed connections and closes all.
    pub async fn close(&self) {
        self.pool.close().await;
    }
}

/// Commits, in the store's own error.
pub async fn commit(tx: Tx) -> Result<(), StoreError> {
    Ok(tx.commit().await?)
}

/// Whether the error says that a unique index refused the row, and which index.
pub(crate) fn violated_unique(error: &sqlx::Error) -> Option<String> {
    let db = error.as_database_error()?;
    db.is_unique_violation().then(|| db.constraint().unwrap_or_default().to_owned())
}

#[cfg(any(test, feature = "testing"))]
pub mod testing;
