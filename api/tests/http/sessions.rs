//! Cookies, bearer tokens, renewal, theft, foreign pages.

use axum::body::Body;
use domain::Clock as _;
use http::{Method, StatusCode, header};
use serde_json::json;
use time::Duration;

use crate::world::{Client, URL, World};

async fn refresh(client: &mut Client) -> crate::world::Answer {
    let answer = client.send(Method::POST, "/api/auth/refresh", None).await;
    client.keep_cookies(&answer);
    answer
}

#[tokio::test]
async fn a_browser_gets_two_locked_cookies_and_a_short_token() {
    let world = World::new().await;
    let mut mika = world.browser("mika").await;
    let answer = mika.log_in("mika").await.must_be(StatusCode::OK);
    assert_eq!(answer.json["expires_in"], 900);
    let cookies: Vec<&str> =
        answer.headers.get_all(header::SET_COOKIE).iter().map(|cookie| cookie.to_str().unwrap()).collect();
    assert_eq!(cookies.len(), 2);
    assert!(cookies[0].starts_with("__Host-access=ey") && cookies[0].contains("; Max-Age=900;"), "{cookies:?}");
    assert!(cookies[1].starts_with("__Host-refresh=") && cookies[1].contains("; Max-Age=2592000;"), "{cookies:?}");
    for cookie in cookies {
        assert!(cookie.contains("; Path=/;") && cookie.ends_with("HttpOnly; Secure; SameSite=Lax"), "{cookie}");
    }
    mika.fetch("/api/auth/session").await.must_be(StatusCode::OK);
}

#[tokio::test]
async fn refresh_tokens_rotate_and_an_old_one_ends_the_session() {
    let world = World::new().await;
    let mut mika = world.browser("mika").await;
    let mut thief = mika.clone();
    let first = mika.cookies["__Host-refresh"].clone();
    refresh(&mut mika).await.must_be(StatusCode::OK);
    assert_ne!(mika.cookies["__Host-refresh"], first);
    world.clock.forward(Duration::seconds(11));
    refresh(&mut mika).await.must_be(StatusCode::OK);

    let refused = refresh(&mut thief).await;
    assert!(
        refused.headers.get_all(header::SET_COOKIE).iter().all(|cookie| cookie.to_str().unwrap().contains("Max-Age=0"))
    );
    refused.must_refuse(401, "SESSION_REUSED");
    mika.fetch("/api/auth/session").await.must_refuse(401, "SESSION_ENDED");
    refresh(&mut mika).await.must_refuse(401, "SESSION_ENDED");
    assert!(mika.cookies.is_empty());
}

#[tokio::test]
async fn two_tabs_may_renew_at_the_same_moment() {
    let world = World::new().await;
    let mut one = world.browser("mika").await;
    let mut two = one.clone();
    refresh(&mut one).await.must_be(StatusCode::OK);
    let second = refresh(&mut two).await.must_be(StatusCode::OK);
    assert_eq!(second.headers.get_all(header::SET_COOKIE).iter().count(), 1, "the access cookie alone");
    two.fetch("/api/auth/session").await.must_be(StatusCode::OK);
    refresh(&mut one).await.must_be(StatusCode::OK);
}

#[tokio::test]
async fn made_up_refresh_tokens_are_refused() {
    let world = World::new().await;
    let mut mika = world.browser("mika").await;
    let real = mika.cookies["__Host-refresh"].clone();
    for made_up in ["x", "x.y", &format!("{}.{}", uuid::Uuid::now_v7().simple(), &real[33..])] {
        mika.cookies.insert("__Host-refresh".into(), made_up.to_owned());
        let answer = mika.send(Method::POST, "/api/auth/refresh", None).await;
        assert_eq!(answer.status, StatusCode::UNAUTHORIZED, "{made_up}");
    }
    mika.cookies.insert("__Host-refresh".into(), real);
    refresh(&mut mika).await.must_be(StatusCode::OK);
    world.stranger().send(Method::POST, "/api/auth/refresh", None).await.must_refuse(401, "NOT_SIGNED_IN");
}

#[tokio::test]
async fn an_expired_access_cookie_asks_for_renewal_and_an_unused_session_ends() {
    let world = World::new().await;
    let mut mika = world.browser("mika").await;
    world.clock.forward(Duration::minutes(16));
    mika.fetch("/api/auth/session").await.must_refuse(401, "TOKEN_EXPIRED");
    mika.cookies.remove("__Host-access");
    mika.fetch("/api/streams").await.must_refuse(401, "SESSION_EXPIRED");
    refresh(&mut mika).await.must_be(StatusCode::OK);
    mika.fetch("/api/auth/session").await.must_be(StatusCode::OK);
    world.clock.forward(Duration::days(31));
    refresh(&mut mika).await.must_refuse(401, "SESSION_ENDED");
}

#[tokio::test]
async fn a_bearer_token_lasts_a_day_and_ends_with_a_log_out() {
    let world = World::new().await;
    let mut mika = world.program("mika").await;
    world.clock.forward(Duration::hours(23));
    mika.fetch("/api/auth/session").await.must_be(StatusCode::OK);
    world.clock.forward(Duration::hours(2));
    mika.fetch("/api/auth/session").await.must_refuse(401, "TOKEN_EXPIRED");

    mika.log_in("mika").await.must_be(StatusCode::OK);
    mika.send(Method::POST, "/api/auth/logout", None).await.must_be(StatusCode::NO_CONTENT);
    mika.fetch("/api/auth/session").await.must_refuse(401, "SESSION_ENDED");
    mika.fetch("/api/streams").await.must_refuse(401, "SESSION_ENDED");
    mika.send(Method::POST, "/api/auth/logout", None).await.must_refuse(401, "SESSION_ENDED");
    world.stranger().send(Method::POST, "/api/auth/logout", None).await.must_refuse(401, "NOT_SIGNED_IN");
}

#[tokio::test]
async fn a_log_out_ends_the_cookies_even_when_only_the_refresh_cookie_is_left() {
    let world = World::new().await;
    let mut mika = world.browser("mika").await;
    let copy = mika.clone();
    let out = mika.send(Method::POST, "/api/auth/logout", None).await.must_be(StatusCode::NO_CONTENT);
    mika.keep_cookies(&out);
    assert!(mika.cookies.is_empty());
    copy.fetch("/api/auth/session").await.must_refuse(401, "SESSION_ENDED");
    copy.send(Method::POST, "/api/auth/refresh", None).await.must_refuse(401, "SESSION_ENDED");

    mika.log_in("mika").await.must_be(StatusCode::OK);
    world.clock.forward(Duration::minutes(20));
    let copy = mika.clone();
    mika.cookies.remove("__Host-access");
    mika.send(Method::POST, "/api/auth/logout", None).await.must_be(StatusCode::NO_CONTENT);
    copy.send(Method::POST, "/api/auth/refresh", None).await.must_refuse(401, "SESSION_ENDED");
}

#[tokio::test]
async fn one_sees_and_ends_ones_own_sessions() {
    let world = World::new().await;
    let mika = world.program("mika").await;
    let mut phone = world.stranger();
    phone.is_page = true;
    phone.log_in("mika").await.must_be(StatusCode::OK);
    let ren = world.program("ren").await;

    let list = mika.fetch("/api/auth/sessions").await.must_be(StatusCode::OK).json;
    let items = list["items"].as_array().unwrap();
    assert_eq!((items.len(), &list["next_cursor"]), (2, &json!(null)));
    assert_eq!((&items[0]["is_current"], &items[1]["is_current"]), (&json!(false), &json!(true)));
    let phones = format!("/api/auth/sessions/{}", items[0]["session_id"].as_str().unwrap());

    ren.delete(&phones).await.must_refuse(404, "NOT_FOUND");
    world.stranger().delete(&phones).await.must_refuse(401, "NOT_SIGNED_IN");
    phone.fetch("/api/auth/session").await.must_be(StatusCode::OK);
    mika.delete(&phones).await.must_be(StatusCode::NO_CONTENT);
    phone.fetch("/api/auth/session").await.must_refuse(401, "SESSION_ENDED");
    mika.delete(&phones).await.must_refuse(404, "NOT_FOUND");
    mika.delete("/api/auth/sessions/me").await.must_refuse(404, "NOT_FOUND");
}

#[tokio::test]
async fn sessions_that_were_over_for_a_week_are_deleted_by_the_next_log_in() {
    let world = World::new().await;
    let mut mika = world.program("mika").await;
    let mut browser = world.browser("ren").await;
    let revoked = world.browser("aya").await;
    revoked.send(Method::POST, "/api/auth/logout", None).await.must_be(StatusCode::NO_CONTENT);
    world.clock.forward(Duration::days(6));
    mika.log_in("mika").await.must_be(StatusCode::OK);
    world.clock.forward(Duration::days(2) + Duration::minutes(1));
    mika.log_in("mika").await.must_be(StatusCode::OK);
    refresh(&mut browser).await.must_be(StatusCode::OK);
    let whenever = world.clock.now() + Duration::days(1000);
    let mut db = world.store.acquire().await.unwrap();
    let left = store::sessions::delete_over(&mut db, whenever, 100).await.unwrap();
    assert_eq!(left, 3, "ren's, mika's new one, and the one that expired yesterday");
}

#[tokio::test]
async fn foreign_pages_can_do_nothing_with_our_cookies() {
    let world = World::new().await;
    let mika = world.browser("mika").await;
    let cookies: Vec<String> = mika.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
    let try_it = async |path: &str, headers: &[(&str, &str)]| {
        let mut request = http::Request::post(path)
            .header(header::HOST, "live.example")
            .header(header::CONTENT_TYPE, "application/json")
            .header(header::COOKIE, cookies.join("; "));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        mika.answer(request.body(Body::from(r#"{"title":"jam"}"#)).unwrap()).await
    };
    let ours = ("x-livestream", "1");
    for path in ["/api/streams", "/api/auth/refresh", "/api/auth/logout"] {
        for foreign in [
            &[][..],
            &[ours],
            &[ours, ("origin", "https://evil.example")],
            &[ours, ("origin", "null")],
            &[ours, ("sec-fetch-site", "cross-site"), ("origin", URL)],
            &[("sec-fetch-site", "same-site")],
        ] {
            try_it(path, foreign).await.must_refuse(403, "FOREIGN_PAGE");
        }
        try_it(path, &[("sec-fetch-site", "same-origin")]).await.must_refuse(403, "PAGE_HEADER_MISSING");
    }
    try_it("/api/streams", &[ours, ("sec-fetch-site", "same-origin")]).await.must_be(StatusCode::CREATED);
    try_it("/api/streams", &[ours, ("origin", URL)]).await.must_be(StatusCode::CREATED);
    // A log-in from a foreign page would sign a visitor into the attacker's account.
    try_it("/api/auth/login", &[ours, ("origin", "https://evil.example")]).await.must_refuse(422, "BODY_UNEXPECTED");
}

#[tokio::test]
async fn tokens_of_strangers_other_purposes_and_other_schemes_are_refused() {
    let world = World::new().await;
    let page = world.browser("mika").await;
    let mut program = world.program("ren").await;
    let bearer = program.bearer.clone().unwrap();
    let mut tampered = bearer.clone().into_bytes();
    let last = tampered.len() - 2;
    tampered[last] = if tampered[last] == b'A' { b'B' } else { b'A' };
    for bad in ["x", "", "a.b.c", &page.cookies["__Host-access"], &String::from_utf8(tampered).unwrap()] {
        program.bearer = Some(bad.to_owned());
        program.fetch("/api/auth/session").await.must_refuse(401, "TOKEN_INVALID");
        program.fetch("/api/streams").await.must_refuse(401, "TOKEN_INVALID");
    }
    program.bearer = None;
    let basic = program.request(Method::GET, "/api/streams").header(header::AUTHORIZATION, "Basic bWlrYTpt");
    program.answer(basic.body(Body::empty()).unwrap()).await.must_refuse(401, "TOKEN_INVALID");
    program.cookies.insert("__Host-access".into(), bearer);
    program.fetch("/api/auth/session").await.must_refuse(401, "TOKEN_INVALID");
}
