//! Who is taken in: places for publishers are kept free of watchers, and who only pretends to come makes room for others.

use domain::{Fault, Kind};
use media_config::Limits;
use tokio::sync::oneshot;

use crate::directory::Ticket;
use crate::peer::Approach;
use crate::random::SessionId;
use crate::rtc::Negotiation;

/// What goes with a new connection.
#[derive(Debug)]
pub(crate) struct Admission {
    /// Its session.
    pub(crate) session: SessionId,
    /// What is known of it over HTTP.
    pub(crate) ticket: Ticket,
    /// What was agreed.
    pub(crate) negotiation: Negotiation,
    /// Where to say whether it is in.
    pub(crate) reply: oneshot::Sender<Result<(), AdmitError>>,
}

/// Why a connection is not taken in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum AdmitError {
    /// As many as we can serve are here.
    #[error("this media server has as many connections as it can serve")]
    Full,
    /// The stream was closed meanwhile.
    #[error("the stream has ended")]
    Closed,
    /// The publisher left, or came back with another codec, meanwhile.
    #[error("nobody is publishing this stream at the moment")]
    NotPublishing,
    /// Who may watch has changed meanwhile.
    #[error("who may watch this stream has changed just now; ask again")]
    Outdated,
    /// The server is stopping.
    #[error("this media server is stopping")]
    Stopping,
}

impl Fault for AdmitError {
    fn kind(&self) -> Kind {
        match self {
            Self::Full | Self::Outdated | Self::Stopping => Kind::Unavailable,
            Self::Closed | Self::NotPublishing => Kind::Conflict,
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::Full => "MEDIA_SERVER_FULL",
            Self::Closed => "STREAM_ENDED",
            Self::NotPublishing => "STREAM_NOT_PUBLISHING",
            Self::Outdated => "STREAM_CHANGED",
            Self::Stopping => "MEDIA_SERVER_STOPPING",
        }
    }
}

/// What to do with one more watcher.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verdict<K> {
    /// There is room.
    Take,
    /// There is, once this one has gone.
    InPlaceOf(K),
    /// There is none.
    Full,
}

/// Decides on one more watcher, given how many there are and where those stand that are not connected yet.
///
/// Of those, who was never heard of over UDP goes first, the oldest of them: a browser's first check comes a round trip
/// after its answer, so a crowd that really comes does not push itself out. Who was heard of is given time for its handshake.
pub(crate) fn one_more<K: Copy>(limits: &Limits, watchers: usize, approaching: &[(K, Approach)]) -> Verdict<K> {
    if approaching.len() < limits.connecting_watchers && watchers < limits.watchers {
        return Verdict::Take;
    }
    let is_idle = |approach: &Approach| !approach.is_heard || approach.age >= limits.handshake_grace;
    let idle = approaching.iter().filter(|(_, approach)| is_idle(approach));
    let oldest = idle.max_by_key(|(_, approach)| (!approach.is_heard, approach.age));
    oldest.map_or(Verdict::Full, |(key, _)| Verdict::InPlaceOf(*key))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn limits() -> Limits {
        let mut limits = media_config::Profile::default().limits;
        (limits.connecting_watchers, limits.watchers) = (3, 10);
        limits.handshake_grace = Duration::from_secs(3);
        limits
    }

    fn approach(is_heard: bool, seconds: u64) -> Approach {
        Approach { is_heard, age: Duration::from_secs(seconds) }
    }

    #[test]
    fn the_oldest_of_those_never_heard_of_makes_room() {
        let crowd = [('a', approach(true, 9)), ('b', approach(false, 1)), ('c', approach(false, 2))];
        assert_eq!(one_more(&limits(), 5, &crowd[..2]), Verdict::Take);
        assert_eq!(one_more(&limits(), 5, &crowd), Verdict::InPlaceOf('c'));
        assert_eq!(one_more(&limits(), 10, &crowd[..2]), Verdict::InPlaceOf('b'), "no place is left at all");
    }

    #[test]
    fn who_is_in_the_middle_of_its_handshake_stays_for_a_while() {
        let busy = [('a', approach(true, 1)), ('b', approach(true, 2)), ('c', approach(true, 2))];
        assert_eq!(one_more(&limits(), 5, &busy), Verdict::Full);
        let slow = [busy[0], busy[1], ('c', approach(true, 3))];
        assert_eq!(one_more(&limits(), 5, &slow), Verdict::InPlaceOf('c'));
    }

    #[test]
    fn where_all_are_connected_there_is_no_room() {
        assert_eq!(one_more::<char>(&limits(), 10, &[]), Verdict::Full);
        assert_eq!(one_more::<char>(&limits(), 9, &[]), Verdict::Take);
    }
}
