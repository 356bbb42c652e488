//! From a publisher's tap to the recorder.

use archive::{Archives, Recording};
use domain::StreamId;
use media_server::{MediaServer, Tap};
use tracing::{error, info};

use super::watch::Watch;

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

    /// Begins, or goes on after a reconnect. A recording that fails never touches the live picture.
    pub(crate) fn record(&self, stream: StreamId) {
        let Some(tap) = self.media.tap(stream) else { return };
        let archives = self.archives.clone();
        self.watch.spawn("a recording", async move {
            match archives.begin(stream).await {
                Ok(recording) => pump(stream, tap, recording).await,
                Err(error) => error!(stream.id = %stream, "stream {stream} is not recorded: {error}"),
            }
        });
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
