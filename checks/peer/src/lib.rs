//! Everybody the product serves, without a browser: a publisher (WHIP), a viewer (WHEP), an API client and somebody
//! who chats, for tests and benchmarks.
//!
//! The media endpoints are built on the async `webrtc` crate, so that they share no code with the media server's
//! sockets, forwarding and recording. What a viewer has seen is counted where packets leave decryption. There is no
//! TLS and nothing but loopback is used: these clients are for an installation on the same machine. All they know of
//! the product are its public protocols; every wait has an end.

mod account;
mod annex_b;
mod api;
mod chat;
mod clock;
mod connection;
mod direct;
mod ear;
mod marker;
mod media;
mod ogg;
mod publisher;
mod reception;
mod signalling;
mod socket;
mod tasks;
#[cfg(test)]
mod tests;
mod viewer;

pub use account::{Account, Session, StreamInfo};
pub use api::Api;
pub use chat::{ChatClient, Position, Said, events_of};
pub use direct::{Offers, connect_directly};
pub use media::Media;
pub use publisher::{Publisher, Sent};
pub use reception::{Seen, TrackSeen};
pub use signalling::Refused;
pub use viewer::Viewer;
