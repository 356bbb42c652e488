//! Registering, logging in, profiles, passwords, operators.

use std::net::SocketAddr;

use axum::extract::ConnectInfo;
use http::{Method, StatusCode, header};
use serde_json::json;

use crate::world::{PASSWORD, World, generous};

#[tokio::test]
async fn registering_and_logging_in_have_the_promised_shapes() {
    let world = World::new().await;
    let mut mika = world.stranger();
    let account = mika.register("mika").await.must_be(StatusCode::CREATED).json;
    assert_eq!((&account["username"], &account["email"]), (&json!("mika"), &json!("mika@example.com")));
    assert!(account["user_id"].is_string() && account["created_at"].as_str().unwrap().ends_with('Z'));
    assert_eq!(account.as_object().unwrap().len(), 4);

    let token = mika.log_in("mika").await.must_be(StatusCode::OK);
    assert!(token.headers.get("set-cookie").is_none());
    let token = token.json;
    assert_eq!((&token["token_type"], &token["expires_in"]), (&json!("Bearer"), &json!(86_400)));
    assert_eq!(token["user_id"], account["user_id"]);

    let session = mika.fetch("/api/auth/session").await.must_be(StatusCode::OK).json;
    let expected = json!({ "user_id": account["user_id"], "username": "mika", "email": "mika@example.com",
                           "display_name": null, "is_operator": false });
    assert_eq!(session, expected);
    world.stranger().fetch("/api/auth/session").await.must_refuse(401, "NOT_SIGNED_IN");
}

#[tokio::test]
async fn names_and_addresses_are_taken_once_whatever_the_case() {
    let world = World::new().await;
    let client = world.stranger();
    client.register("mika").await.must_be(StatusCode::CREATED);
    let same_name = json!({ "username": "MIKA", "email": "other@example.com", "password": PASSWORD });
    client.post("/api/auth/register", same_name).await.must_refuse(409, "USERNAME_TAKEN");
    let same_address = json!({ "username": "other", "email": "Mika@Example.com", "password": PASSWORD });
    client.post("/api/auth/register", same_address).await.must_refuse(409, "EMAIL_TAKEN");
}

#[tokio::test]
async fn two_who_register_one_name_at_once_get_one_account() {
    let world = World::new().await;
    let client = world.stranger();
    let (one, two) = tokio::join!(client.register("twin"), client.register("twin"));
    let mut statuses = [one.status.as_u16(), two.status.as_u16()];
    statuses.sort_unstable();
    assert_eq!(statuses, [201, 409]);
}

#[tokio::test]
async fn a_wrong_password_and_an_unknown_address_get_the_same_answer() {
    let world = World::new().await;
    world.program("mika").await;
    let stranger = world.stranger();
    let try_it = async |email: &str, password: &str| {
        stranger.post("/api/auth/login", json!({ "email": email, "password": password })).await
    };
    let wrong = try_it("mika@example.com", "not the password").await;
    let unknown = try_it("nobody@example.com", "not the password").await;
    let no_address = try_it("", "").await;
    assert_eq!((&wrong.text, &wrong.text), (&unknown.text, &no_address.text));
    wrong.must_refuse(401, "CREDENTIALS_WRONG");
    assert_eq!(try_it(" MIKA@example.com", PASSWORD).await.status, StatusCode::OK);
}

#[tokio::test]
async fn a_flood_of_logins_is_refused_while_others_go_on() {
    let settings = api::Settings { logins_per_minute: 3, ..generous() };
    let world = World::with_settings(settings).await;
    let mika = world.program("mika").await;
    let stranger = world.stranger();
    let wrong = json!({ "email": "mika@example.com", "password": "not the password" });
    for _ in 0..2 {
        stranger.post("/api/auth/login", wrong.clone()).await.must_refuse(401, "CREDENTIALS_WRONG");
    }
    stranger.post("/api/auth/login", wrong.clone()).await.must_refuse(429, "TOO_MANY_REQUESTS");
    mika.fetch("/api/auth/session").await.must_be(StatusCode::OK);
}

#[tokio::test]
async fn one_account_cannot_be_tried_without_end() {
    let settings = api::Settings { tries_per_account_per_minute: 2, ..generous() };
    let world = World::with_settings(settings).await;
    let stranger = world.stranger();
    let wrong = |email: &str| json!({ "email": email, "password": "not the password" });
    stranger.post("/api/auth/login", wrong("mika@example.com")).await.must_refuse(401, "CREDENTIALS_WRONG");
    stranger.post("/api/auth/login", wrong("MIKA@example.com ")).await.must_refuse(401, "CREDENTIALS_WRONG");
    stranger.post("/api/auth/login", wrong("mika@example.com")).await.must_refuse(429, "TOO_MANY_REQUESTS");
    stranger.post("/api/auth/login", wrong("ren@example.com")).await.must_refuse(401, "CREDENTIALS_WRONG");
}

#[tokio::test]
async fn a_stranger_who_guesses_wrong_does_not_keep_the_owner_out() {
    let settings = api::Settings { tries_per_account_per_minute: 2, tries_from_everywhere_per_minute: 5, ..generous() };
    let world = World::with_settings(settings).await;
    let stranger = world.stranger();
    stranger.register("mika").await.must_be(StatusCode::CREATED);
    let try_from = async |address: &str, password: &str| {
        let peer = ConnectInfo(SocketAddr::new(address.parse().unwrap(), 1));
        let body = json!({ "email": "mika@example.com", "password": password });
        let request = stranger.request(Method::POST, "/api/auth/login").extension(peer);
        let request = request.header(header::CONTENT_TYPE, "application/json").body(body.to_string().into());
        stranger.answer(request.unwrap()).await
    };
    for _ in 0..2 {
        try_from("198.51.100.7", "not the password").await.must_refuse(401, "CREDENTIALS_WRONG");
    }
    for _ in 0..20 {
        try_from("198.51.100.8", "not the password").await.must_refuse(429, "TOO_MANY_REQUESTS");
    }
    try_from("203.0.113.9", PASSWORD).await.must_be(StatusCode::OK);
    try_from("2001:db8::1", PASSWORD).await.must_be(StatusCode::OK);
    // From everywhere together it has an end as well.
    try_from("2001:db8:0:1::1", PASSWORD).await.must_be(StatusCode::OK);
    try_from("2001:db8:0:2::1", PASSWORD).await.must_refuse(429, "TOO_MANY_REQUESTS");
}

#[tokio::test]
async fn a_new_address_needs_the_password() {
    let world = World::new().await;
    let mika = world.program("mika").await;
    let change = async |email: &str, password: Option<&str>| {
        let mut body = json!({ "email": email, "bio": "new" });
        if let Some(password) = password {
            body["current_password"] = json!(password);
        }
        mika.put("/api/users/me", body).await
    };
    change("thief@example.com", None).await.must_refuse(400, "PASSWORD_MISSING");
    change("thief@example.com", Some("not the password")).await.must_refuse(403, "PASSWORD_WRONG");
    let kept = mika.fetch("/api/users/me").await.must_be(StatusCode::OK).json;
    assert_eq!((&kept["email"], &kept["bio"]), (&json!("mika@example.com"), &json!("")));
    change("mika@example.com", None).await.must_be(StatusCode::OK);
    let moved = change("mika@new.example", Some(PASSWORD)).await.must_be(StatusCode::OK).json;
    assert_eq!(moved["email"], "mika@new.example");
    world.stranger().log_in("mika").await.must_refuse(401, "CREDENTIALS_WRONG");
}

#[tokio::test]
async fn passwords_and_taken_names_cannot_be_tried_without_end_by_a_change_of_profile() {
    let world = World::with_settings(api::Settings { tries_per_account_per_minute: 2, ..generous() }).await;
    let mika = world.program("mika").await;
    let wish = json!({ "email": "thief@example.com", "current_password": "not the password" });
    for _ in 0..2 {
        mika.put("/api/users/me", wish.clone()).await.must_refuse(403, "PASSWORD_WRONG");
    }
    mika.put("/api/users/me", wish).await.must_refuse(429, "TOO_MANY_REQUESTS");

    let world = World::with_settings(api::Settings { registrations_per_minute: 2, ..generous() }).await;
    let mika = world.program("mika").await;
    mika.put("/api/users/me", json!({ "username": "Mika" })).await.must_be(StatusCode::OK);
    for wish in [json!({ "username": "ren" }), json!({ "email": "ren@example.com", "current_password": PASSWORD })] {
        mika.put("/api/users/me", wish).await.must_refuse(429, "TOO_MANY_REQUESTS");
    }
    mika.put("/api/users/me", json!({ "bio": "still here" })).await.must_be(StatusCode::OK);
}

#[tokio::test]
async fn fifty_logins_at_once_are_answered_or_told_to_wait_and_nothing_breaks() {
    let world = World::new().await;
    world.program("mika").await;
    let logins = (0..50).map(|_| {
        let mut client = world.stranger();
        tokio::spawn(async move { client.log_in("mika").await })
    });
    let mut refused = 0;
    for login in logins.collect::<Vec<_>>() {
        let answer = login.await.unwrap();
        match answer.status {
            StatusCode::OK => (),
            _ => {
                answer.must_refuse(429, "BUSY");
                refused += 1;
            }
        }
    }
    assert!(refused < 50);
    world.stranger().log_in("mika").await.must_be(StatusCode::OK);
}

#[tokio::test]
async fn a_profile_shows_the_address_to_its_owner_alone() {
    let world = World::new().await;
    let mika = world.program("mika").await;
    let id = mika.user_id().await;
    let change = json!({ "display_name": " Mika ", "bio": "Jams\r\nat night" });
    let own = mika.put("/api/users/me", change).await.must_be(StatusCode::OK).json;
    assert_eq!((&own["display_name"], &own["bio"]), (&json!("Mika"), &json!("Jams\nat night")));
    assert_eq!((&own["email"], &own["is_operator"]), (&json!("mika@example.com"), &json!(false)));

    for other in [world.program("ren").await, world.stranger()] {
        let seen = other.fetch(&format!("/api/users/{id}")).await.must_be(StatusCode::OK).json;
        let keys: Vec<&String> = seen.as_object().unwrap().keys().collect();
        assert_eq!(keys, ["bio", "created_at", "display_name", "user_id", "username"]);
    }
    world.stranger().fetch("/api/users/me").await.must_refuse(401, "NOT_SIGNED_IN");
    world.stranger().fetch(&format!("/api/users/{}", uuid::Uuid::now_v7())).await.must_refuse(404, "NOT_FOUND");
}

#[tokio::test]
async fn a_profile_changes_by_its_owner_alone_and_only_what_is_named() {
    let world = World::new().await;
    let mika = world.program("mika").await;
    let ren = world.program("ren").await;
    let id = mika.user_id().await;
    ren.put(&format!("/api/users/{id}"), json!({ "bio": "x" })).await.must_refuse(403, "NOT_YOURS");
    world.stranger().put(&format!("/api/users/{id}"), json!({ "bio": "x" })).await.must_refuse(401, "NOT_SIGNED_IN");

    mika.put("/api/users/me", json!({ "display_name": "M", "bio": "hi" })).await.must_be(StatusCode::OK);
    let kept = mika.put(&format!("/api/users/{id}"), json!({})).await.must_be(StatusCode::OK).json;
    assert_eq!((&kept["display_name"], &kept["bio"]), (&json!("M"), &json!("hi")));
    let cleared = mika.put("/api/users/me", json!({ "display_name": null })).await.must_be(StatusCode::OK).json;
    assert_eq!((&cleared["display_name"], &cleared["bio"]), (&json!(null), &json!("hi")));

    mika.put("/api/users/me", json!({ "username": "REN" })).await.must_refuse(409, "USERNAME_TAKEN");
    mika.put("/api/users/me", json!({ "email": "ren@EXAMPLE.com", "current_password": PASSWORD }))
        .await
        .must_refuse(409, "EMAIL_TAKEN");
    let renamed = mika.put("/api/users/me", json!({ "username": "Mika2" })).await.must_be(StatusCode::OK).json;
    assert_eq!(renamed["username"], "Mika2");
    let session = mika.fetch("/api/auth/session").await.must_be(StatusCode::OK).json;
    assert_eq!(session["username"], "Mika2");
    for (key, code) in
        [("is_operator", "BODY_UNEXPECTED"), ("user_id", "BODY_UNEXPECTED"), ("password_hash", "BODY_UNEXPECTED")]
    {
        mika.put("/api/users/me", json!({ key: true })).await.must_refuse(422, code);
    }
}

#[tokio::test]
async fn a_new_password_ends_the_other_sessions() {
    let world = World::new().await;
    let mika = world.program("mika").await;
    let mut phone = world.stranger();
    phone.is_page = true;
    phone.log_in("mika").await.must_be(StatusCode::OK);

    let change = |current: &str, new: &str| json!({ "current_password": current, "new_password": new });
    let wrong = change("not the password", "another good one");
    mika.put("/api/auth/password", wrong).await.must_refuse(403, "PASSWORD_WRONG");
    mika.put("/api/auth/password", change(PASSWORD, "short")).await.must_refuse(400, "PASSWORD_LENGTH");
    mika.put("/api/auth/password", change(PASSWORD, "password123")).await.must_refuse(400, "PASSWORD_GUESSABLE");
    phone.fetch("/api/auth/session").await.must_be(StatusCode::OK);

    mika.put("/api/auth/password", change(PASSWORD, "another good one")).await.must_be(StatusCode::NO_CONTENT);
    mika.fetch("/api/auth/session").await.must_be(StatusCode::OK);
    phone.fetch("/api/auth/session").await.must_refuse(401, "SESSION_ENDED");
    phone.send(Method::POST, "/api/auth/refresh", None).await.must_refuse(401, "SESSION_ENDED");
    world.stranger().log_in("mika").await.must_refuse(401, "CREDENTIALS_WRONG");
}

#[tokio::test]
async fn the_operator_link_works_once_and_for_a_day() {
    let world = World::new().await;
    let link = || api::auth::operator::link_for_first(&world.store, &*world.clock);
    let first = link().await.unwrap().unwrap();
    let second = link().await.unwrap().unwrap();
    let mika = world.program("mika").await;
    let open = async |token: &str| mika.post("/api/auth/operator", json!({ "token": token })).await;
    open(first.expose()).await.must_refuse(403, "OPERATOR_LINK_SPENT");
    world.clock.forward(time::Duration::hours(25));
    let mut mika_later = mika.clone();
    mika_later.log_in("mika").await.must_be(StatusCode::OK);
    let late = mika_later.post("/api/auth/operator", json!({ "token": second.expose() })).await;
    late.must_refuse(403, "OPERATOR_LINK_SPENT");

    let third = link().await.unwrap().unwrap();
    let opened = mika_later.post("/api/auth/operator", json!({ "token": third.expose() })).await;
    assert_eq!(opened.must_be(StatusCode::OK).json["is_operator"], json!(true));
    let again = mika_later.post("/api/auth/operator", json!({ "token": third.expose() })).await;
    again.must_refuse(403, "OPERATOR_LINK_SPENT");
    assert!(link().await.unwrap().is_none());
}
