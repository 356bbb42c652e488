//! The WebRTC engine behind one door: negotiation, ICE-lite, DTLS and SRTP. None of its types leaves this module, and it
//! reads no clock and no socket. [`Publisher`] brings packets in; [`Watcher`] is the way packets go out, and the place
//! where a faster way of sending takes over later.

mod connection;
mod feedback;
mod negotiate;
mod publisher;
mod watcher;

use std::net::SocketAddr;

use ::rtc::crypto::SignatureScheme;
use ::rtc::peer_connection::certificate::{CertificateParams, RTCCertificate};

pub(crate) use connection::{Datagram, Link, State};
pub(crate) use feedback::Note;
pub(crate) use negotiate::{Answered, NegotiateError, Negotiation, Protection};
pub(crate) use publisher::{Incoming, Publisher};
pub(crate) use watcher::{Outgoing, Watcher};

/// What all connections of a process share: its certificate and the addresses under which it is reached.
#[derive(Debug, Clone)]
pub(crate) struct Identity {
    certificate: RTCCertificate,
    addresses: Vec<SocketAddr>,
}

impl Identity {
    /// A new certificate, and the addresses to announce.
    pub(crate) fn new(addresses: Vec<SocketAddr>) -> Result<Self, NegotiateError> {
        let provider = ::rtc::crypto::default_provider().map_err(NegotiateError::engine)?;
        let certificate =
            RTCCertificate::generate(provider.crypto(), SignatureScheme::EcdsaP256Sha256, CertificateParams::default())
                .map_err(NegotiateError::engine)?;
        Ok(Self { certificate, addresses })
    }
}
