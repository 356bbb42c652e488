//! The chat as its clients see it: real WebSockets, a real server, a real Redis.

mod access;
mod away;
mod limits;
mod recovery;
mod talk;
mod world;
