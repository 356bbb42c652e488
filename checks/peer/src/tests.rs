//! Publisher and viewer over real HTTP, each opposite a bare counterpart that answers one offer.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::State;
use axum::http::header::{AUTHORIZATION, CONTENT_TYPE, LOCATION};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::{delete, post};
use axum::{Json, Router};
use tokio::net::TcpListener;
use tokio::sync::Mutex;
use tokio::task::JoinHandle;

use crate::{Media, Publisher, Refused, Viewer};

const TOKEN: &str = "let-me-in";
const SOON: Duration = Duration::from_secs(20);

enum Counterpart {
    Receives(Viewer),
    Sends(Publisher),
}

type Shared = Arc<Mutex<Option<Counterpart>>>;

async fn open(State(here): State<Shared>, headers: HeaderMap, offer: String) -> Response {
    let bearer = headers.get(AUTHORIZATION).and_then(|value| value.to_str().ok());
    if bearer != Some(&format!("Bearer {TOKEN}")) {
        return (StatusCode::UNAUTHORIZED, Json(serde_json::json!({ "code": "WHO_ARE_YOU" }))).into_response();
    }
    assert_eq!(headers[CONTENT_TYPE], "application/sdp");
    let mut here = here.lock().await;
    let connection = match here.as_mut().unwrap() {
        Counterpart::Receives(viewer) => &mut viewer.connection,
        Counterpart::Sends(publisher) => &mut publisher.connection,
    };
    let answer = connection.answer(offer).await.unwrap();
    (StatusCode::CREATED, [(LOCATION, "/sessions/1")], answer).into_response()
}

async fn close(State(here): State<Shared>) -> StatusCode {
    here.lock().await.take().map_or(StatusCode::NOT_FOUND, |_| StatusCode::NO_CONTENT)
}

struct Endpoint {
    url: String,
    here: Shared,
    serving: JoinHandle<()>,
}

impl Endpoint {
    async fn of(counterpart: Counterpart) -> Self {
        let here: Shared = Arc::new(Mutex::new(Some(counterpart)));
        let router = Router::new()
            .route("/post-here", post(open))
            .route("/sessions/1", delete(close))
            .with_state(Arc::clone(&here));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/post-here", listener.local_addr().unwrap());
        let serving = tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        Self { url, here, serving }
    }
}

impl Drop for Endpoint {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

#[tokio::test]
async fn a_publisher_posts_its_offer_sends_and_says_goodbye_by_delete() {
    let endpoint = Endpoint::of(Counterpart::Receives(Viewer::open().await.unwrap())).await;
    let publisher = Publisher::start(&endpoint.url, TOKEN, &Media::small().await.unwrap()).await.unwrap();
    assert!(publisher.resource().unwrap().ends_with("/sessions/1"));
    {
        let here = endpoint.here.lock().await;
        let Some(Counterpart::Receives(viewer)) = here.as_ref() else { panic!("it receives") };
        viewer.wait_for_frames(30, SOON).await.unwrap();
    }
    let sent = publisher.stop().await.unwrap();
    assert!(sent.frames >= 30 && sent.duration >= Duration::from_secs(1), "{sent:?}");
    assert!(endpoint.here.lock().await.is_none(), "the DELETE came");
}

#[tokio::test]
async fn a_viewer_posts_its_offer_counts_and_says_goodbye_by_delete() {
    let endpoint = Endpoint::of(Counterpart::Sends(Publisher::open().await.unwrap())).await;
    let viewer = Viewer::start(&endpoint.url, Some(TOKEN)).await.unwrap();
    {
        let mut here = endpoint.here.lock().await;
        let Some(Counterpart::Sends(publisher)) = here.as_mut() else { panic!("it sends") };
        publisher.send(&Media::small().await.unwrap()).await.unwrap();
    }
    let keyframe = viewer.wait_for_keyframe(SOON).await.unwrap();
    assert!(viewer.seen().first_packet.unwrap() <= keyframe);
    viewer.stop().await.unwrap();
    assert!(endpoint.here.lock().await.is_none(), "the DELETE came");
}

#[tokio::test]
async fn a_refusal_is_told_with_its_status_and_code() {
    let endpoint = Endpoint::of(Counterpart::Receives(Viewer::open().await.unwrap())).await;
    let error = Viewer::start(&endpoint.url, Some("another token")).await.unwrap_err();
    let refused = Refused::of(&error).unwrap();
    assert_eq!((refused.status, refused.code().as_deref()), (401, Some("WHO_ARE_YOU")));
}
