//! Why a connection ends, and the code that tells the client whether to come back:
//! 3000 to 3499 reconnect, 3500 to 3999 do not.

use axum::extract::ws::CloseFrame;

/// Why a connection ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Close {
    /// The client is gone; there is nobody to tell.
    Gone,
    /// This node stops.
    Shutdown,
    /// The session under which the client is signed in has ended: refresh it, then reconnect.
    SessionEnded,
    /// The client reads too slowly for what is said.
    Slow,
    /// The log that the client's position is in was lost, or is readable again: join anew.
    PositionLost,
    /// No join or pong in time.
    Silent,
    /// Refused again and again.
    TooMany,
    /// The client does not speak this protocol; the reason says where it went wrong.
    BadRequest(&'static str),
    /// The client may not be here any longer.
    NotAllowed,
}

impl Close {
    /// Code and reason as sent; none if nobody listens.
    pub(crate) fn frame(self) -> Option<CloseFrame> {
        let (code, reason) = match self {
            Self::Gone => return None,
            Self::Shutdown => (3001, "this server stops, reconnect"),
            Self::SessionEnded => (3005, "your session has ended, refresh it and reconnect"),
            Self::Slow => (3008, "you read too slowly, reconnect"),
            Self::PositionLost => (3010, "your position is lost, reconnect"),
            Self::Silent => (3012, "no sign of life in time, reconnect"),
            Self::TooMany => (3013, "too many refused messages, reconnect later"),
            Self::BadRequest(reason) => (3501, reason),
            Self::NotAllowed => (3507, "you may not be in this room"),
        };
        Some(CloseFrame { code, reason: reason.into() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_code_says_whether_to_come_back() {
        let code = |close: Close| close.frame().map(|frame| frame.code);
        for back in
            [Close::Shutdown, Close::SessionEnded, Close::Slow, Close::PositionLost, Close::Silent, Close::TooMany]
        {
            assert!(code(back).is_some_and(|code| (3000..3500).contains(&code)), "{back:?}");
        }
        for not in [Close::BadRequest("x"), Close::NotAllowed] {
            assert!(code(not).is_some_and(|code| (3500..4000).contains(&code)), "{not:?}");
        }
        assert_eq!(code(Close::Gone), None);
    }
}
