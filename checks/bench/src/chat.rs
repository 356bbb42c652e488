//! From a line of chat to its reader, two people in each room.

use std::time::Duration;

use anyhow::{Context as _, bail};
use peer::{Api, ChatClient, Said, Session};
use tokio::task::JoinSet;
use tokio::time::{Instant, interval, timeout};

use crate::report::{Report, Times};

/// As many rooms as accounts can be made within a minute by one address.
const ROOMS: u64 = 8;
/// Both say so many lines each, within the pace that a room allows.
const LINES: u32 = 15;
const PACE: Duration = Duration::from_millis(1600);
/// A line takes at most this at its 99th percentile.
const GOAL_P99_MS: f64 = 50.0;
/// For whatever takes longer, the benchmark has failed.
const PATIENCE: Duration = Duration::from_secs(10);

/// Measures.
pub(crate) async fn measure(api: &Api) -> anyhow::Result<Report> {
    let mut rooms = JoinSet::new();
    for n in 0..ROOMS {
        let (mika, ren) = (api.sign_up("mika").await?, api.sign_up("ren").await?);
        let room = mika.start_stream("Talk", "unlisted").await?.chat_url;
        // The rooms do not speak in the same moment.
        let offset = PACE.mul_f64(n as f64 / ROOMS as f64);
        rooms.spawn(async move { talk(&room, &mika, &ren, offset).await });
    }
    let mut times = Vec::new();
    while let Some(room) = rooms.join_next().await {
        times.extend(room??);
    }
    let times = Times::of(times);
    let mut report = Report::new("chat");
    report.figure("rooms", ROOMS as f64);
    report.figure("lines", times.count() as f64);
    report.figure("line_p50_ms", times.ms(0.5));
    report.figure("line_p95_ms", times.ms(0.95));
    report.at_most("line_p99_ms", times.ms(0.99), GOAL_P99_MS);
    report.figure("line_max_ms", times.ms(1.0));
    Ok(report)
}

async fn talk(room: &str, mika: &Session, ren: &Session, offset: Duration) -> anyhow::Result<Vec<Duration>> {
    let mut one = ChatClient::connect(room, Some(&mika.bearer)).await?;
    let mut two = ChatClient::connect(room, Some(&ren.bearer)).await?;
    one.join(None).await?;
    two.join(None).await?;
    tokio::time::sleep(offset).await;
    let mut pace = interval(PACE);
    let mut times = Vec::new();
    for n in 0..LINES {
        pace.tick().await;
        times.push(line(&mut one, &mut two, &format!("line {n} of the creator")).await?);
        times.push(line(&mut two, &mut one, &format!("line {n} of the viewer")).await?);
    }
    Ok(times)
}

/// From saying it to hearing it at the other end.
async fn line(speaker: &mut ChatClient, listener: &mut ChatClient, text: &str) -> anyhow::Result<Duration> {
    let said = Instant::now();
    let hearing = async {
        listener.wait_for_message(text, PATIENCE).await?;
        Ok::<_, anyhow::Error>(said.elapsed())
    };
    let both = async { tokio::try_join!(speaker.say(text), hearing) };
    let (answer, heard) = timeout(PATIENCE, both).await.context("the room takes too long")??;
    match answer {
        Said::At(_) => Ok(heard),
        Said::Refused(code) => bail!("{text:?} was refused: {code}"),
    }
}
