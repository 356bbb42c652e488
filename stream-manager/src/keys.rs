//! Stream keys: what OBS and the like hold in place of a publish token, for as long as their owner lets them.
//!
//! A key is shown once, when it is made or rotated. Rotating or revoking it makes the old text worthless at once and
//! ends the stream that is being published with it.

use domain::{DisplayName, Fault, Identity, Kind, Secret, Stream, StreamKeyId};
use store::stream_keys::{self, StreamKey};
use store::{StoreError, Tx, commit, streams};

use crate::{StreamManager, token};

/// What a creator calls a key: 1 to 50 characters on one line, trimmed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Label(String);

/// That is no label.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a label has 1 to 50 characters, on one line")]
pub struct LabelError;

impl Fault for LabelError {
    fn kind(&self) -> Kind {
        Kind::Invalid
    }

    fn code(&self) -> &'static str {
        "LABEL_INVALID"
    }
}

impl Label {
    /// Parses what a person typed. The bounds are those of display names.
    pub fn parse(text: &str) -> Result<Self, LabelError> {
        DisplayName::parse(text).map(|name| Self(name.to_string())).map_err(|_| LabelError)
    }
}

/// A key that was just made.
#[derive(Debug)]
pub struct NewKey {
    /// What lists show of it.
    pub key: StreamKey,
    /// Its text. This is the only time it is told.
    pub text: Secret<String>,
}

/// Nothing was done with the key.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    /// The user has no such key.
    #[error("there is no stream key {0}")]
    NoSuchKey(StreamKeyId),
    /// As many as one creator may have.
    #[error("you have {0} stream keys: revoke one of them first")]
    TooMany(u32),
    /// The account is gone.
    #[error("this account no longer exists")]
    NoSuchUser,
    /// Postgres.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Fault for KeyError {
    fn kind(&self) -> Kind {
        match self {
            Self::NoSuchKey(_) => Kind::NotFound,
            Self::TooMany(_) => Kind::Conflict,
            Self::NoSuchUser => Kind::Unknown,
            Self::Store(error) => error.kind(),
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::NoSuchKey(_) => "STREAM_KEY_NOT_FOUND",
            Self::TooMany(_) => "STREAM_KEY_LIMIT",
            Self::NoSuchUser => "NO_SUCH_USER",
            Self::Store(error) => error.code(),
        }
    }
}

impl StreamManager {
    /// Makes a key.
    pub async fn create_key(&self, owner: &Identity, label: Label) -> Result<NewKey, KeyError> {
        let most = self.inner.config.keys_per_creator;
        let mut tx = self.inner.store.begin().await?;
        streams::lock_creator(&mut tx, owner.user).await?.ok_or(KeyError::NoSuchUser)?;
        if stream_keys::of_user(&mut tx, owner.user).await?.len() >= most as usize {
            return Err(KeyError::TooMany(most));
        }
        let (prefix, text) = token::stream_key();
        let key = StreamKey {
            id: StreamKeyId::new(),
            owner: owner.user,
            label: label.0,
            prefix,
            created_at: self.inner.clock.now(),
            last_used_at: None,
        };
        stream_keys::insert(&mut tx, &key, &token::hash(text.expose())).await?;
        commit(tx).await?;
        Ok(NewKey { key, text })
    }

    /// The user's keys, oldest first, without their texts.
    pub async fn keys(&self, owner: &Identity) -> Result<Vec<StreamKey>, KeyError> {
        let mut db = self.inner.store.acquire().await?;
        Ok(stream_keys::of_user(&mut db, owner.user).await?)
    }

    /// Gives a key a new text.
    pub async fn rotate_key(&self, owner: &Identity, id: StreamKeyId) -> Result<NewKey, KeyError> {
        let (mut tx, key) = self.lock_key(owner, id).await?;
        let (prefix, text) = token::stream_key();
        stream_keys::replace(&mut tx, id, &prefix, &token::hash(text.expose())).await?;
        self.cut(tx, id).await?;
        Ok(NewKey { key: StreamKey { prefix, last_used_at: None, ..key }, text })
    }

    /// Revokes a key for good.
    pub async fn revoke_key(&self, owner: &Identity, id: StreamKeyId) -> Result<(), KeyError> {
        let (mut tx, _) = self.lock_key(owner, id).await?;
        stream_keys::revoke(&mut tx, id, self.inner.clock.now()).await?;
        Ok(self.cut(tx, id).await?)
    }

    async fn lock_key(&self, owner: &Identity, id: StreamKeyId) -> Result<(Tx, StreamKey), KeyError> {
        let mut tx = self.inner.store.begin().await?;
        let key = stream_keys::lock(&mut tx, owner.user, id).await?.ok_or(KeyError::NoSuchKey(id))?;
        Ok((tx, key))
    }

    /// Commits, and with it the end of whatever is published with the key.
    async fn cut(&self, mut tx: Tx, id: StreamKeyId) -> Result<(), StoreError> {
        let now = self.inner.clock.now();
        let unfinished = streams::lock_made_with(&mut tx, id).await?;
        let ended: Vec<Stream> = unfinished.into_iter().map(|stream| stream.end(now)).collect();
        for stream in &ended {
            streams::save(&mut tx, stream).await?;
        }
        commit(tx).await?;
        for stream in &ended {
            self.after_end(stream).await;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_are_one_short_line() {
        assert_eq!(Label::parse(" OBS at home "), Ok(Label("OBS at home".into())));
        for bad in ["", "  ", "a\nb", &"x".repeat(51)] {
            assert_eq!(Label::parse(bad), Err(LabelError), "{bad}");
        }
    }
}
