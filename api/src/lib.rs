//! The JSON face for pages and programs, and the pages themselves: [`router`] is the table of contents.
//!
//! Handlers turn paths and bodies into domain values, ask the rooms below, and make JSON of the answer by `view`.
//! Media, chat and HLS bring their own routes; here they are only described, for the contract.

mod archives;
pub mod auth;
mod config;
mod docs_page;
mod health;
mod openapi;
mod pages;
mod streams;
mod users;
mod view;

use std::fmt;
use std::sync::Arc;

use axum::Router;
use axum::middleware::from_fn_with_state;
use axum::routing::get;
use domain::Clock;
use http_kit::limited_by_address;
use store::Store;
use store::redis::Redis;
use stream_manager::{NodeRegistry, StreamManager};
use time::OffsetDateTime;
use tower_http::compression::CompressionLayer;
use utoipa_axum::router::{OpenApiRouter, UtoipaMethodRouterExt as _};
use utoipa_axum::routes;

pub use auth::Authenticator;
pub use config::{Config, Settings};
pub use health::Dependency;

use auth::{Passwords, login, operator, password, register, renewal, sessions};
use config::Limits;

/// What the API is made of.
#[derive(Clone)]
pub struct Parts {
    /// Postgres.
    pub store: Store,
    /// Redis.
    pub redis: Redis,
    /// A stream's life.
    pub streams: StreamManager,
    /// Where archives lie.
    pub object_store: Arc<dyn Dependency>,
    /// The time of day.
    pub clock: Arc<dyn Clock>,
    /// Addresses, keys, lifetimes.
    pub config: Config,
}

impl fmt::Debug for Parts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Parts").field("config", &self.config).finish_non_exhaustive()
    }
}

/// What handlers share.
struct Api {
    store: Store,
    redis: Redis,
    streams: StreamManager,
    object_store: Arc<dyn Dependency>,
    nodes: streams::Nodes,
    clock: Arc<dyn Clock>,
    config: Config,
    limits: Limits,
    passwords: Passwords,
    authenticator: Authenticator,
}

type Shared = Arc<Api>;

impl Api {
    fn new(parts: Parts) -> Self {
        Self {
            authenticator: Authenticator::new(&parts),
            nodes: streams::Nodes::new(NodeRegistry::new(parts.redis.clone())),
            limits: Limits::new(&parts.config.settings),
            passwords: Passwords::default(),
            store: parts.store,
            redis: parts.redis,
            streams: parts.streams,
            object_store: parts.object_store,
            clock: parts.clock,
            config: parts.config,
        }
    }

    /// Now, as exactly as Postgres keeps it.
    fn now(&self) -> OffsetDateTime {
        let now = self.clock.now();
        now.replace_microsecond(now.microsecond()).unwrap_or(now)
    }
}

/// The JSON API, its contract, health, and the pages as the fallback. Lay `http_kit::layers` over it.
pub fn router(parts: Parts) -> Router {
    let api: Shared = Arc::new(Api::new(parts));
    let (json, document) = routes(&api.limits).split_for_parts();
    let document = openapi::complete(document, &api.config.public_url);
    json.route("/api/docs", get(docs_page::page(&document)))
        .route("/api/docs.css", get(docs_page::style))
        .route("/api/openapi.json", get(openapi::serve(&document)))
        .fallback(pages::page)
        .with_state(api)
        .layer(CompressionLayer::new())
}

/// The contract as it is served, but for the address: for the snapshot in the repository.
pub fn contract() -> String {
    let document = routes(&Limits::new(&Settings::default())).into_openapi();
    openapi::text(&openapi::complete(document, &"https://live.example".parse().expect("that is an address")))
}

/// Every route of this crate with its place in the contract.
fn routes(limits: &Limits) -> OpenApiRouter<Shared> {
    let per_client = |limit: &http_kit::RateLimit| from_fn_with_state(limit.clone(), limited_by_address);
    OpenApiRouter::with_openapi(openapi::frame())
        .routes(routes!(register::register).layer(per_client(&limits.registrations)))
        .routes(routes!(login::login).layer(per_client(&limits.logins)))
        .routes(routes!(renewal::refresh).layer(per_client(&limits.renewals)))
        .routes(routes!(renewal::logout))
        .routes(routes!(renewal::session))
        .routes(routes!(sessions::list))
        .routes(routes!(sessions::end))
        .routes(routes!(password::change).layer(per_client(&limits.logins)))
        .routes(routes!(operator::become_operator).layer(per_client(&limits.logins)))
        .routes(routes!(users::read, users::update))
        .routes(routes!(streams::start::start).layer(per_client(&limits.streams)))
        .routes(routes!(streams::read::list))
        .routes(routes!(streams::read::one, streams::change::update))
        .routes(routes!(streams::change::end))
        .routes(routes!(streams::keys::create).layer(per_client(&limits.streams)))
        .routes(routes!(streams::keys::list))
        .routes(routes!(streams::keys::rotate))
        .routes(routes!(streams::keys::revoke))
        .routes(routes!(archives::list))
        .routes(routes!(archives::one))
        .routes(routes!(health::alive))
        .routes(routes!(health::ready))
}
