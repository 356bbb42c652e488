//! The contract: what the handlers declare, and beside it the routes of media, chat and archive, described by hand.

use axum::handler::Handler;
use http::header::CONTENT_TYPE;
use serde_json::{Value, json};
use url::Url;
use utoipa::openapi::security::{ApiKey, ApiKeyValue, HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa::openapi::{ComponentsBuilder, InfoBuilder, OpenApi, OpenApiBuilder};

use crate::Shared;
use crate::auth::cookies;

/// The routes that other rooms bring, as they are mounted in `livestream`.
const ELSEWHERE: &str = include_str!("openapi/elsewhere.json");

const DESCRIPTION: &str = "Going live, watching, chatting and archives, over HTTP.\n\n\
    Sign in by `POST /api/auth/login` and send the token as `Authorization: Bearer`. Every answer carries \
    `x-request-id`. Every error is `{\"error\": \"a sentence\", \"code\": \"A_WORD\"}`; the codes are listed in \
    `docs/errors.md`. Lists come by pages: pass `next_cursor` as `cursor`. Bodies are JSON of at most 64 KiB, \
    and unknown fields are refused. Moments are RFC 3339 in UTC.";

/// The contract without its routes.
pub(crate) fn frame() -> OpenApi {
    let info = InfoBuilder::new()
        .title("LiveStream Pro")
        .version(env!("CARGO_PKG_VERSION"))
        .description(Some(DESCRIPTION))
        .build();
    let bearer = HttpBuilder::new()
        .scheme(HttpAuthScheme::Bearer)
        .bearer_format("JWT")
        .description(Some("The `access_token` of a log-in"))
        .build();
    let cookie =
        |name: &str, text: &str| SecurityScheme::ApiKey(ApiKey::Cookie(ApiKeyValue::with_description(name, text)));
    let changes =
        "Set by a log-in with `x-livestream: 1`. Whatever changes something needs that header too, and our own origin.";
    let components = ComponentsBuilder::new()
        .security_scheme("bearer", SecurityScheme::Http(bearer))
        .security_scheme("cookie", cookie(cookies::ACCESS, changes))
        .security_scheme("refresh", cookie(cookies::REFRESH, changes))
        .build();
    OpenApiBuilder::new().info(info).components(Some(components)).build()
}

/// The whole contract: the declared routes, those of the other rooms, and what holds for all of them.
pub(crate) fn complete(declared: OpenApi, public_url: &Url) -> Value {
    let mut document = serde_json::to_value(declared).expect("a contract is plain data");
    document["openapi"] = json!("3.1.0");
    document["servers"] = json!([{ "url": public_url.as_str().trim_end_matches('/') }]);
    let elsewhere: Value = serde_json::from_str(ELSEWHERE).expect("a test reads this file");
    for part in ["paths", "components"] {
        merge(&mut document[part], &elsewhere[part]);
    }
    let error = json!({
        "description": "Any other error",
        "content": { "application/json": { "schema": { "$ref": "#/components/schemas/ErrorView" } } },
    });
    for (_, operation) in operations_mut(&mut document) {
        merge(&mut operation["responses"], &json!({ "default": error }));
    }
    document
}

/// Lays `more` into `value`, object by object.
fn merge(value: &mut Value, more: &Value) {
    match (value, more) {
        (Value::Object(value), Value::Object(more)) => {
            for (key, more) in more {
                merge(value.entry(key).or_insert(Value::Null), more);
            }
        }
        (value, more) => *value = more.clone(),
    }
}

/// The methods a path can have in a contract.
pub(crate) const METHODS: [&str; 8] = ["get", "post", "put", "patch", "delete", "options", "head", "trace"];

fn operations_mut(document: &mut Value) -> impl Iterator<Item = (&String, &mut Value)> {
    let paths = document["paths"].as_object_mut().into_iter().flatten();
    let operations = paths.filter_map(|(_, path)| path.as_object_mut()).flatten();
    operations.filter(|(method, _)| METHODS.contains(&method.as_str()))
}

/// The contract as text, the same for the same contract.
pub(crate) fn text(document: &Value) -> String {
    format!("{document:#}\n")
}

/// `GET /api/openapi.json`.
pub(crate) fn serve(document: &Value) -> impl Handler<((),), Shared> + use<> {
    let text = text(document);
    async move || ([(CONTENT_TYPE, "application/json")], text)
}
