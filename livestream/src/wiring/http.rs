//! The routers of the rooms under one roof, and the listener in front of them.

use std::sync::Arc;

use api::auth::operator;
use axum::Router;
use http_kit::SharedAuthenticate;

use super::{Ground, Rooms, ports};
use crate::secrets::Secrets;

/// Everything that this role serves.
pub(crate) fn router(ground: &Ground, rooms: &Rooms, secrets: &Secrets) -> anyhow::Result<Router> {
    let parts = api::Parts {
        store: ground.store.clone(),
        redis: ground.redis.clone(),
        streams: rooms.streams.clone(),
        object_store: Arc::new(ports::ObjectStore(rooms.archives.clone())),
        clock: ground.clock.clone(),
        config: api_config(ground, secrets)?,
    };
    let authenticate: SharedAuthenticate = Arc::new(api::Authenticator::new(&parts));
    let mut router = Router::new();
    if ground.role.serves_api() {
        router = router.merge(rooms.archives.router()).merge(api::router(parts));
    }
    if let Some(media) = &rooms.media {
        router = router.merge(media.router());
    }
    if let Some(chat) = &rooms.chat {
        router = router.merge(chat.router());
    }
    let http = &ground.config.http;
    let config = http_kit::Config {
        trusted_proxies: http.trusted_proxies.clone(),
        media_origins: http.media_origins.clone(),
        timeout_secs: http.timeout_secs,
        ..http_kit::Config::default()
    };
    Ok(http_kit::layers(router, http_kit::Edge { config, public_url: ground.url.clone(), authenticate }))
}

fn api_config(ground: &Ground, secrets: &Secrets) -> anyhow::Result<api::Config> {
    let auth = &ground.config.auth;
    let token_key = match &auth.token_key {
        Some(key) => key.clone(),
        None => secrets.key("token-key")?,
    };
    let previous_token_key = auth.previous_token_key.clone();
    let settings = ground.config.api.clone();
    Ok(api::Config { public_url: ground.url.clone(), token_key, previous_token_key, settings })
}

/// On an installation without an operator: how to become it. Printed, not logged: logs are kept.
pub(crate) async fn print_operator_link(ground: &Ground) -> anyhow::Result<()> {
    if !ground.role.serves_api() {
        return Ok(());
    }
    if let Some(token) = operator::link_for_first(&ground.store, &*ground.clock).await? {
        let url = ground.url.as_str().trim_end_matches('/');
        println!("nobody runs this installation yet; sign in and open this within 24 hours to become its operator:");
        println!("    {url}/operator#{}", token.expose());
    }
    Ok(())
}
