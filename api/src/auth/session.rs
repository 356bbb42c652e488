//! A session's life: opened by a log-in, renewed by its refresh token, ended by the user or by the theft of a token.
//!
//! Postgres has the truth. Redis holds a mark per ended session, so that every node refuses it at once.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use domain::{Fault, Identity, Kind, SessionId, User};
use sha2::{Digest as _, Sha256};
use store::sessions::Session;
use store::{StoreError, sessions, users};
use subtle::ConstantTimeEq as _;
use time::{Duration, OffsetDateTime};

use crate::Api;

/// How long the refresh token before the present one is still understood: two tabs may renew at the same moment.
const RACE: Duration = Duration::seconds(10);
/// However often it is renewed, a session ends this long after the log-in.
const LONGEST: Duration = Duration::days(180);
/// A user's sessions at most; the oldest give way.
const MOST: i64 = 500;
/// How long a session that is over can still be looked up.
const KEPT: Duration = Duration::days(7);
/// Old sessions that one log-in clears away.
const CLEARED_AT_ONCE: i64 = 100;
/// A request does not wait longer for Redis.
const PATIENCE: std::time::Duration = std::time::Duration::from_millis(500);
/// Characters of the client's own description that are kept.
const USER_AGENT_CHARS: usize = 200;

/// Who a session is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Client {
    /// A program with a bearer token.
    Api,
    /// A browser on our pages, with cookies.
    Pages,
}

/// A session that was just opened or renewed.
pub(crate) struct Opened {
    pub(crate) identity: Identity,
    /// The new refresh token, for browsers; none if another tab has just received it.
    pub(crate) refresh: Option<String>,
}

/// Why a session cannot be renewed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum RenewError {
    /// There is no refresh token, or it is none of ours.
    #[error("sign in first")]
    NoToken,
    /// It has expired or was ended.
    #[error("the session has ended; sign in again")]
    Ended,
    /// Its token was used before: somebody has a copy, so the session ends for everybody.
    #[error("the session was ended because its token was used twice; sign in again")]
    Reused,
    /// The database did not do it.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Fault for RenewError {
    fn kind(&self) -> Kind {
        match self {
            Self::NoToken | Self::Ended | Self::Reused => Kind::Unknown,
            Self::Store(error) => error.kind(),
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::NoToken => "NOT_SIGNED_IN",
            Self::Ended => "SESSION_ENDED",
            Self::Reused => "SESSION_REUSED",
            Self::Store(error) => error.code(),
        }
    }
}

impl Api {
    /// Opens a session for a user whose password was right.
    pub(crate) async fn open_session(&self, user: &User, client: Client, agent: &str) -> Result<Opened, StoreError> {
        let now = self.now();
        let id = SessionId::new();
        let refresh = (client == Client::Pages).then(|| RefreshToken::new(id));
        let lifetime = match client {
            Client::Api => self.config.settings.bearer_lifetime(),
            Client::Pages => self.config.settings.refresh_lifetime(),
        };
        let session = Session {
            id,
            user: user.id,
            refresh_hash: refresh.as_ref().map(RefreshToken::hash),
            previous_hash: None,
            rotated_at: None,
            user_agent: agent.chars().filter(|c| !c.is_control()).take(USER_AGENT_CHARS).collect(),
            created_at: now,
            last_seen_at: now,
            expires_at: now + lifetime,
        };
        let mut tx = self.store.begin().await?;
        sessions::insert(&mut tx, &session).await?;
        let displaced = sessions::revoke_beyond(&mut tx, user.id, MOST, now).await?;
        sessions::delete_over(&mut tx, now - KEPT, CLEARED_AT_ONCE).await?;
        store::commit(tx).await?;
        self.mark_ended(&displaced).await;
        let identity = identity(user, id);
        Ok(Opened { identity, refresh: refresh.map(|token| token.text) })
    }

    /// Changes a refresh token for the next one.
    pub(crate) async fn renew_session(&self, token: &str) -> Result<Opened, RenewError> {
        let token = RefreshToken::parse(token).ok_or(RenewError::NoToken)?;
        let now = self.now();
        let mut tx = self.store.begin().await?;
        let session = sessions::lock_living(&mut tx, token.session, now).await?.ok_or(RenewError::Ended)?;
        let user = users::find(&mut tx, session.user).await?.ok_or(RenewError::Ended)?;
        let refresh = match judge(&session, &token.hash(), now) {
            Judgement::Present => {
                let next = RefreshToken::new(session.id);
                sessions::save_renewal(&mut tx, &renewed(session, &next, now, self.config.settings.refresh_lifetime()))
                    .await?;
                Some(next.text)
            }
            Judgement::JustReplaced => None,
            Judgement::Stolen => {
                sessions::revoke(&mut tx, user.id, token.session, now).await?;
                store::commit(tx).await?;
                self.mark_ended(&[token.session]).await;
                tracing::warn!(user.id = %user.id, "a refresh token was used twice; its session was ended");
                return Err(RenewError::Reused);
            }
        };
        store::commit(tx).await?;
        Ok(Opened { identity: identity(&user, token.session), refresh })
    }

    /// Tells every node that these sessions are over. Postgres knows already; without Redis it takes them seconds.
    pub(crate) async fn mark_ended(&self, ended: &[SessionId]) {
        for session in ended {
            self.authenticator.forget(*session);
        }
        let Some(seconds) = ended.first().map(|_| self.config.settings.bearer_lifetime().whole_seconds()) else {
            return;
        };
        let mut marks = redis::pipe();
        for session in ended {
            marks.set_ex(self.redis.revoked_session_key(*session), 1, seconds.max(60).unsigned_abs()).ignore();
        }
        let mut commands = self.redis.commands();
        let told = tokio::time::timeout(PATIENCE, marks.query_async::<()>(&mut commands)).await;
        if !matches!(told, Ok(Ok(()))) {
            tracing::warn!("the end of a session could not be told to other nodes at once");
        }
    }
}

fn identity(user: &User, session: SessionId) -> Identity {
    Identity { user: user.id, username: user.username.clone(), session, is_operator: user.is_operator }
}

fn renewed(session: Session, next: &RefreshToken, now: OffsetDateTime, lifetime: Duration) -> Session {
    Session {
        previous_hash: session.refresh_hash,
        refresh_hash: Some(next.hash()),
        rotated_at: Some(now),
        last_seen_at: now,
        expires_at: (now + lifetime).min(session.created_at + LONGEST),
        ..session
    }
}

/// What to think of a refresh token.
#[derive(Debug, PartialEq, Eq)]
enum Judgement {
    /// It is the one we gave out last.
    Present,
    /// It is the one before, replaced a moment ago.
    JustReplaced,
    /// It is an old one: either it or its successor is in foreign hands.
    Stolen,
}

fn judge(session: &Session, hash: &[u8], now: OffsetDateTime) -> Judgement {
    let is = |known: &Option<Vec<u8>>| known.as_ref().is_some_and(|known| bool::from(known.as_slice().ct_eq(hash)));
    if is(&session.refresh_hash) {
        return Judgement::Present;
    }
    let just_now = session.rotated_at.is_some_and(|at| now - at <= RACE);
    if just_now && is(&session.previous_hash) {
        return Judgement::JustReplaced;
    }
    Judgement::Stolen
}

/// `SESSION.SECRET`: the secret is 256 random bits, stored as its hash.
struct RefreshToken {
    session: SessionId,
    text: String,
}

impl RefreshToken {
    fn new(session: SessionId) -> Self {
        let text = format!("{}.{}", session.uuid().simple(), random_token());
        Self { session, text }
    }

    fn parse(text: &str) -> Option<Self> {
        let (session, secret) = text.split_once('.')?;
        let plausible = session.len() == 32 && secret.len() == 43;
        let session = session.parse().ok().filter(|_| plausible)?;
        Some(Self { session, text: text.to_owned() })
    }

    fn hash(&self) -> Vec<u8> {
        hash_token(&self.text)
    }
}

/// 256 random bits as text.
pub(crate) fn random_token() -> String {
    let mut bytes = [0; 32];
    getrandom::fill(&mut bytes).expect("the system has random numbers");
    URL_SAFE_NO_PAD.encode(bytes)
}

/// How random tokens are stored. They are long enough that a plain hash cannot be searched.
pub(crate) fn hash_token(token: &str) -> Vec<u8> {
    Sha256::digest(token.as_bytes()).to_vec()
}

#[cfg(test)]
mod tests {
    use time::macros::datetime;

    use super::*;

    const NOON: OffsetDateTime = datetime!(2026-11-01 12:00 UTC);

    fn session() -> Session {
        Session {
            id: SessionId::new(),
            user: domain::UserId::new(),
            refresh_hash: Some(vec![3]),
            previous_hash: Some(vec![2]),
            rotated_at: Some(NOON),
            user_agent: String::new(),
            created_at: NOON,
            last_seen_at: NOON,
            expires_at: NOON,
        }
    }

    #[test]
    fn the_token_before_is_understood_for_ten_seconds_and_older_ones_never() {
        assert_eq!(judge(&session(), &[3], NOON), Judgement::Present);
        assert_eq!(judge(&session(), &[2], NOON + RACE), Judgement::JustReplaced);
        assert_eq!(judge(&session(), &[2], NOON + RACE * 2), Judgement::Stolen);
        assert_eq!(judge(&session(), &[1], NOON), Judgement::Stolen);
        assert_eq!(
            judge(&Session { refresh_hash: None, previous_hash: None, ..session() }, &[], NOON),
            Judgement::Stolen
        );
    }

    #[test]
    fn a_refresh_token_names_its_session() {
        let token = RefreshToken::new(SessionId::new());
        assert_eq!(RefreshToken::parse(&token.text).map(|parsed| parsed.session), Some(token.session));
        for rubbish in ["", ".", "a.b", &token.text[1..], &token.text[..70]] {
            assert!(RefreshToken::parse(rubbish).is_none(), "{rubbish}");
        }
    }

    #[test]
    fn a_session_does_not_outlive_its_longest_time() {
        let next = RefreshToken::new(SessionId::new());
        let late = NOON + LONGEST - Duration::days(1);
        assert_eq!(renewed(session(), &next, late, Duration::days(30)).expires_at, NOON + LONGEST);
    }
}
