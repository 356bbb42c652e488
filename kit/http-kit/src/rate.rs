//! How often somebody may do something costly. Counted in this process alone.

use std::hash::Hash;
use std::net::IpAddr;
use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use domain::Kind;
use governor::clock::{Clock as _, DefaultClock};
use governor::{DefaultKeyedRateLimiter, RateLimiter};
use serde::Deserialize;

use crate::{ClientAddress, Problem};

/// So many per minute on average, and at most so many at once after a pause.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Quota {
    /// How many come back per minute.
    pub per_minute: NonZeroU32,
    /// How many at once.
    pub burst: NonZeroU32,
}

impl Quota {
    /// A quota; a zero counts as one.
    pub const fn new(per_minute: u32, burst: u32) -> Self {
        Self { per_minute: at_least_one(per_minute), burst: at_least_one(burst) }
    }
}

const fn at_least_one(number: u32) -> NonZeroU32 {
    match NonZeroU32::new(number) {
        Some(number) => number,
        None => NonZeroU32::MIN,
    }
}

/// Beyond this many keys those that have recovered are forgotten.
const SWEEP_ABOVE: usize = 10_000;

/// A quota per key. Cheap to clone; clones count together.
#[derive(Debug)]
pub struct RateLimit<K: Hash + Eq + Clone = IpAddr> {
    counters: Arc<DefaultKeyedRateLimiter<K>>,
}

impl<K: Hash + Eq + Clone> Clone for RateLimit<K> {
    fn clone(&self) -> Self {
        Self { counters: Arc::clone(&self.counters) }
    }
}

impl<K: Hash + Eq + Clone> RateLimit<K> {
    /// Counts from now on.
    pub fn new(quota: Quota) -> Self {
        let quota = governor::Quota::per_minute(quota.per_minute).allow_burst(quota.burst);
        Self { counters: Arc::new(RateLimiter::dashmap(quota)) }
    }

    /// Takes one, or says how long to wait.
    pub fn take(&self, key: &K) -> Result<(), Problem> {
        if self.counters.len() > SWEEP_ABOVE {
            self.counters.retain_recent();
        }
        self.counters.check_key(key).map_err(|until| {
            let wait = until.wait_time_from(DefaultClock::default().now());
            let whole = Duration::from_secs(wait.as_secs() + 1);
            Problem::new(Kind::TooMany(whole), "TOO_MANY_REQUESTS", "that was too often; wait a moment")
        })
    }
}

/// Middleware for costly routes: one quota per client address.
pub async fn limited_by_address(State(limit): State<RateLimit>, request: Request, next: Next) -> Response {
    let client = request.extensions().get::<ClientAddress>().copied();
    let key = client.map_or(IpAddr::from([0, 0, 0, 0]), ClientAddress::counted);
    match limit.take(&key) {
        Ok(()) => next.run(request).await,
        Err(problem) => problem.into_response(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_burst_is_taken_and_then_each_key_waits_for_itself() {
        let limit = RateLimit::<&str>::new(Quota::new(1, 2));
        assert!(limit.take(&"a").is_ok());
        assert!(limit.take(&"a").is_ok());
        let refused = limit.take(&"a").expect_err("two at once");
        assert_eq!(refused.status(), http::StatusCode::TOO_MANY_REQUESTS);
        assert!(limit.take(&"b").is_ok());
    }
}
