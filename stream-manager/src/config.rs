//! What an operator may change about streams.

use std::time::Duration;

use domain::Visibility;
use serde::Deserialize;

/// Section `streams` of the configuration.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// How long a publisher may stay away before its stream is over.
    pub grace_secs: u64,
    /// How long a stream may wait for its first picture before it is over.
    pub starting_secs: u64,
    /// How many unfinished streams one creator may have.
    pub at_once_per_creator: u32,
    /// How many streams one creator may start within an hour.
    pub per_creator_and_hour: u32,
    /// How many stream keys one creator may have.
    pub keys_per_creator: u32,
    /// Who may see a stream that a stream key makes. OBS has no field for it, so it is what most creators expect.
    pub key_visibility: Visibility,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            grace_secs: 60,
            starting_secs: 600,
            at_once_per_creator: 3,
            per_creator_and_hour: 60,
            keys_per_creator: 20,
            key_visibility: Visibility::Public,
        }
    }
}

impl Config {
    pub(crate) fn grace(&self) -> Duration {
        Duration::from_secs(self.grace_secs)
    }

    pub(crate) fn starting(&self) -> Duration {
        Duration::from_secs(self.starting_secs)
    }
}
