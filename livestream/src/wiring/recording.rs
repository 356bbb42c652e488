//! From a publisher's tap to the recorder.

use std::time::Duration;

use archive::{Archives, BeginError, Recording};
use domain::StreamId;
use media_server::{MediaServer, Tap};
use tracing::{error, info, warn};

use super::watch::Watch;

/// How long to wait after a disk refused for the first time, and at most.
const FIRST_WAIT: Duration = Duration::from_secs(1);
const LONGEST_WAIT: Duration = Duration::from_secs(10);

/// Records every publisher that connects.
#[derive(Clone)]
pub(crate) struct Recorder {
    media: MediaServer,
    archives: Archives,
    watch: Watch,
}

impl Recorder {
    pub(crate) fn new(media: MediaServer, archives: Archives, watch: Watch) -> Self {
        Self { media, archives, watch }
    }

    /// Begins, or goes on after a reconnect. A recording that fails never touches the live picture; while the disk
    /// refuses, it is tried again as long as the publisher stays.
    pub(crate) fn record(&self, stream: StreamId) {
        let Some(tap) = self.media.tap(stream) else { return };
        let recorder = self.clone();
        self.watch.spawn("a recording", async move { recorder.follow(stream, tap).await });
    }

    async fn follow(&self, stream: StreamId, mut tap: Tap) {
        let begin = || self.archives.begin(stream);
        let over = async { while tap.next().await.is_some() {} };
        let Some((recording, was_at_once)) = begun(stream, begin, over).await else { return };
        // What passed by while the disk refused is lost; a new reader is told anew how the media begins.
        let tap = if was_at_once { Some(tap) } else { self.media.tap(stream) };
        if let Some(tap) = tap {
            pump(stream, tap, recording).await;
        }
    }
}

/// Tries until it begins, and says whether the first try did; `None` if it never will, or the publisher's connection
/// is `over` before. `over` is asked only while there is something to wait for.
async fn begun<R, B: Future<Output = Result<R, BeginError>>>(
    stream: StreamId,
    mut begin: impl FnMut() -> B,
    over: impl Future<Output = ()>,
) -> Option<(R, bool)> {
    let mut over = std::pin::pin!(over);
    let mut wait = FIRST_WAIT;
    let mut is_first = true;
    loop {
        match begin().await {
            Ok(recording) => return Some((recording, is_first)),
            Err(BeginError::Disk(error)) if is_first => {
                error!(stream.id = %stream, "stream {stream} is not recorded until the disk takes it: {error}");
            }
            Err(BeginError::Disk(error)) => {
                warn!(stream.id = %stream, "stream {stream} is still not recorded: {error}");
            }
            Err(error) => {
                error!(stream.id = %stream, "stream {stream} is not recorded: {error}");
                return None;
            }
        }
        is_first = false;
        tokio::select! {
            () = &mut over => return None,
            () = tokio::time::sleep(wait) => wait = (wait * 2).min(LONGEST_WAIT),
        }
    }
}

async fn pump(stream: StreamId, mut tap: Tap, mut recording: Recording) {
    info!(stream.id = %stream, "recording stream {stream}");
    while let Some(event) = tap.next().await {
        if let Err(error) = recording.write(event).await {
            error!(stream.id = %stream, "the recording of stream {stream} stops: {error}");
            break;
        }
    }
    if let Err(error) = recording.pause().await {
        error!(stream.id = %stream, "the recording of stream {stream} was not closed well: {error}");
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;
    use std::io;

    use tokio::time::{Instant, sleep_until};

    use super::*;

    fn full() -> BeginError {
        BeginError::Disk(io::ErrorKind::StorageFull.into())
    }

    /// Refuses so many times.
    async fn after(refusals: u32, over: impl Future<Output = ()>) -> Option<bool> {
        let tries = Cell::new(0);
        let begin = || {
            tries.set(tries.get() + 1);
            std::future::ready(if tries.get() > refusals { Ok(()) } else { Err(full()) })
        };
        begun(StreamId::new(), begin, over).await.map(|((), was_at_once)| was_at_once)
    }

    #[tokio::test(start_paused = true)]
    async fn a_disk_that_refuses_is_tried_again_ever_more_slowly() {
        let started = Instant::now();
        assert_eq!(after(0, async { panic!("nobody waits") }).await, Some(true));
        assert_eq!(started.elapsed(), Duration::ZERO);
        assert_eq!(after(6, std::future::pending()).await, Some(false));
        assert_eq!(started.elapsed(), Duration::from_secs(1 + 2 + 4 + 8 + 10 + 10));
    }

    #[tokio::test(start_paused = true)]
    async fn it_ends_with_the_publisher_and_with_the_stream() {
        let started = Instant::now();
        assert_eq!(after(u32::MAX, sleep_until(started + Duration::from_secs(60))).await, None);
        assert_eq!(started.elapsed(), Duration::from_secs(60));
        let ended = || std::future::ready(Err::<(), _>(BeginError::Ended(StreamId::new())));
        assert!(begun(StreamId::new(), ended, std::future::pending()).await.is_none());
        assert_eq!(started.elapsed(), Duration::from_secs(60));
    }
}
