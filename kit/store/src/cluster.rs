//! A fresh Postgres server: waiting for it, and the database in it.

use sqlx::postgres::{PgConnectOptions, PgConnection};
use sqlx::{AssertSqlSafe, Connection as _};

use crate::StoreError;

/// Makes the database `name` where it is missing. `name` comes from our own code and needs no quoting.
///
/// # Errors
/// [`StoreError::Unavailable`] while the server is starting: try again.
pub async fn ensure_database(server: &PgConnectOptions, name: &'static str) -> Result<(), StoreError> {
    let mut connection = PgConnection::connect_with(&server.clone().database("postgres")).await?;
    let exists = sqlx::query_scalar!("SELECT 1 AS one FROM pg_database WHERE datname = $1", name)
        .fetch_optional(&mut connection)
        .await?;
    if exists.is_none() {
        sqlx::query(AssertSqlSafe(format!("CREATE DATABASE {name}"))).execute(&mut connection).await?;
    }
    Ok(connection.close().await?)
}
