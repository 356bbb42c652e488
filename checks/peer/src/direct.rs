//! A publisher and a viewer with nothing between them: what this client itself costs; and their bare offers.

use crate::media::Media;
use crate::publisher::Publisher;
use crate::viewer::Viewer;

/// Connects a publisher with a viewer in this process. The viewer's times count from its answer.
pub async fn connect_directly(media: &Media) -> anyhow::Result<(Publisher, Viewer)> {
    let mut publisher = Publisher::open().await?;
    let offer = publisher.connection.offer().await?;
    let mut viewer = Viewer::open().await?;
    let answer = viewer.connection.answer(offer).await?;
    viewer.connection.heard.start();
    publisher.connection.accept(answer).await?;
    publisher.send(media).await?;
    viewer.connection.connected().await?;
    Ok((publisher, viewer))
}

/// The offers of a publisher and of a viewer, for requests that no honest client makes.
#[derive(Debug, Clone)]
pub struct Offers {
    /// To send picture and sound.
    pub publish: String,
    /// To receive them.
    pub watch: String,
}

impl Offers {
    /// Makes both; nothing answers at the addresses in them afterwards.
    pub async fn make() -> anyhow::Result<Self> {
        let publish = Publisher::open().await?.connection.offer().await?;
        let watch = Viewer::open_to_watch().await?.connection.offer().await?;
        Ok(Self { publish, watch })
    }
}
