//! Postgres or Redis away: clear answers, quickly, and nobody signed out.

use std::time::{Duration, Instant};

use http::StatusCode;
use serde_json::json;
use store::Store;
use store::redis::Redis;
use tokio::net::TcpListener;

use crate::world::{Client, World, generous};

/// Longer than the pool waits, shorter than people do.
const QUICKLY: Duration = Duration::from_millis(2_500);

fn store_at(address: &str) -> Store {
    let options: sqlx::postgres::PgConnectOptions = address.parse().unwrap();
    Store::connect_lazy(options, 4)
}

/// An address where nobody listens.
async fn nobody() -> std::net::SocketAddr {
    TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap()
}

async fn quickly(client: &Client, path: &str) -> crate::world::Answer {
    let begun = Instant::now();
    let answer = client.fetch(path).await;
    assert!(begun.elapsed() < QUICKLY, "{path} took {:?}", begun.elapsed());
    answer
}

#[tokio::test]
async fn without_postgres_the_answer_is_503_at_once() {
    let silent = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let addresses = [nobody().await.to_string(), silent.local_addr().unwrap().to_string()];
    for address in addresses {
        let store = store_at(&format!("postgres://app@{address}/none"));
        let world = World::with(store, store::testing::redis().await, generous());
        let stranger = world.stranger();
        let id = uuid::Uuid::now_v7();
        for path in ["/api/streams", "/api/archives", &format!("/api/users/{id}"), &format!("/api/streams/{id}")] {
            quickly(&stranger, path).await.must_refuse(503, "DATABASE_UNAVAILABLE");
        }
        let begun = Instant::now();
        let login = json!({ "email": "mika@example.com", "password": "whatever it is" });
        stranger.post("/api/auth/login", login).await.must_refuse(503, "DATABASE_UNAVAILABLE");
        assert!(begun.elapsed() < QUICKLY);
        let ready = quickly(&stranger, "/readyz").await.must_be(StatusCode::SERVICE_UNAVAILABLE);
        assert_eq!(ready.json, json!({ "status": "down", "postgres": "down", "redis": "ok", "object_store": "ok" }));
        quickly(&stranger, "/healthz").await.must_be(StatusCode::OK);
    }
}

#[tokio::test]
async fn without_redis_people_stay_signed_in_and_log_outs_count() {
    let redis = Redis::connect(&format!("redis://{}", nobody().await), "x:").await.unwrap();
    let world = World::with(store::testing::store().await, redis, generous());
    let mika = world.program("mika").await;
    quickly(&mika, "/api/auth/session").await.must_be(StatusCode::OK);
    quickly(&mika, "/api/streams").await.must_be(StatusCode::OK);
    let ready = quickly(&mika, "/readyz").await.must_be(StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(ready.json, json!({ "status": "down", "postgres": "ok", "redis": "down", "object_store": "ok" }));
    mika.send(http::Method::POST, "/api/auth/logout", None).await.must_be(StatusCode::NO_CONTENT);
    quickly(&mika, "/api/auth/session").await.must_refuse(401, "SESSION_ENDED");
}

#[tokio::test]
async fn with_everything_there_the_process_is_ready() {
    let world = World::new().await;
    let ready = world.stranger().fetch("/readyz").await.must_be(StatusCode::OK);
    assert_eq!(ready.json, json!({ "status": "ok", "postgres": "ok", "redis": "ok", "object_store": "ok" }));
}

#[tokio::test]
async fn an_outage_of_postgres_signs_nobody_out_but_those_who_left() {
    let redis = store::testing::redis().await;
    let before = World::with(store::testing::store().await, redis.clone(), generous());
    let mut mika = before.program("mika").await;
    let mut ren = before.program("ren").await;
    ren.send(http::Method::POST, "/api/auth/logout", None).await.must_be(StatusCode::NO_CONTENT);

    let store = store_at(&format!("postgres://app@{}/none", nobody().await));
    let during = World::with(store, redis, generous());
    (mika.app, ren.app) = (during.app.clone(), during.app.clone());
    quickly(&mika, "/api/auth/session").await.must_refuse(503, "DATABASE_UNAVAILABLE");
    quickly(&ren, "/api/auth/session").await.must_refuse(401, "SESSION_ENDED");
}
