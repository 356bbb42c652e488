//! A fresh database per test, on the Postgres that `./dev test` starts.

use std::sync::atomic::{AtomicU32, Ordering};

use sqlx::Connection as _;
use sqlx::postgres::{PgConnectOptions, PgConnection};

use crate::Store;
use crate::redis::Redis;

/// Where the tests' Postgres listens: `./dev test` and `./dev sandbox` set it.
const DATABASE_URL: &str = "LIVESTREAM_TEST_DATABASE_URL";
/// Where the tests' Redis listens.
const REDIS_URL: &str = "LIVESTREAM_TEST_REDIS_URL";

static NEXT: AtomicU32 = AtomicU32::new(0);

fn address(name: &str) -> String {
    std::env::var(name).unwrap_or_else(|_| {
        panic!("{name} is not set: run the tests by `./dev test` or `./dev sandbox cargo test ...`")
    })
}

/// An empty database of its own. The server goes when the run ends, and the database with it.
async fn fresh_database() -> (PgConnectOptions, String) {
    let admin: PgConnectOptions = address(DATABASE_URL).parse().expect("a database address");
    let name = format!("test_{}_{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
    let mut connection = PgConnection::connect_with(&admin).await.expect("the tests' Postgres answers");
    sqlx::query(sqlx::AssertSqlSafe(format!("CREATE DATABASE {name}")))
        .execute(&mut connection)
        .await
        .expect("a fresh database");
    (admin, name)
}

/// A database of its own with the whole schema.
pub async fn store() -> Store {
    let (admin, name) = fresh_database().await;
    let store = Store::connect_lazy(admin.database(&name), 8);
    store.migrate().await.expect("the migrations run");
    store
}

/// The addresses of an empty database and of Redis, for processes that the test starts.
pub async fn addresses() -> (String, String) {
    let (_, name) = fresh_database().await;
    (address(DATABASE_URL).replace("/postgres?", &format!("/{name}?")), address(REDIS_URL))
}

/// Another pool on the same database, as another process would have it.
pub fn same(store: &Store) -> Store {
    Store::connect_lazy((*store.pool.connect_options()).clone(), 8)
}

/// Redis, with a key prefix of its own.
pub async fn redis() -> Redis {
    let prefix = format!("test{}-{}:", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
    Redis::connect(&address(REDIS_URL), &prefix).await.expect("the tests' Redis answers")
}
