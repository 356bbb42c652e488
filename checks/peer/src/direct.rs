//! A publisher and a viewer with nothing between them: what this client itself costs.

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
