//! Streams on a real Postgres and Redis, under an invented clock, over a media node that only pretends.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod keys;
mod publish;
mod read;
mod reaper;
mod start;
mod viewers;
mod world;
