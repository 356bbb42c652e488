//! What the API is told at start.

use std::net::IpAddr;

use domain::Secret;
use http_kit::{ClientAddress, Problem, Quota, RateLimit};
use serde::Deserialize;
use time::Duration;
use url::Url;

/// What the API is told at start.
#[derive(Debug, Clone)]
pub struct Config {
    /// Where browsers and clients find us; all addresses in answers begin with it.
    pub public_url: Url,
    /// Signs access tokens; at least 32 bytes, the same for every process of an installation.
    pub token_key: Secret<String>,
    /// The key before that one: its tokens stay good until they expire.
    pub previous_token_key: Option<Secret<String>>,
    /// What can be set in the configuration file.
    pub settings: Settings,
}

impl Config {
    /// The defaults for this address and key.
    pub fn new(public_url: Url, token_key: Secret<String>) -> Self {
        Self { public_url, token_key, previous_token_key: None, settings: Settings::default() }
    }

    /// An absolute address below the public one.
    pub(crate) fn address(&self, path: &str) -> String {
        below(&self.public_url, path)
    }
}

/// `path` (without a leading slash) below `base`, whether or not the base ends in a slash.
pub(crate) fn below(base: &Url, path: &str) -> String {
    format!("{}/{path}", base.as_str().trim_end_matches('/'))
}

/// How long sessions last and how often the costly routes may be used.
#[derive(Debug, Clone, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    /// Hours that an API client's access token is good for.
    pub bearer_hours: u32,
    /// Minutes that a page's access cookie is good for.
    pub access_minutes: u32,
    /// Days after which a browser that was not used has to sign in again.
    pub refresh_days: u32,
    /// Log-ins per minute from one address.
    pub logins_per_minute: u32,
    /// Tries of a password per minute for one account from one network (an IPv4 /24, an IPv6 /64).
    pub tries_per_account_per_minute: u32,
    /// Tries of a password per minute for one account from all networks together.
    pub tries_from_everywhere_per_minute: u32,
    /// New accounts, and changes of a name or an e-mail address, per minute from one address.
    pub registrations_per_minute: u32,
    /// Renewals of a browser's session per minute from one address.
    pub renewals_per_minute: u32,
    /// New streams and stream keys per minute for one address.
    pub streams_per_minute: u32,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            bearer_hours: 24,
            access_minutes: 15,
            refresh_days: 30,
            logins_per_minute: 30,
            tries_per_account_per_minute: 10,
            tries_from_everywhere_per_minute: 100,
            registrations_per_minute: 20,
            renewals_per_minute: 120,
            streams_per_minute: 60,
        }
    }
}

impl Settings {
    pub(crate) fn bearer_lifetime(&self) -> Duration {
        Duration::hours(self.bearer_hours.into())
    }

    pub(crate) fn access_lifetime(&self) -> Duration {
        Duration::minutes(self.access_minutes.into())
    }

    pub(crate) fn refresh_lifetime(&self) -> Duration {
        Duration::days(self.refresh_days.into())
    }
}

/// The counters behind the settings.
#[derive(Debug)]
pub(crate) struct Limits {
    pub(crate) logins: RateLimit,
    pub(crate) registrations: RateLimit,
    pub(crate) renewals: RateLimit,
    pub(crate) streams: RateLimit,
    tries: Tries,
}

impl Limits {
    pub(crate) fn new(settings: &Settings) -> Self {
        let quota = |per_minute| Quota::new(per_minute, per_minute);
        Self {
            logins: RateLimit::new(quota(settings.logins_per_minute)),
            registrations: RateLimit::new(quota(settings.registrations_per_minute)),
            renewals: RateLimit::new(quota(settings.renewals_per_minute)),
            streams: RateLimit::new(quota(settings.streams_per_minute)),
            tries: Tries {
                from_network: RateLimit::new(quota(settings.tries_per_account_per_minute)),
                from_everywhere: RateLimit::new(quota(settings.tries_from_everywhere_per_minute)),
            },
        }
    }

    /// Takes one try of a password. `account` is an e-mail address as somebody typed it, or a user's id.
    pub(crate) fn take_try(&self, account: &str, client: ClientAddress) -> Result<(), Problem> {
        let account: String = account.trim().to_lowercase().chars().take(LONGEST_ACCOUNT).collect();
        self.tries.take(account, client)
    }
}

/// Characters by which an account is told from others; no e-mail address is longer.
const LONGEST_ACCOUNT: usize = 254;

/// Tries of a password: few from one network, so that guessing is slow, and many from all together, so that a stranger
/// who guesses wrong does not keep the owner out.
#[derive(Debug)]
struct Tries {
    from_network: RateLimit<(String, IpAddr)>,
    from_everywhere: RateLimit<String>,
}

impl Tries {
    /// What one network is refused does not count for the others.
    fn take(&self, account: String, client: ClientAddress) -> Result<(), Problem> {
        let key = (account, client.network());
        self.from_network.take(&key)?;
        self.from_everywhere.take(&key.0)
    }
}
