//! The media plane's numbers and choices as data, with a typed reader. What the numbers do is the media server's
//! business; why they are what they are is said here, beside each of them.

mod codec;
mod limits;
mod timing;

use serde::Deserialize;

pub use codec::{AudioCodec, Codecs, VideoCodec};
pub use limits::{History, Limits};
pub use timing::{CatchUp, Keyframes, Liveness, Reports, Tap};

/// Everything that a media server takes from here.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Profile {
    /// What may be published.
    pub codecs: Codecs,
    /// How much of each track is kept.
    pub history: History,
    /// When a keyframe is asked for and when a kept one will do.
    pub keyframes: Keyframes,
    /// How fast a newcomer is brought up to now.
    pub catch_up: CatchUp,
    /// Clock reports towards viewers.
    pub reports: Reports,
    /// After how much silence somebody is gone.
    pub liveness: Liveness,
    /// How the recorder's view is put in order.
    pub tap: Tap,
    /// Bounds against overload and abuse.
    pub limits: Limits,
}

/// A profile that cannot be used; the text names the key.
#[derive(Debug, thiserror::Error)]
#[error("the media profile is not valid")]
pub struct ProfileError(#[from] toml::de::Error);

impl Profile {
    /// Reads a profile. Every key is required, an unknown one is an error.
    pub fn parse(text: &str) -> Result<Self, ProfileError> {
        Ok(toml::from_str(text)?)
    }
}

impl Default for Profile {
    /// `profiles/default.toml`.
    fn default() -> Self {
        Self::parse(include_str!("../profiles/default.toml")).expect("a test reads the built-in profile")
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn the_built_in_profile_reads() {
        let profile = Profile::default();
        assert_eq!(profile.codecs.video, [VideoCodec::H264, VideoCodec::Vp8]);
        assert_eq!(profile.liveness.publisher_silence, Duration::from_secs(5));
    }

    #[test]
    fn a_history_is_a_power_of_two() {
        let text = include_str!("../profiles/default.toml").replace("2048", "2000");
        assert!(Profile::parse(&text).is_err());
    }

    #[test]
    fn an_unknown_key_is_an_error() {
        let text = include_str!("../profiles/default.toml").replace("[tap]", "[tap]\nspeed = 1");
        assert!(Profile::parse(&text).is_err());
    }
}
