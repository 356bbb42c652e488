//! What publishers and watchers have in common: one connection of the engine, fed with datagrams and time.

use std::fmt;
use std::net::SocketAddr;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Instant;

use ::rtc::peer_connection::RTCPeerConnection;
use ::rtc::peer_connection::event::RTCPeerConnectionEvent;
use ::rtc::peer_connection::message::{RTCMessage, TaggedRTCMessage};
use ::rtc::peer_connection::state::RTCPeerConnectionState;
use ::rtc::peer_connection::transport::RTCDtlsTransportState;
use ::rtc::sansio::Protocol;
use ::rtc::shared::{TaggedBytesMut, TransportContext, TransportProtocol};
use ::rtc::stun::integrity::MessageIntegrity;
use ::rtc::stun::message::Message;
use bytes::BytesMut;

use super::feedback::{Note, Notes};
use super::negotiate::{Answered, Credentials, NegotiateError, answer};

/// Where a connection stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum State {
    /// ICE or DTLS is not through yet.
    Connecting,
    /// Media may flow.
    Connected,
    /// Failed, or closed by either side. Nothing follows.
    Gone,
}

/// A datagram on its way out.
#[derive(Debug)]
pub(crate) struct Datagram {
    /// Where to.
    pub(crate) to: SocketAddr,
    /// What.
    pub(crate) bytes: BytesMut,
}

/// One connection.
pub(crate) struct Link {
    engine: RTCPeerConnection,
    addresses: Vec<SocketAddr>,
    credentials: Credentials,
    /// The offer as it was answered, for restarts of ICE.
    offer: String,
    notes: Notes,
    state: State,
    /// The engine panicked and is not to be touched again.
    is_broken: bool,
}

impl fmt::Debug for Link {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Link").field("state", &self.state).finish_non_exhaustive()
    }
}

impl Link {
    pub(super) fn new(
        engine: RTCPeerConnection,
        addresses: Vec<SocketAddr>,
        credentials: Credentials,
        offer: String,
        notes: Notes,
    ) -> Self {
        Self { engine, addresses, credentials, offer, notes, state: State::Connecting, is_broken: false }
    }

    /// Where it stands.
    pub(crate) fn state(&self) -> State {
        self.state
    }

    /// Our name for it in connectivity checks.
    pub(crate) fn ufrag(&self) -> &str {
        &self.credentials.ufrag
    }

    /// Whether a connectivity check is signed with our password, so that it comes from whom we answered.
    pub(crate) fn is_genuine(&self, check: &[u8]) -> bool {
        let check = check.to_vec();
        let password = self.credentials.password.as_bytes();
        catch_unwind(|| {
            let mut message = Message { raw: check, ..Message::default() };
            let crypto = ::rtc::crypto::default_provider().ok()?;
            message.decode().ok()?;
            MessageIntegrity::check(&mut message, password, crypto.crypto()).ok()
        })
        .is_ok_and(|checked| checked.is_some())
    }

    /// Takes a datagram from the peer.
    pub(crate) fn receive(&mut self, datagram: &[u8], from: SocketAddr, now: Instant) {
        let Some(local) = self.local_for(from) else { return };
        let transport = TransportContext {
            local_addr: local,
            peer_addr: from,
            transport_protocol: TransportProtocol::UDP,
            ecn: None,
        };
        let message = BytesMut::from(datagram);
        self.guarded(|engine| engine.handle_read(TaggedBytesMut { now, transport, message }).ok());
        self.follow();
        if matches!(datagram.first(), Some(20..=63)) {
            self.look_for_goodbye();
        }
    }

    /// Lets time pass.
    pub(crate) fn tick(&mut self, now: Instant) {
        self.guarded(|engine| engine.handle_timeout(now).ok());
        self.follow();
    }

    /// When [`Self::tick`] is wanted.
    pub(crate) fn deadline(&mut self) -> Option<Instant> {
        self.guarded(RTCPeerConnection::poll_timeout)
    }

    /// The next datagram to send.
    pub(crate) fn next_datagram(&mut self) -> Option<Datagram> {
        let out = self.guarded(RTCPeerConnection::poll_write)?;
        Some(Datagram { to: out.transport.peer_addr, bytes: out.message })
    }

    /// The next thing that the peer said about the transmission.
    pub(crate) fn next_note(&mut self) -> Option<Note> {
        self.notes.pop()
    }

    pub(super) fn next_message(&mut self) -> Option<RTCMessage> {
        self.guarded(|engine| engine.poll_read().map(|tagged| tagged.message))
    }

    pub(super) fn send(&mut self, message: RTCMessage, now: Instant) {
        self.guarded(|engine| engine.handle_write(TaggedRTCMessage { now, message }).ok());
    }

    /// Answers the same offer anew, with the peer's new credentials and new ones of ours. The media goes on meanwhile.
    pub(crate) fn restart(
        &mut self,
        credentials: &crate::fragment::Fragment,
        now: Instant,
    ) -> Result<Answered, NegotiateError> {
        let offer = credentials.replace_in(&self.offer);
        let addresses = self.addresses.clone();
        let outcome = self.guarded(|engine| Some(answer(engine, &offer, &addresses, now)));
        let answered = outcome.unwrap_or(Err(NegotiateError::Panicked))?;
        self.credentials = answered.credentials.clone();
        self.offer = offer;
        Ok(answered)
    }

    /// Says goodbye; what is left to send is sent by the caller.
    pub(crate) fn close(&mut self) {
        self.guarded(|engine| engine.close().ok());
        self.state = State::Gone;
    }

    /// The announced address of the peer's family: to the engine, all peers come to it.
    fn local_for(&self, peer: SocketAddr) -> Option<SocketAddr> {
        self.addresses.iter().copied().find(|address| address.is_ipv4() == peer.is_ipv4())
    }

    fn follow(&mut self) {
        while let Some(event) = self.guarded(RTCPeerConnection::poll_event) {
            let RTCPeerConnectionEvent::OnConnectionStateChangeEvent(state) = event else { continue };
            match state {
                RTCPeerConnectionState::Connected if self.state == State::Connecting => self.state = State::Connected,
                RTCPeerConnectionState::Failed | RTCPeerConnectionState::Closed => self.state = State::Gone,
                _ => {}
            }
        }
    }

    /// The engine does not say as an event that the peer closed DTLS; its transport shows it.
    fn look_for_goodbye(&mut self) {
        let state = self.guarded(|engine| {
            let sender = engine.get_senders().next();
            let receiver = engine.get_receivers().next();
            if let Some(id) = sender {
                return engine.rtp_sender(id)?.transport().map(|transport| transport.state());
            }
            engine.rtp_receiver(receiver?)?.transport().map(|transport| transport.state())
        });
        if matches!(state, Some(RTCDtlsTransportState::Closed | RTCDtlsTransportState::Failed)) {
            self.state = State::Gone;
        }
    }

    /// The engine is young and fed by strangers: a panic in it costs this one connection.
    fn guarded<T>(&mut self, call: impl FnOnce(&mut RTCPeerConnection) -> Option<T>) -> Option<T> {
        if self.is_broken {
            return None;
        }
        match catch_unwind(AssertUnwindSafe(|| call(&mut self.engine))) {
            Ok(outcome) => outcome,
            Err(_) => {
                tracing::error!("the WebRTC engine panicked; one connection is dropped");
                (self.is_broken, self.state) = (true, State::Gone);
                None
            }
        }
    }
}
