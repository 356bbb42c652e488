//! A media node that only pretends, for tests of those who talk to media nodes.

use std::collections::HashSet;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};

use domain::{NodeId, StreamId};
use futures_util::future::BoxFuture;

use crate::{MediaNodes, MediaSession, MediaUnavailable};

/// One media node that remembers which streams are open.
#[derive(Debug)]
pub struct FakeMedia {
    /// Its id.
    pub node: NodeId,
    open: Mutex<HashSet<StreamId>>,
    is_away: AtomicBool,
}

impl FakeMedia {
    /// A node without streams.
    #[expect(clippy::new_without_default, reason = "it has an identity")]
    pub fn new() -> Self {
        Self { node: NodeId::new(), open: Mutex::default(), is_away: AtomicBool::new(false) }
    }

    /// From now on it opens nothing, or does again.
    pub fn set_away(&self, is_away: bool) {
        self.is_away.store(is_away, Ordering::SeqCst);
    }

    /// Whether a publisher may come to the stream.
    pub fn is_open(&self, stream: StreamId) -> bool {
        self.open.lock().expect("nothing panics while it holds this lock").contains(&stream)
    }

    /// How many streams are open.
    pub fn open_streams(&self) -> usize {
        self.open.lock().expect("nothing panics while it holds this lock").len()
    }
}

impl MediaNodes for FakeMedia {
    fn open(&self, stream: StreamId) -> BoxFuture<'_, Result<MediaSession, MediaUnavailable>> {
        if self.is_away.load(Ordering::SeqCst) {
            return Box::pin(std::future::ready(Err(MediaUnavailable)));
        }
        self.open.lock().expect("nothing panics while it holds this lock").insert(stream);
        let base_url = "http://127.0.0.1:8080".parse().expect("that is an address");
        Box::pin(std::future::ready(Ok(MediaSession { node: self.node, base_url })))
    }

    fn close(&self, stream: StreamId, _node: Option<NodeId>) -> BoxFuture<'_, ()> {
        self.open.lock().expect("nothing panics while it holds this lock").remove(&stream);
        Box::pin(std::future::ready(()))
    }
}
