//! Every endpoint that takes a body or an id, with input that is missing, malformed, foreign or oversized.

use axum::body::Body;
use http::{Method, header};
use serde_json::{Value, json};

use crate::world::{Answer, Client, PASSWORD, World};

/// Method, path, a body that is fine, and which of its fields must be there.
fn writes() -> Vec<(Method, &'static str, Value, &'static [&'static str])> {
    let account = json!({ "username": "someone", "email": "someone@example.com", "password": PASSWORD });
    let passwords = json!({ "current_password": PASSWORD, "new_password": "another good one" });
    vec![
        (Method::POST, "/api/auth/register", account, &["username", "email", "password"]),
        (Method::POST, "/api/auth/login", json!({ "email": "a@b.co", "password": PASSWORD }), &["email", "password"]),
        (Method::PUT, "/api/auth/password", passwords, &["current_password", "new_password"]),
        (Method::POST, "/api/auth/operator", json!({ "token": "x" }), &["token"]),
        (Method::PUT, "/api/users/me", json!({ "bio": "x" }), &[]),
        (Method::POST, "/api/streams", json!({ "title": "jam" }), &["title"]),
        (Method::PUT, "/api/streams/01980000-0000-7000-8000-000000000000", json!({ "title": "jam" }), &[]),
        (Method::POST, "/api/stream-keys", json!({ "label": "OBS" }), &["label"]),
    ]
}

async fn raw(client: &Client, method: &Method, path: &str, kind: &str, body: impl Into<Body>) -> Answer {
    let request = client.request(method.clone(), path).header(header::CONTENT_TYPE, kind);
    client.answer(request.body(body.into()).unwrap()).await
}

#[tokio::test]
async fn bodies_that_are_missing_malformed_or_oversized_are_refused_everywhere() {
    let world = World::new().await;
    let mika = world.program("mika").await;
    let json = "application/json";
    for (method, path, body, _) in writes() {
        let text = body.to_string();
        mika.send(method.clone(), path, None).await.must_refuse(400, "BODY_NOT_JSON");
        raw(&mika, &method, path, json, "").await.must_refuse(400, "BODY_NOT_JSON");
        raw(&mika, &method, path, json, "{").await.must_refuse(400, "BODY_NOT_JSON");
        raw(&mika, &method, path, json, &b"\xff\xfe"[..]).await.must_refuse(400, "BODY_NOT_JSON");
        raw(&mika, &method, path, "text/plain", text.clone()).await.must_refuse(400, "BODY_NOT_JSON");
        let form = "application/x-www-form-urlencoded";
        raw(&mika, &method, path, form, text.clone()).await.must_refuse(400, "BODY_NOT_JSON");
        let padded = format!("{text}{}", " ".repeat(70_000));
        raw(&mika, &method, path, json, padded).await.must_refuse(413, "BODY_TOO_LARGE");
        let deep = format!("{{\"title\":{}", "[".repeat(60_000));
        assert!(raw(&mika, &method, path, json, deep).await.status.is_client_error());
        for other in ["null", "[]", "1", "\"x\""] {
            raw(&mika, &method, path, json, other).await.must_refuse(422, "BODY_UNEXPECTED");
        }
    }
}

#[tokio::test]
async fn fields_that_are_missing_foreign_or_of_another_type_are_refused_everywhere() {
    let world = World::new().await;
    let mika = world.program("mika").await;
    for (method, path, body, required) in writes() {
        let send = async |body: Value| mika.send(method.clone(), path, Some(body)).await;
        let with = |key: &str, value: Value| {
            let mut body = body.clone();
            body[key] = value;
            body
        };
        for key in required {
            let mut without = body.clone();
            without.as_object_mut().unwrap().remove(*key);
            send(without).await.must_refuse(422, "BODY_UNEXPECTED");
            send(with(key, Value::Null)).await.must_refuse(422, "BODY_UNEXPECTED");
        }
        for foreign in ["user_id", "role", "viewer_count", "is_operator", "__proto__"] {
            send(with(foreign, json!("x"))).await.must_refuse(422, "BODY_UNEXPECTED");
        }
        let key = body.as_object().unwrap().keys().next().unwrap();
        for value in [json!(1), json!(true), json!({}), json!(["x"])] {
            send(with(key, value)).await.must_refuse(422, "BODY_UNEXPECTED");
        }
    }
}

#[tokio::test]
async fn texts_that_are_no_names_say_which_one() {
    let world = World::new().await;
    let mika = world.program("mika").await;
    let long = "x".repeat(10_000);
    let register = async |username: &str, email: &str, password: &str| {
        let body = json!({ "username": username, "email": email, "password": password });
        mika.post("/api/auth/register", body).await
    };
    for bad in ["", "ab", "a b", "名前です", "a\0b", "<b>", &long] {
        register(bad, "x@example.com", PASSWORD).await.must_refuse(400, "USERNAME_INVALID");
        mika.put("/api/users/me", json!({ "username": bad })).await.must_refuse(400, "USERNAME_INVALID");
    }
    for bad in ["", "x", "x@y", "x@example.com\r\nBcc: y@example.com", "a\0@example.com", &long] {
        register("fresh", bad, PASSWORD).await.must_refuse(400, "EMAIL_INVALID");
        mika.put("/api/users/me", json!({ "email": bad })).await.must_refuse(400, "EMAIL_INVALID");
    }
    for bad in ["", "short", &long, &"あ".repeat(129)] {
        register("fresh", "fresh@example.com", bad).await.must_refuse(400, "PASSWORD_LENGTH");
    }
    for bad in ["", "   ", "a\nb", "a\0b", "a\u{202e}b", &long] {
        mika.post("/api/streams", json!({ "title": bad })).await.must_refuse(400, "TITLE_INVALID");
        mika.post("/api/stream-keys", json!({ "label": bad })).await.must_refuse(400, "LABEL_INVALID");
    }
    for bad in ["a\0b", "a\u{202e}b", &long] {
        mika.put("/api/users/me", json!({ "bio": bad })).await.must_refuse(400, "BIO_INVALID");
        mika.put("/api/users/me", json!({ "display_name": bad })).await.must_refuse(400, "DISPLAY_NAME_INVALID");
    }
    let wish = json!({ "title": "jam", "visibility": "secret" });
    mika.post("/api/streams", wish).await.must_refuse(422, "BODY_UNEXPECTED");
    // Text that a database would choke on, where any text is taken.
    let odd = json!({ "email": "a\0@example.com", "password": "\0\0\0\0\0\0\0\0\0\0" });
    mika.post("/api/auth/login", odd).await.must_refuse(401, "CREDENTIALS_WRONG");
    mika.post("/api/auth/operator", json!({ "token": "\0" })).await.must_refuse(403, "OPERATOR_LINK_SPENT");
}

#[tokio::test]
async fn ids_that_are_none_name_nothing() {
    let world = World::new().await;
    let mika = world.program("mika").await;
    let long = "x".repeat(5_000);
    for bad in ["1", "x", "%00", "..%2f..%2f", "%ff", "0192f0c1-0000-7000-8000-00000000000g", &long] {
        for (method, path) in [
            (Method::GET, "/api/streams/ID"),
            (Method::PUT, "/api/streams/ID/end"),
            (Method::GET, "/api/archives/ID"),
            (Method::GET, "/api/users/ID"),
            (Method::DELETE, "/api/auth/sessions/ID"),
            (Method::DELETE, "/api/stream-keys/ID"),
            (Method::POST, "/api/stream-keys/ID/rotate"),
        ] {
            let answer = mika.send(method.clone(), &path.replace("ID", bad), None).await;
            let status = answer.status.as_u16();
            assert!(matches!(status, 400 | 404), "{method} {path} {bad}: {status}");
            assert!(answer.json["code"].is_string(), "{}", answer.text);
        }
    }
}

#[tokio::test]
async fn addresses_and_methods_that_are_none_are_refused_in_json() {
    let world = World::new().await;
    let mika = world.program("mika").await;
    for path in ["/api", "/api/", "/api/nowhere", "/api/streams/x/y/z", "/api/auth"] {
        mika.fetch(path).await.must_refuse(404, "NOT_FOUND");
        mika.send(Method::POST, path, None).await.must_refuse(404, "NOT_FOUND");
    }
    for (method, path) in
        [(Method::DELETE, "/api/streams"), (Method::PATCH, "/api/users/me"), (Method::TRACE, "/api/streams")]
    {
        mika.send(method, path, None).await.must_refuse(405, "METHOD_NOT_ALLOWED");
    }
}
