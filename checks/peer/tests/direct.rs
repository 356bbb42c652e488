//! Publisher and viewer against each other, with nothing between them.

use std::time::{Duration, Instant};

use peer::{Media, connect_directly};

const SOON: Duration = Duration::from_secs(10);

#[tokio::test]
async fn a_viewer_sees_what_a_publisher_sends() {
    let media = Media::small().await.unwrap();
    let (publisher, viewer) = connect_directly(&media).await.unwrap();
    viewer.wait_for_keyframe(SOON).await.unwrap();
    viewer.wait_for_frames(60, SOON).await.unwrap();
    viewer.wait_for("two sender reports", SOON, |seen| (seen.sender_reports >= 2).then_some(())).await.unwrap();
    let (sent, seen) = (publisher.sent(), viewer.seen());
    assert_eq!((seen.video.missing, seen.audio.missing, seen.video.duplicates), (0, 0, 0), "{seen:?}");
    assert!(seen.keyframes >= 2 && seen.audio.packets >= 80, "{seen:?}");
    assert!(sent.frames >= seen.frames && sent.video_packets >= seen.video.packets, "{sent:?}");
    assert_eq!(seen.ages.len() as u64, seen.frames, "every picture says when it was sent");
    let mut ages = seen.ages;
    ages.sort_unstable();
    println!("figure: direct_frame_age_p50 = {:.2} ms", ages[ages.len() / 2].as_secs_f64() * 1e3);
    publisher.stop().await.unwrap();
    viewer.stop().await.unwrap();
}

#[tokio::test]
async fn one_who_vanishes_sends_no_more() {
    let media = Media::small().await.unwrap();
    let (publisher, viewer) = connect_directly(&media).await.unwrap();
    viewer.wait_for_frames(10, SOON).await.unwrap();
    let sent = publisher.vanish();
    let all = sent.video_packets + sent.audio_packets;
    // A goodbye would be noticed at once; silence is after five seconds.
    let vanished = Instant::now();
    let more = viewer.wait_for_packets(all + 10, Duration::from_millis(500)).await;
    assert!(more.is_err(), "nothing comes after it has gone");
    viewer.wait_for_cut(Duration::from_secs(20)).await.unwrap();
    assert!(vanished.elapsed() > Duration::from_secs(2), "{:?}", vanished.elapsed());
}
