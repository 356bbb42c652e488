//! When to ask a publisher for a keyframe: whoever wants one says so, and the publisher is asked once for all of them.
//! Pure.

use std::time::Duration;

/// Wishes for keyframes of one source.
#[derive(Debug, Default)]
pub(crate) struct Requests {
    is_wanted: bool,
    asked_at: Option<Duration>,
    came_at: Option<Duration>,
}

impl Requests {
    /// Somebody needs one.
    pub(crate) fn want(&mut self) {
        self.is_wanted = true;
    }

    /// One arrived: everybody is served.
    pub(crate) fn arrived(&mut self, now: Duration) {
        (self.is_wanted, self.came_at) = (false, Some(now));
    }

    /// How old the newest keyframe is; nothing before the first.
    pub(crate) fn age(&self, now: Duration) -> Option<Duration> {
        self.came_at.map(|came_at| now.saturating_sub(came_at))
    }

    /// Whether the publisher is to be asked now.
    pub(crate) fn is_due(&self, now: Duration, every: Duration) -> bool {
        self.is_wanted && self.asked_at.is_none_or(|asked_at| now.saturating_sub(asked_at) >= every)
    }

    /// The publisher was asked.
    pub(crate) fn asked(&mut self, now: Duration) {
        self.asked_at = Some(now);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const EVERY: Duration = Duration::from_millis(500);

    #[test]
    fn many_wishes_are_one_request() {
        let ms = Duration::from_millis;
        let mut requests = Requests::default();
        assert!(!requests.is_due(ms(0), EVERY));
        let mut asked = Vec::new();
        for now in (0..2_000).step_by(10) {
            requests.want();
            if requests.is_due(ms(now), EVERY) {
                requests.asked(ms(now));
                asked.push(now);
            }
        }
        assert_eq!(asked, [0, 500, 1_000, 1_500]);
    }

    #[test]
    fn a_keyframe_ends_the_asking_and_an_unanswered_request_is_repeated() {
        let ms = Duration::from_millis;
        let mut requests = Requests::default();
        requests.want();
        requests.asked(ms(0));
        assert!(!requests.is_due(ms(499), EVERY) && requests.is_due(ms(500), EVERY));
        requests.arrived(ms(510));
        assert!(!requests.is_due(ms(5_000), EVERY));
        assert_eq!(requests.age(ms(600)), Some(ms(90)));
    }
}
