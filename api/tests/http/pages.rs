//! The shell of the pages: state, previews, and what strangers do not learn from it.

use http::{Method, StatusCode, header};
use serde_json::{Value, json};
use time::Duration;

use crate::world::World;

/// An installation with its pages. Without `web/dist` these tests fail, so that nobody takes them for passed.
async fn world_with_pages() -> World {
    let world = World::new().await;
    let home = world.stranger().fetch("/").await;
    assert_eq!(home.status, StatusCode::OK, "web/dist is missing or broken: run ./dev web first. {}", home.text);
    world
}

fn state(html: &str) -> Value {
    let from = html.find("id=\"state\">").expect("the state is there") + "id=\"state\">".len();
    let to = from + html[from..].find("</script>").unwrap();
    serde_json::from_str(&html[from..to]).unwrap()
}

#[tokio::test]
async fn the_shell_knows_who_visits_and_what_the_address_shows() {
    let world = world_with_pages().await;
    let mika = world.browser("mika").await;
    let stream = mika.start_stream("</script><b>\"Jam\" & more", "public").await;
    let at = format!("/watch/{}", stream["stream_id"].as_str().unwrap());
    let page = mika.fetch(&at).await.must_be(StatusCode::OK);
    assert!(page.headers[header::CONTENT_TYPE].to_str().unwrap().starts_with("text/html"));
    assert_eq!(page.headers[header::CACHE_CONTROL], "no-store");
    let state = state(&page.text);
    assert_eq!(state["session"]["username"], "mika");
    assert_eq!(state["page"]["stream"]["title"], stream["title"]);
    assert!(state["page"]["stream"].get("publish_token").is_none());
    assert!(page.text.contains("<title>&lt;/script&gt;&lt;b&gt;&quot;Jam&quot; &amp; more · LiveStream Pro</title>"));
    assert!(!page.text.contains("<b>\"Jam\""));

    let home = world.stranger().fetch("/").await.must_be(StatusCode::OK);
    assert_eq!(self::state(&home.text), json!({ "session": null, "page": null }));
}

#[tokio::test]
async fn a_private_stream_leaves_no_trace_in_a_strangers_shell() {
    let world = world_with_pages().await;
    let mika = world.browser("mika").await;
    let stream = mika.start_stream("secret rehearsal", "private").await;
    let at = format!("/watch/{}", stream["stream_id"].as_str().unwrap());
    let own = mika.fetch(&at).await.must_be(StatusCode::OK);
    assert!(own.text.contains("secret rehearsal") && own.text.contains("noindex"));
    let other = world.stranger().fetch(&at).await.must_be(StatusCode::NOT_FOUND);
    assert!(!other.text.contains("rehearsal"));
    let nowhere = world.stranger().fetch(&format!("/watch/{}", uuid::Uuid::now_v7())).await;
    let blank = |text: &str| text.split("og:url").next().unwrap().to_owned();
    assert_eq!(blank(&nowhere.text), blank(&other.text), "as if it did not exist");
}

#[tokio::test]
async fn unknown_addresses_get_the_shell_as_not_found_and_files_their_own_answers() {
    let world = world_with_pages().await;
    let stranger = world.stranger();
    let lost = stranger.fetch("/nowhere").await.must_be(StatusCode::NOT_FOUND);
    assert!(lost.text.contains("id=\"state\""));
    let home = stranger.fetch("/").await;
    let at = home.text.find("/assets/").expect("the shell names hashed files");
    let asset: String = home.text[at..].chars().take_while(|c| *c != '"').collect();
    let file = stranger.fetch(&asset).await.must_be(StatusCode::OK);
    assert_eq!(file.headers[header::CACHE_CONTROL], "public, max-age=31536000, immutable");
    let again = stranger.request(Method::GET, &asset).header(header::IF_NONE_MATCH, &file.headers[header::ETAG]);
    stranger.answer(again.body(axum::body::Body::empty()).unwrap()).await.must_be(StatusCode::NOT_MODIFIED);
    let packed = stranger.request(Method::GET, &asset).header(header::ACCEPT_ENCODING, "br, gzip");
    let packed = stranger.answer(packed.body(axum::body::Body::empty()).unwrap()).await.must_be(StatusCode::OK);
    assert_eq!(packed.headers[header::CONTENT_ENCODING], "br");
    stranger.fetch("/assets/nothing.js").await.must_refuse(404, "NOT_FOUND");
    for outside in ["/../Cargo.toml", "/..%2fCargo.toml", "/assets/../../Cargo.toml"] {
        assert!(!stranger.fetch(outside).await.text.contains("[package]"), "{outside}");
    }
    stranger.post("/watch/x", json!({})).await.must_refuse(404, "NOT_FOUND");
}

#[tokio::test]
async fn a_page_renews_the_session_on_the_way() {
    let world = world_with_pages().await;
    let mut mika = world.browser("mika").await;
    world.clock.forward(Duration::minutes(20));
    mika.cookies.remove("__Host-access");
    let page = mika.fetch("/").await.must_be(StatusCode::OK);
    assert_eq!(state(&page.text)["session"]["username"], "mika");
    mika.keep_cookies(&page);
    mika.fetch("/api/auth/session").await.must_be(StatusCode::OK);
}
