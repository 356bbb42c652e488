//! Which part of the product this process plays.

/// A role. Several processes in different roles share one Postgres, one Redis and one bucket.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Role {
    /// Everything, on embedded defaults where no address is configured.
    All,
    /// The JSON API, the pages, archives and live playlists.
    Api,
    /// The media server: takes streams in, sends them out, records them.
    Media,
    /// The chat rooms.
    Chat,
    /// Durable jobs: downloads and thumbnails.
    Worker,
    /// Brings the database schema up to date and ends.
    Migrate,
}

impl Role {
    pub(crate) fn serves_api(self) -> bool {
        matches!(self, Self::All | Self::Api)
    }

    pub(crate) fn serves_media(self) -> bool {
        matches!(self, Self::All | Self::Media)
    }

    pub(crate) fn serves_chat(self) -> bool {
        matches!(self, Self::All | Self::Chat)
    }

    pub(crate) fn works(self) -> bool {
        matches!(self, Self::All | Self::Worker)
    }

    /// Whether Postgres, Redis and S3 may be started by this process. Roles that are split share theirs.
    pub(crate) fn may_embed(self) -> bool {
        matches!(self, Self::All)
    }
}
