//! Recordings from packets to what players see: real Postgres, the real S3 protocol, and the `ffmpeg` and `ffprobe`
//! commands as judges of what was made.
#![expect(clippy::unwrap_used, reason = "a test may panic")]

mod recording {
    pub(crate) mod publisher;
    pub(crate) mod samples;
    pub(crate) mod world;

    mod access;
    mod crash;
    mod download;
    mod playback;
    mod trouble;
}
