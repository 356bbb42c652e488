//! `GET /healthz`: is the process alive? `GET /readyz`: does everything it needs answer?

use std::time::Duration;

use axum::extract::State;
use futures_util::future::BoxFuture;
use http::StatusCode;
use http_kit::Json;
use serde::Serialize;
use tokio::time::timeout;
use utoipa::ToSchema;

use crate::Shared;

/// Something that we depend on and that another room speaks to: a port.
pub trait Dependency: Send + Sync + 'static {
    /// Whether it answers.
    fn answers(&self) -> BoxFuture<'_, bool>;
}

/// How long a dependency may take to answer.
const PATIENCE: Duration = Duration::from_secs(1);

/// The process is alive.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct HealthView {
    /// Always `ok`.
    #[schema(example = "ok")]
    status: &'static str,
}

/// Each dependency: `ok` or `down`.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ReadyView {
    /// `ok` if all are.
    #[schema(example = "ok")]
    status: &'static str,
    #[schema(example = "ok")]
    postgres: &'static str,
    #[schema(example = "ok")]
    redis: &'static str,
    #[schema(example = "ok")]
    object_store: &'static str,
}

/// Whether the process is alive.
#[utoipa::path(
    get, path = "/healthz", tag = "health", operation_id = "alive",
    responses((status = 200, description = "It is", body = HealthView)),
)]
pub(crate) async fn alive() -> Json<HealthView> {
    Json(HealthView { status: "ok" })
}

/// Whether all that we depend on answers.
#[utoipa::path(
    get, path = "/readyz", tag = "health", operation_id = "ready",
    responses(
        (status = 200, description = "All of it", body = ReadyView),
        (status = 503, description = "Something is down", body = ReadyView),
    ),
)]
pub(crate) async fn ready(State(api): State<Shared>) -> (StatusCode, Json<ReadyView>) {
    let (postgres, redis, object_store) = tokio::join!(
        timeout(PATIENCE, api.store.ping()),
        timeout(PATIENCE, api.redis.ping()),
        timeout(PATIENCE, api.object_store.answers()),
    );
    let up = [matches!(postgres, Ok(Ok(()))), matches!(redis, Ok(Ok(()))), matches!(object_store, Ok(true))];
    let [postgres, redis, object_store] = up.map(word);
    let all = !up.contains(&false);
    let status = if all { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    (status, Json(ReadyView { status: word(all), postgres, redis, object_store }))
}

fn word(is_up: bool) -> &'static str {
    if is_up { "ok" } else { "down" }
}
