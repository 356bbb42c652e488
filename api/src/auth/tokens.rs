//! Access tokens: JWTs that we sign and read ourselves. One algorithm, pinned here; times by our own clock.

use std::sync::Arc;

use domain::{Clock, Fault, Identity, Kind, Secret, SessionId, UserId, Username};
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use time::Duration;
use uuid::Uuid;

/// What a token is for; one of another purpose is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Purpose {
    /// `Authorization: Bearer` of an API client.
    Api,
    /// The access cookie of our pages.
    Pages,
}

impl Purpose {
    const fn audience(self) -> &'static str {
        match self {
            Self::Api => "livestream-api",
            Self::Pages => "livestream-pages",
        }
    }
}

const ISSUER: &str = "livestream";
/// The type of access tokens, RFC 9068: no other JWT that we may sign one day passes for one.
const TYPE: &str = "at+jwt";
const ALGORITHM: Algorithm = Algorithm::HS256;
/// Clocks of two machines of one installation may differ by this much.
const LEEWAY: Duration = Duration::seconds(30);

/// What a token says.
#[derive(Debug, Serialize, Deserialize)]
struct Claims {
    iss: String,
    aud: String,
    sub: Uuid,
    sid: Uuid,
    name: String,
    op: bool,
    iat: i64,
    nbf: i64,
    exp: i64,
}

/// Why a token is not good.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum TokenError {
    /// It was good once.
    #[error("the access token has expired")]
    Expired,
    /// Not one of ours, or for another purpose.
    #[error("the access token is not valid")]
    Invalid,
}

impl Fault for TokenError {
    fn kind(&self) -> Kind {
        Kind::Unknown
    }

    fn code(&self) -> &'static str {
        match self {
            Self::Expired => "TOKEN_EXPIRED",
            Self::Invalid => "TOKEN_INVALID",
        }
    }
}

/// A key and its name.
struct Key {
    id: String,
    signing: EncodingKey,
    reading: DecodingKey,
}

impl Key {
    fn new(secret: &Secret<String>) -> Self {
        let bytes = secret.expose().as_bytes();
        let digest = Sha256::digest(bytes);
        let id = digest[..4].iter().map(|byte| format!("{byte:02x}")).collect();
        Self { id, signing: EncodingKey::from_secret(bytes), reading: DecodingKey::from_secret(bytes) }
    }
}

/// Issues and reads access tokens.
pub(crate) struct Tokens {
    key: Key,
    previous: Option<Key>,
    clock: Arc<dyn Clock>,
}

impl Tokens {
    pub(crate) fn new(key: &Secret<String>, previous: Option<&Secret<String>>, clock: Arc<dyn Clock>) -> Self {
        Self { key: Key::new(key), previous: previous.map(Key::new), clock }
    }

    /// A token for this identity, good for `lifetime` from now.
    pub(crate) fn issue(&self, identity: &Identity, purpose: Purpose, lifetime: Duration) -> String {
        let now = self.clock.now();
        let claims = Claims {
            iss: ISSUER.to_owned(),
            aud: purpose.audience().to_owned(),
            sub: identity.user.uuid(),
            sid: identity.session.uuid(),
            name: identity.username.to_string(),
            op: identity.is_operator,
            iat: now.unix_timestamp(),
            nbf: now.unix_timestamp(),
            exp: (now + lifetime).unix_timestamp(),
        };
        let mut header = Header::new(ALGORITHM);
        header.typ = Some(TYPE.to_owned());
        header.kid = Some(self.key.id.clone());
        jsonwebtoken::encode(&header, &claims, &self.key.signing).expect("plain claims and an HMAC key always sign")
    }

    /// Who the token says it is. Whether the session still lives is for others to ask.
    pub(crate) fn read(&self, token: &str, purpose: Purpose) -> Result<Identity, TokenError> {
        let header = jsonwebtoken::decode_header(token).map_err(|_| TokenError::Invalid)?;
        if header.typ.as_deref() != Some(TYPE) {
            return Err(TokenError::Invalid);
        }
        let known = |key: &&Key| header.kid.as_deref() == Some(key.id.as_str());
        let key = [Some(&self.key), self.previous.as_ref()].into_iter().flatten().find(known);
        let key = key.ok_or(TokenError::Invalid)?;
        let read = jsonwebtoken::decode::<Claims>(token, &key.reading, &rules(purpose));
        let claims = read.map_err(|_| TokenError::Invalid)?.claims;
        let now = self.clock.now().unix_timestamp();
        if claims.nbf > now + LEEWAY.whole_seconds() {
            return Err(TokenError::Invalid);
        }
        if claims.exp <= now - LEEWAY.whole_seconds() {
            return Err(TokenError::Expired);
        }
        Ok(Identity {
            user: UserId::from(claims.sub),
            username: Username::trusted(claims.name),
            session: SessionId::from(claims.sid),
            is_operator: claims.op,
        })
    }
}

/// Everything but the times, which the library would take from the machine's clock.
fn rules(purpose: Purpose) -> Validation {
    let mut rules = Validation::new(ALGORITHM);
    rules.set_issuer(&[ISSUER]);
    rules.set_audience(&[purpose.audience()]);
    rules.set_required_spec_claims(&["exp", "nbf", "iss", "aud", "sub"]);
    rules.validate_exp = false;
    rules.validate_nbf = false;
    rules
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use base64::Engine as _;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;
    use serde_json::{Value, json};
    use time::OffsetDateTime;
    use time::macros::datetime;

    use super::*;

    struct Stopped(Mutex<OffsetDateTime>);

    impl Clock for Stopped {
        fn now(&self) -> OffsetDateTime {
            *self.0.lock().unwrap()
        }
    }

    const NOON: OffsetDateTime = datetime!(2026-11-01 12:00 UTC);

    fn tokens(key: &str) -> (Tokens, Arc<Stopped>) {
        let clock = Arc::new(Stopped(Mutex::new(NOON)));
        (Tokens::new(&Secret::new(key.to_owned()), None, clock.clone()), clock)
    }

    fn mika() -> Identity {
        Identity {
            user: UserId::new(),
            username: Username::trusted("mika".into()),
            session: SessionId::new(),
            is_operator: true,
        }
    }

    const KEY: &str = "0123456789abcdef0123456789abcdef";

    #[test]
    fn a_token_says_who_it_was_issued_to_until_it_expires() {
        let (tokens, clock) = tokens(KEY);
        let identity = mika();
        let token = tokens.issue(&identity, Purpose::Api, Duration::hours(24));
        assert_eq!(tokens.read(&token, Purpose::Api), Ok(identity));
        *clock.0.lock().unwrap() = NOON + Duration::hours(24) + LEEWAY;
        assert_eq!(tokens.read(&token, Purpose::Api), Err(TokenError::Expired));
        *clock.0.lock().unwrap() = NOON - Duration::minutes(1);
        assert_eq!(tokens.read(&token, Purpose::Api), Err(TokenError::Invalid));
    }

    #[test]
    fn a_token_for_one_purpose_is_none_for_the_other() {
        let (tokens, _) = tokens(KEY);
        let token = tokens.issue(&mika(), Purpose::Pages, Duration::hours(1));
        assert_eq!(tokens.read(&token, Purpose::Api), Err(TokenError::Invalid));
    }

    #[test]
    fn a_rotated_key_still_reads_and_no_longer_signs() {
        let (old, clock) = tokens(KEY);
        let token = old.issue(&mika(), Purpose::Api, Duration::hours(1));
        let next = Secret::new("another-key-another-key-another-key".to_owned());
        let rotated = Tokens::new(&next, Some(&Secret::new(KEY.to_owned())), clock.clone());
        assert!(rotated.read(&token, Purpose::Api).is_ok());
        let token = rotated.issue(&mika(), Purpose::Api, Duration::hours(1));
        assert_eq!(old.read(&token, Purpose::Api), Err(TokenError::Invalid));
    }

    /// Signs like a stranger who guesses everything but what is changed here.
    fn forge(header: &Value, change: impl Fn(&mut Value), algorithm: Algorithm, key: &str) -> String {
        let mut claims = json!({
            "iss": ISSUER, "aud": "livestream-api", "sub": Uuid::nil(), "sid": Uuid::nil(), "name": "mika", "op": true,
            "iat": NOON.unix_timestamp(), "nbf": NOON.unix_timestamp(), "exp": NOON.unix_timestamp() + 60,
        });
        change(&mut claims);
        let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let message = format!("{}.{}", part(header), part(&claims));
        let key = EncodingKey::from_secret(key.as_bytes());
        let signature = jsonwebtoken::crypto::sign(message.as_bytes(), &key, algorithm).unwrap();
        format!("{message}.{signature}")
    }

    #[test]
    fn forged_tokens_are_refused() {
        let (tokens, _) = tokens(KEY);
        let header = |alg: &str, typ: &str| json!({"alg": alg, "typ": typ, "kid": tokens.key.id});
        let fine = header("HS256", TYPE);
        let hs256 = Algorithm::HS256;
        let refused = |token: &str| assert_eq!(tokens.read(token, Purpose::Api), Err(TokenError::Invalid), "{token}");
        assert!(tokens.read(&forge(&fine, |_| (), hs256, KEY), Purpose::Api).is_ok());

        refused(&forge(&fine, |_| (), hs256, "another-key-another-key-another-key"));
        refused(&forge(&header("HS512", TYPE), |_| (), Algorithm::HS512, KEY));
        refused(&forge(&header("HS256", "JWT"), |_| (), hs256, KEY));
        refused(&forge(&json!({"alg": "HS256", "typ": TYPE}), |_| (), hs256, KEY));
        refused(&forge(&json!({"alg": "HS256", "typ": TYPE, "kid": "00000000"}), |_| (), hs256, KEY));
        let claims = forge(&fine, |_| (), hs256, KEY);
        let claims = claims.split('.').nth(1).unwrap();
        let none = URL_SAFE_NO_PAD.encode(header("none", TYPE).to_string());
        refused(&format!("{none}.{claims}."));
        for claim in ["iss", "aud", "sub", "sid", "name", "op", "nbf", "exp"] {
            refused(&forge(&fine, |claims| drop(claims.as_object_mut().unwrap().remove(claim)), hs256, KEY));
        }
        refused(&forge(&fine, |claims| claims["iss"] = json!("somebody"), hs256, KEY));
        refused(&forge(&fine, |claims| claims["aud"] = json!("livestream-pages"), hs256, KEY));
        refused(&forge(&fine, |claims| claims["exp"] = json!("soon"), hs256, KEY));
        for rubbish in ["", ".", "..", "a.b.c", "é"] {
            refused(rubbish);
        }
    }
}
