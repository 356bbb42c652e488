//! The contract: fresh, complete, and kept by every operation.

use http::{Method, StatusCode};
use serde_json::Value;

use crate::world::World;

const SNAPSHOT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/openapi.json");

#[test]
fn the_snapshot_in_the_repository_is_fresh() {
    let contract = api::contract();
    if std::env::var_os("UPDATE_SNAPSHOTS").is_some() {
        std::fs::write(SNAPSHOT, &contract).unwrap();
    }
    let snapshot = std::fs::read_to_string(SNAPSHOT).unwrap_or_default();
    assert!(
        snapshot == contract,
        "api/openapi.json is old: UPDATE_SNAPSHOTS=1 ./dev sandbox cargo test -p api contract"
    );
}

fn contract() -> Value {
    serde_json::from_str(&api::contract()).unwrap()
}

/// Path, method and description of every operation.
fn operations(contract: &Value) -> Vec<(String, String, Value)> {
    let paths = contract["paths"].as_object().unwrap();
    let each = paths.iter().flat_map(|(path, item)| {
        let methods = item.as_object().unwrap().iter().filter(|(method, _)| *method != "parameters");
        methods.map(move |(method, operation)| (path.clone(), method.to_uppercase(), operation.clone()))
    });
    each.collect()
}

#[test]
fn the_contract_is_openapi_3_1_and_all_references_lead_somewhere() {
    let contract = contract();
    assert_eq!(contract["openapi"], "3.1.0");
    fn walk(value: &Value, root: &Value) {
        match value {
            Value::Object(map) => {
                if let Some(Value::String(reference)) = map.get("$ref") {
                    assert!(root.pointer(reference.trim_start_matches('#')).is_some(), "{reference}");
                }
                map.values().for_each(|value| walk(value, root));
            }
            Value::Array(items) => items.iter().for_each(|value| walk(value, root)),
            _ => (),
        }
    }
    walk(&contract, &contract);
    let operations = operations(&contract);
    assert!(operations.len() > 30, "{}", operations.len());
    let mut names: Vec<&str> =
        operations.iter().map(|(.., operation)| operation["operationId"].as_str().unwrap()).collect();
    names.sort_unstable();
    let count = names.len();
    names.dedup();
    assert_eq!(names.len(), count, "operation ids are unique");
    for (path, method, operation) in &operations {
        assert!(operation["summary"].as_str().is_some_and(|text| text.len() > 10), "{method} {path} has no summary");
        assert!(operation["tags"][0].is_string(), "{method} {path} has no tag");
        for name in path.split(['{', '}']).skip(1).step_by(2) {
            let described = |of: &Value| {
                of["parameters"].as_array().is_some_and(|all| {
                    all.iter()
                        .any(|one| one["name"] == name || one["$ref"].as_str().is_some_and(|to| to.ends_with(name)))
                })
            };
            assert!(described(operation) || described(&contract["paths"][path]), "{method} {path}: {name}");
        }
    }
}

#[tokio::test]
async fn whatever_needs_an_account_refuses_strangers_and_nothing_breaks_on_an_empty_request() {
    let world = World::new().await;
    let stranger = world.stranger();
    let mika = world.program("mika").await;
    let elsewhere = ["media", "chat", "contract"];
    for (path, method, operation) in operations(&contract()) {
        let tag = operation["tags"][0].as_str().unwrap();
        if elsewhere.contains(&tag)
            || path.contains("/hls/")
            || path.ends_with("/download")
            || path.ends_with("/thumbnail")
        {
            continue;
        }
        let ways = operation["security"].as_array();
        let is_open = ways.is_none_or(|ways| ways.iter().any(|way| way == &serde_json::json!({})));
        let id = uuid::Uuid::now_v7().to_string();
        let mut path = path.clone();
        while let (Some(from), Some(to)) = (path.find('{'), path.find('}')) {
            path.replace_range(from..=to, &id);
        }
        let method: Method = method.parse().unwrap();
        let answer = stranger.send(method.clone(), &path, None).await;
        if is_open {
            assert!(answer.status.as_u16() < 500, "{method} {path}: {}", answer.status);
        } else {
            assert_eq!(answer.status, StatusCode::UNAUTHORIZED, "{method} {path}: {}", answer.text);
        }
        let answer = mika.send(method.clone(), &path, None).await;
        assert!(answer.status.as_u16() < 500, "{method} {path}: {} {}", answer.status, answer.text);
        assert_ne!(answer.status, StatusCode::METHOD_NOT_ALLOWED, "{method} {path} is in the contract alone");
    }
}

#[tokio::test]
async fn contract_and_its_page_are_served() {
    let world = World::new().await;
    let served = world.stranger().fetch("/api/openapi.json").await.must_be(StatusCode::OK);
    assert_eq!(served.headers["content-type"], "application/json");
    assert_eq!(served.text, api::contract());
    let page = world.stranger().fetch("/api/docs").await.must_be(StatusCode::OK);
    assert!(page.headers["content-type"].to_str().unwrap().starts_with("text/html"));
    assert!(!page.text.contains("<script") && !page.text.contains("style="), "no script, nothing inline");
    for (path, ..) in operations(&contract()) {
        assert!(page.text.contains(&path), "{path}");
    }
    world.stranger().fetch("/api/docs.css").await.must_be(StatusCode::OK);
}
