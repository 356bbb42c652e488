//! Who finds and sees what.

use domain::{Caller, Fault as _, Kind, StreamId, StreamStatus, Visibility};
use stream_manager::Query;

use crate::world::{World, caller};

#[tokio::test]
async fn a_private_stream_exists_for_its_owner_alone() {
    let world = World::new().await;
    let (mika, ren) = (world.user("mika").await, world.user("ren").await);
    let id = world.live(&mika, Visibility::Private).await;
    assert_eq!(world.streams.find(&caller(&mika), id).await.unwrap().id, id);
    for stranger in [caller(&ren), Caller::Anonymous] {
        assert_eq!(world.streams.find(&stranger, id).await.unwrap_err().kind(), Kind::NotFound);
        assert_eq!(world.streams.may_watch(id, &stranger).await.unwrap_err().kind(), Kind::NotFound);
    }
    world.streams.may_watch(id, &caller(&mika)).await.unwrap();
    let error = world.streams.may_watch(StreamId::new(), &Caller::Anonymous).await.unwrap_err();
    assert_eq!(error.code(), "STREAM_NOT_FOUND");
}

#[tokio::test]
async fn an_ended_stream_is_found_and_not_watched() {
    let world = World::new().await;
    let mika = world.user("mika").await;
    let id = world.live(&mika, Visibility::Unlisted).await;
    world.streams.may_watch(id, &Caller::Anonymous).await.unwrap();
    world.streams.end(&caller(&mika), id).await.unwrap();
    assert_eq!(world.streams.find(&Caller::Anonymous, id).await.unwrap().status, StreamStatus::Ended);
    assert_eq!(world.streams.may_watch(id, &Caller::Anonymous).await.unwrap_err().code(), "STREAM_ENDED");
}

#[tokio::test]
async fn lists_show_strangers_what_is_public_and_was_on_air_and_owners_everything() {
    let world = World::new().await;
    let mika = world.user("mika").await;
    let public = world.live(&mika, Visibility::Public).await;
    let past = world.live(&mika, Visibility::Public).await;
    world.streams.end(&caller(&mika), past).await.unwrap();
    let unlisted = world.live(&mika, Visibility::Unlisted).await;
    let waiting = world.start(&mika, Visibility::Public).await.stream.id;
    world.streams.end(&caller(&mika), unlisted).await.unwrap();
    let never = world.start(&mika, Visibility::Public).await.stream.id;
    world.streams.end(&caller(&mika), never).await.unwrap();

    let ids = async |who: &Caller, query: Query| -> Vec<StreamId> {
        world.streams.list(who, &query).await.unwrap().iter().map(|stream| stream.id).collect()
    };
    let all = Query { limit: 100, ..Query::default() };
    let live = Query { status: Some(StreamStatus::Live), ..all.clone() };
    let of_mika = Query { owner: Some(mika.user), ..all.clone() };
    assert_eq!(ids(&Caller::Anonymous, all.clone()).await, [past, public]);
    assert_eq!(ids(&Caller::Anonymous, live).await, [public]);
    assert_eq!(ids(&Caller::Anonymous, of_mika.clone()).await, [past, public]);
    assert_eq!(ids(&caller(&mika), all).await, [past, public], "without asking for one's own");
    assert_eq!(ids(&caller(&mika), of_mika).await, [never, waiting, unlisted, past, public]);
}

#[tokio::test]
async fn pages_follow_each_other_without_gap_or_repeat() {
    let world = World::new().await;
    let mut all = Vec::new();
    for name in ["mika", "ren"] {
        let creator = world.user(name).await;
        for _ in 0..3 {
            all.push(world.live(&creator, Visibility::Public).await);
        }
    }
    all.reverse();
    let mut seen = Vec::new();
    loop {
        let query = Query { before: seen.last().copied(), limit: 4, ..Query::default() };
        let page = world.streams.list(&Caller::Anonymous, &query).await.unwrap();
        if page.is_empty() {
            break;
        }
        seen.extend(page.iter().map(|stream| stream.id));
    }
    assert_eq!(seen, all);
}
