//! Which page an address means. Pure.

use domain::{ArchiveId, StreamId};

/// What an address shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Route {
    /// A page with this title; none for home.
    Plain(&'static str),
    /// The player.
    Watch(StreamId),
    /// An archive.
    Archive(ArchiveId),
    /// There is no such page.
    Unknown,
}

impl Route {
    pub(super) fn of(path: &str) -> Self {
        let path = path.strip_suffix('/').unwrap_or(path);
        match path {
            "" => return Self::Plain(""),
            "/signup" => return Self::Plain("Sign up"),
            "/login" => return Self::Plain("Log in"),
            "/go-live" => return Self::Plain("Go live"),
            "/account" => return Self::Plain("Account"),
            "/operator" => return Self::Plain("Become operator"),
            _ => (),
        }
        let id = |prefix: &str| path.strip_prefix(prefix).filter(|id| id.len() == 36);
        if let Some(id) = id("/watch/").and_then(|id| id.parse().ok()) {
            return Self::Watch(id);
        }
        id("/archives/").and_then(|id| id.parse().ok()).map_or(Self::Unknown, Self::Archive)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_mean_pages() {
        let id = StreamId::new();
        assert_eq!(Route::of("/"), Route::Plain(""));
        assert_eq!(Route::of("/go-live/"), Route::Plain("Go live"));
        assert_eq!(Route::of(&format!("/watch/{id}")), Route::Watch(id));
        assert_eq!(Route::of(&format!("/archives/{id}")), Route::Archive(id.uuid().into()));
        for nowhere in ["/watch", "/watch/", "/watch/1", "/nowhere", "//", "/watch/x/y"] {
            assert_eq!(Route::of(nowhere), Route::Unknown, "{nowhere}");
        }
    }
}
