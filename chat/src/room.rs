//! What happens to one message, step by step.

use std::time::Duration;

use domain::{Caller, Fault, Kind, NotSignedIn};
use store::redis::RedisError;

use crate::Chat;
use crate::audience::Audience;
use crate::frame;
use crate::rules::{self, Pace, Refusal};

/// Why a message was not taken.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SayError {
    #[error(transparent)]
    NotSignedIn(#[from] NotSignedIn),
    #[error("the chat is closed, its stream has ended")]
    Closed,
    #[error("a message's id is 1 to 64 visible ASCII characters")]
    BadId,
    #[error("there is nothing to see in this message")]
    Empty,
    #[error("a message has at most {most} characters, this one has {over} more")]
    TooLong { most: usize, over: usize },
    #[error("you are writing too fast, wait a moment")]
    TooFast(Duration),
    #[error("the chat is not available at the moment, try again")]
    Unavailable(#[from] RedisError),
}

impl Fault for SayError {
    fn kind(&self) -> Kind {
        match self {
            Self::NotSignedIn(fault) => fault.kind(),
            Self::Closed => Kind::Conflict,
            Self::BadId | Self::Empty | Self::TooLong { .. } => Kind::Invalid,
            Self::TooFast(wait) => Kind::TooMany(*wait),
            Self::Unavailable(_) => Kind::Unavailable,
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::NotSignedIn(fault) => fault.code(),
            Self::Closed => "CHAT_CLOSED",
            Self::BadId => "MESSAGE_ID_INVALID",
            Self::Empty => "MESSAGE_EMPTY",
            Self::TooLong { .. } => "MESSAGE_TOO_LONG",
            Self::TooFast(_) => "TOO_FAST",
            Self::Unavailable(_) => "CHAT_UNAVAILABLE",
        }
    }
}

impl Chat {
    /// Says `text` in the room and answers its offset in the log. The same `client_id` again, within five minutes,
    /// is the same message and answers the same offset.
    pub(crate) async fn say(
        &self,
        audience: &Audience,
        caller: &Caller,
        client_id: &str,
        text: &str,
    ) -> Result<u64, SayError> {
        let author = caller.must_be_user()?;
        let standing = audience.standing();
        if !standing.is_open {
            return Err(SayError::Closed);
        }
        if !rules::is_client_id(client_id) {
            return Err(SayError::BadId);
        }
        let config = self.config();
        let text = rules::clean(text, config.max_chars).map_err(|refusal| match refusal {
            Refusal::Empty => SayError::Empty,
            Refusal::TooLong(over) => SayError::TooLong { most: config.max_chars, over },
        })?;
        let pace = Pace { burst: config.burst, refill: Duration::from_millis(config.refill_ms) };
        audience.take_turn(author.user, pace, self.now_ms()).map_err(SayError::TooFast)?;
        let event = frame::message(author, author.user == standing.owner, &text, client_id);
        Ok(self.buffer().append(audience.stream, author.user, client_id, &event).await?)
    }
}
