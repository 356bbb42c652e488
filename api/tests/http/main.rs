//! The API as its clients meet it: the whole router, real Postgres and Redis, a pretended media node.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod accounts;
mod archives;
mod contract;
mod input;
mod outage;
mod pages;
mod sessions;
mod streams;
mod world;
