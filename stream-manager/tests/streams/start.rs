//! Starting and ending streams.

use domain::event::StreamEvent;
use domain::{Caller, Fault as _, Identity, Kind, SessionId, StreamStatus, Title, UserId, Username, Visibility};
use stream_manager::{Change, ChangeError, Config, StartError};

use crate::world::{World, caller, new_stream};

#[tokio::test]
async fn a_new_stream_waits_on_a_media_server_and_its_token_is_stored_as_a_hash() {
    let world = World::new().await;
    let mika = world.user("mika").await;
    let started = world.start(&mika, Visibility::Public).await;
    assert_eq!((started.stream.status, started.stream.node), (StreamStatus::Starting, Some(world.media.node)));
    assert_eq!(started.session.node, world.media.node);
    assert!(world.media.is_open(started.stream.id));
    assert_eq!(started.publish_token.expose().len(), 27, "160 bits");
    let mut db = world.store.acquire().await.unwrap();
    let stored = store::streams::publish_token_hash(&mut db, started.stream.id).await.unwrap().unwrap();
    assert_ne!(stored, started.publish_token.expose().as_bytes());
    assert_eq!(stored.len(), 32);
}

#[tokio::test]
async fn without_a_media_server_nothing_is_left_behind() {
    let world = World::new().await;
    let mika = world.user("mika").await;
    world.media.set_away(true);
    let error = world.streams.start(&mika, new_stream(Visibility::Public)).await.unwrap_err();
    assert_eq!((error.kind(), error.code()), (Kind::Unavailable, "MEDIA_UNAVAILABLE"));
    let mut db = world.store.acquire().await.unwrap();
    assert!(store::streams::unfinished(&mut db).await.unwrap().is_empty());
}

#[tokio::test]
async fn a_creator_has_a_few_unfinished_streams_at_most_even_when_starting_all_at_once() {
    let world = World::new().await;
    let (mika, ren) = (world.user("mika").await, world.user("ren").await);
    let starts = (0..8).map(|_| world.streams.start(&mika, new_stream(Visibility::Public)));
    let outcomes = futures_util::future::join_all(starts).await;
    let refused = outcomes.iter().filter(|o| matches!(o, Err(StartError::TooManyAtOnce(3)))).count();
    assert_eq!((refused, world.media.open_streams()), (5, 3));
    world.start(&ren, Visibility::Public).await;

    let id = outcomes.into_iter().find_map(Result::ok).unwrap().stream.id;
    world.streams.end(&caller(&mika), id).await.unwrap();
    world.start(&mika, Visibility::Public).await;
}

#[tokio::test]
async fn a_creator_starts_a_limited_number_of_streams_within_an_hour() {
    let world = World::with(Config { per_creator_and_hour: 2, ..Config::default() }).await;
    let mika = world.user("mika").await;
    for _ in 0..2 {
        let id = world.start(&mika, Visibility::Public).await.stream.id;
        world.streams.end(&caller(&mika), id).await.unwrap();
    }
    let error = world.streams.start(&mika, new_stream(Visibility::Public)).await.unwrap_err();
    assert!(matches!(error.kind(), Kind::TooMany(_)), "{error}");
    world.clock.forward(3601);
    world.start(&mika, Visibility::Public).await;
}

#[tokio::test]
async fn an_account_that_is_gone_starts_nothing() {
    let world = World::new().await;
    let ghost = Identity {
        user: UserId::new(),
        username: Username::trusted("ghost".into()),
        session: SessionId::new(),
        is_operator: false,
    };
    let error = world.streams.start(&ghost, new_stream(Visibility::Public)).await.unwrap_err();
    assert_eq!((error.kind(), world.media.open_streams()), (Kind::Unknown, 0));
}

#[tokio::test]
async fn ending_closes_the_media_tells_everybody_and_may_be_repeated() {
    let world = World::new().await;
    let mika = world.user("mika").await;
    let id = world.live(&mika, Visibility::Public).await;
    let mut news = world.news().await;
    world.clock.forward(60);
    let ended = world.streams.end(&caller(&mika), id).await.unwrap();
    assert_eq!(ended.status, StreamStatus::Ended);
    assert!(!world.media.is_open(id));
    assert_eq!(news.next().await, StreamEvent::Ended { stream: id, node: Some(world.media.node) });

    world.clock.forward(60);
    assert_eq!(world.streams.end(&caller(&mika), id).await.unwrap(), ended, "the first end stands");
}

#[tokio::test]
async fn whoever_missed_the_news_of_an_end_can_ask() {
    let world = World::new().await;
    let mika = world.user("mika").await;
    let over = world.live(&mika, Visibility::Public).await;
    let live = world.live(&mika, Visibility::Public).await;
    let waiting = world.start(&mika, Visibility::Public).await.stream.id;
    world.streams.end(&caller(&mika), over).await.unwrap();
    let unknown = domain::StreamId::new();
    assert_eq!(world.streams.ended_among(&[waiting, over, unknown, live]).await.unwrap(), [over]);
    assert_eq!(world.streams.ended_among(&[live]).await.unwrap(), []);
    assert_eq!(world.streams.ended_among(&[]).await.unwrap(), []);
}

#[tokio::test]
async fn a_changed_visibility_is_told_to_everybody_and_nothing_else_is() {
    let world = World::new().await;
    let mika = world.user("mika").await;
    let (one, two) = (world.live(&mika, Visibility::Public).await, world.live(&mika, Visibility::Public).await);
    let mut news = world.news().await;
    let title = Change { title: Some(domain::Title::parse("Late jam").unwrap()), ..Change::default() };
    world.streams.update(&caller(&mika), one, title).await.unwrap();
    let same = Change { visibility: Some(Visibility::Public), ..Change::default() };
    world.streams.update(&caller(&mika), one, same).await.unwrap();
    let private = Change { visibility: Some(Visibility::Private), ..Change::default() };
    world.streams.update(&caller(&mika), two, private).await.unwrap();
    assert_eq!(news.next().await, StreamEvent::VisibilityChanged { stream: two });
}

#[tokio::test]
async fn two_ends_at_once_are_one_end() {
    let world = World::new().await;
    let mika = world.user("mika").await;
    let id = world.live(&mika, Visibility::Public).await;
    let me = caller(&mika);
    let (one, two) = tokio::join!(world.streams.end(&me, id), world.streams.end(&me, id));
    assert_eq!(one.unwrap(), two.unwrap());
}

#[tokio::test]
async fn only_its_owner_ends_or_changes_a_stream() {
    let world = World::new().await;
    let (mika, ren) = (world.user("mika").await, world.user("ren").await);
    let public = world.live(&mika, Visibility::Public).await;
    let unlisted = world.live(&mika, Visibility::Unlisted).await;
    let private = world.live(&mika, Visibility::Private).await;
    for (who, id, expected) in [
        (Caller::Anonymous, public, "NOT_SIGNED_IN"),
        (Caller::Anonymous, private, "NOT_SIGNED_IN"),
        (caller(&ren), public, "NOT_YOUR_STREAM"),
        (caller(&ren), unlisted, "NOT_YOUR_STREAM"),
        (caller(&ren), private, "STREAM_NOT_FOUND"),
        (caller(&ren), domain::StreamId::new(), "STREAM_NOT_FOUND"),
    ] {
        assert_eq!(world.streams.end(&who, id).await.unwrap_err().code(), expected);
        let change = Change { visibility: Some(Visibility::Public), ..Change::default() };
        assert_eq!(world.streams.update(&who, id, change).await.unwrap_err().code(), expected);
    }
    assert_eq!(world.stream(private).await.status, StreamStatus::Live);
}

#[tokio::test]
async fn title_and_visibility_change_one_by_one() {
    let world = World::new().await;
    let mika = world.user("mika").await;
    let id = world.live(&mika, Visibility::Public).await;
    let title = Title::parse("Late jam").unwrap();
    let change = Change { title: Some(title.clone()), visibility: None };
    let changed = world.streams.update(&caller(&mika), id, change).await.unwrap();
    assert_eq!((changed.title.clone(), changed.visibility), (title.clone(), Visibility::Public));
    let change = Change { title: None, visibility: Some(Visibility::Private) };
    world.streams.update(&caller(&mika), id, change).await.unwrap();
    let stream = world.stream(id).await;
    assert_eq!((stream.title, stream.visibility), (title, Visibility::Private));
    let none = world.streams.update(&Caller::Anonymous, id, Change::default()).await;
    assert!(matches!(none, Err(ChangeError::NotSignedIn(_))));
}
