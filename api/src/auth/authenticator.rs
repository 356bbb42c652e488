//! Who is behind a request: reads its token and asks whether the session still lives.
//!
//! Redis answers first, as every node marks there which sessions it has ended; a session that Postgres called
//! living within the last seconds is then believed. Without Redis, Postgres is asked each time. Without Postgres,
//! a session that Redis does not know as ended is believed, so that an outage does not sign everybody out. Without
//! both the answer is 503.

use std::collections::HashMap;
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};

use domain::{Caller, Clock, Fault, Identity, Kind, SessionId};
use http::request::Parts;
use http::{HeaderMap, header};
use http_kit::{Authenticate, Problem};
use redis::AsyncCommands as _;
use store::redis::Redis;
use store::{Store, StoreError, sessions};
use time::{Duration, OffsetDateTime};
use url::Url;

use super::tokens::{Purpose, TokenError, Tokens};
use super::{cookies, origin};
use crate::Parts as ApiParts;

/// For how long a session that Postgres called living is believed without asking again.
const BELIEVED: Duration = Duration::seconds(10);
/// A request does not wait longer for Redis; Postgres is asked then.
const PATIENCE: std::time::Duration = std::time::Duration::from_millis(300);
/// Sessions remembered at most; then all are forgotten.
const REMEMBERED: usize = 10_000;

/// Tells who is behind a request. Cheap to clone; clones share what they remember.
#[derive(Clone)]
pub struct Authenticator {
    inner: Arc<Inner>,
}

struct Inner {
    store: Store,
    redis: Redis,
    tokens: Tokens,
    public_url: Url,
    clock: Arc<dyn Clock>,
    seen: Mutex<HashMap<SessionId, (OffsetDateTime, Identity)>>,
}

/// The token was good once, but its session is no more.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum SessionGone {
    /// Ended by its user, or expired.
    #[error("the session has ended; sign in again")]
    Ended,
    /// The access cookie has run out and the refresh cookie has not.
    #[error("the session has to be renewed")]
    ToRenew,
}

impl Fault for SessionGone {
    fn kind(&self) -> Kind {
        Kind::Unknown
    }

    fn code(&self) -> &'static str {
        match self {
            Self::Ended => "SESSION_ENDED",
            Self::ToRenew => "SESSION_EXPIRED",
        }
    }
}

impl Authenticator {
    /// Reads the tokens that the API of the same parts issues.
    pub fn new(parts: &ApiParts) -> Self {
        let config = &parts.config;
        let tokens = Tokens::new(&config.token_key, config.previous_token_key.as_ref(), Arc::clone(&parts.clock));
        let inner = Inner {
            store: parts.store.clone(),
            redis: parts.redis.clone(),
            tokens,
            public_url: config.public_url.clone(),
            clock: Arc::clone(&parts.clock),
            seen: Mutex::default(),
        };
        Self { inner: Arc::new(inner) }
    }

    pub(crate) fn tokens(&self) -> &Tokens {
        &self.inner.tokens
    }

    /// The session has ended: what is remembered of it no longer counts.
    pub(crate) fn forget(&self, session: SessionId) {
        self.inner.seen.lock().unwrap_or_else(PoisonError::into_inner).remove(&session);
    }

    /// Who is behind a request with these properties.
    pub(crate) async fn identify(&self, parts: &Parts) -> Result<Caller, Problem> {
        let Some(claimed) = self.inner.claimed(parts)? else { return Ok(Caller::Anonymous) };
        Ok(Caller::User(self.inner.living(claimed).await?))
    }
}

impl Authenticate for Authenticator {
    fn caller<'a>(&'a self, parts: &'a Parts) -> Pin<Box<dyn Future<Output = Result<Caller, Problem>> + Send + 'a>> {
        Box::pin(self.identify(parts))
    }
}

impl Inner {
    /// Who the request's token says it is. A bearer token goes before cookies; a cookie counts on our pages alone.
    fn claimed(&self, parts: &Parts) -> Result<Option<Identity>, Problem> {
        if parts.headers.contains_key(header::AUTHORIZATION) {
            let token = bearer(&parts.headers).ok_or(TokenError::Invalid)?;
            return Ok(Some(self.tokens.read(token, Purpose::Api)?));
        }
        let access = cookies::find(&parts.headers, cookies::ACCESS);
        if access.is_none() && cookies::find(&parts.headers, cookies::REFRESH).is_none() {
            return Ok(None);
        }
        origin::must_be_ours(&parts.method, &parts.headers, &self.public_url)?;
        let access = access.ok_or(SessionGone::ToRenew)?;
        Ok(Some(self.tokens.read(access, Purpose::Pages)?))
    }

    /// The identity as it is now, if its session still lives.
    async fn living(&self, claimed: Identity) -> Result<Identity, Problem> {
        let session = claimed.session;
        let ended = self.marked_ended(session).await;
        if ended == Some(true) {
            return Err(SessionGone::Ended.into());
        }
        if ended.is_some()
            && let Some(identity) = self.remembered(session)
        {
            return Ok(identity);
        }
        match self.asked(session).await {
            Ok(Some(identity)) => {
                self.remember(&identity);
                Ok(identity)
            }
            Ok(None) => Err(SessionGone::Ended.into()),
            Err(error) if error.kind() == Kind::Unavailable && ended.is_some() => Ok(claimed),
            Err(error) => Err(error.into()),
        }
    }

    /// Whether Redis has a mark; `None` if it does not answer at once.
    async fn marked_ended(&self, session: SessionId) -> Option<bool> {
        let mut commands = self.redis.commands();
        let asked = commands.exists::<_, bool>(self.redis.revoked_session_key(session));
        tokio::time::timeout(PATIENCE, asked).await.ok()?.ok()
    }

    async fn asked(&self, session: SessionId) -> Result<Option<Identity>, StoreError> {
        sessions::identity(&mut *self.store.acquire().await?, session, self.clock.now()).await
    }

    fn remembered(&self, session: SessionId) -> Option<Identity> {
        let seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        let (at, identity) = seen.get(&session)?;
        let age = self.clock.now() - *at;
        (Duration::ZERO..BELIEVED).contains(&age).then(|| identity.clone())
    }

    fn remember(&self, identity: &Identity) {
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        if seen.len() >= REMEMBERED {
            seen.clear();
        }
        seen.insert(identity.session, (self.clock.now(), identity.clone()));
    }
}

/// The token of `Authorization: Bearer TOKEN`.
fn bearer(headers: &HeaderMap) -> Option<&str> {
    let value = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    let (scheme, token) = value.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}
