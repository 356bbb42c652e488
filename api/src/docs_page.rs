//! `GET /api/docs`: the contract as a page for people, made once from the document. No script at all.

use std::fmt::Write as _;

use axum::handler::Handler;
use axum::response::Html;
use http::header::{CACHE_CONTROL, CONTENT_TYPE};
use serde_json::Value;

use crate::Shared;
use crate::openapi::METHODS;
use crate::pages::escape;

const STYLE: &str = include_str!("docs_page.css");

/// The page of this document.
pub(crate) fn page(document: &Value) -> impl Handler<((),), Shared> + use<> {
    let page = render(document);
    async move || Html(page)
}

/// Its style sheet.
pub(crate) async fn style() -> ([(http::HeaderName, &'static str); 2], &'static str) {
    ([(CONTENT_TYPE, "text/css; charset=utf-8"), (CACHE_CONTROL, "max-age=300")], STYLE)
}

fn render(document: &Value) -> String {
    let mut menu = String::new();
    let mut body = String::new();
    for tag in tags(document) {
        let name = escape(&tag);
        let _ = write!(menu, "<li><a href=\"#{}\">{name}</a></li>", anchor(&tag));
        let _ = write!(body, "<section id=\"{}\"><h2>{name}</h2>", anchor(&tag));
        for (path, method, operation) in operations(document).filter(|(.., operation)| tag_of(operation) == tag) {
            body.push_str(&operation_html(document, path, method, operation));
        }
        body.push_str("</section>");
    }
    let info = &document["info"];
    let intro: String = text(info, "description").split("\n\n").map(|part| format!("<p>{}</p>", prose(part))).collect();
    format!(
        "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" \
         content=\"width=device-width, initial-scale=1\"><meta name=\"color-scheme\" content=\"light dark\">\
         <title>{title} API</title><link rel=\"stylesheet\" href=\"/api/docs.css\"></head><body>\
         <header><h1>{title} API</h1>{intro}<p>Version {version} · <a href=\"/api/openapi.json\">OpenAPI 3.1</a> · \
         <a href=\"/\">back to the pages</a></p></header><nav aria-label=\"Sections\"><ul>{menu}</ul></nav>\
         <main>{body}</main></body></html>",
        title = escape(&text(info, "title")),
        version = escape(&text(info, "version")),
    )
}

/// All operations, path by path.
fn operations(document: &Value) -> impl Iterator<Item = (&str, &str, &Value)> {
    let paths = document["paths"].as_object().into_iter().flatten();
    paths.flat_map(|(path, item)| {
        METHODS.into_iter().filter_map(move |method| Some((path.as_str(), method, item.get(method)?)))
    })
}

fn tag_of(operation: &Value) -> &str {
    operation["tags"][0].as_str().unwrap_or("other")
}

/// The sections in the order in which people meet them; others follow.
fn tags(document: &Value) -> Vec<String> {
    let mut tags =
        ["accounts", "users", "streams", "media", "chat", "archives", "stream keys"].map(String::from).to_vec();
    for (.., operation) in operations(document) {
        if !tags.iter().any(|tag| tag == tag_of(operation)) {
            tags.push(tag_of(operation).to_owned());
        }
    }
    tags
}

fn operation_html(document: &Value, path: &str, method: &str, operation: &Value) -> String {
    let mut html = format!(
        "<article><h3><span class=\"method {method}\">{}</span> <code>{}</code></h3>",
        method.to_uppercase(),
        escape(path)
    );
    let _ = write!(html, "<p>{}</p>", prose(&text(operation, "summary")));
    if !text(operation, "description").is_empty() {
        let _ = write!(html, "<p>{}</p>", prose(&text(operation, "description")));
    }
    if operation["security"].as_array().is_some_and(|ways| !ways.iter().any(|way| way == &serde_json::json!({}))) {
        html.push_str("<p class=\"note\">Needs to be signed in.</p>");
    }
    html.push_str(&parameters_html(document, path, operation));
    if let Some(fields) = operation["requestBody"]["content"].as_object().and_then(|body| body.values().next()) {
        html.push_str(&fields_html("Body", document, &fields["schema"]));
    }
    html.push_str(&responses_html(document, operation));
    html.push_str("</article>");
    html
}

fn parameters_html(document: &Value, path: &str, operation: &Value) -> String {
    let of_path = document["paths"][path]["parameters"].as_array().into_iter().flatten();
    let own = operation["parameters"].as_array().into_iter().flatten();
    let rows: String = of_path
        .chain(own)
        .map(|parameter| {
            let parameter = resolve(document, parameter);
            let kind = type_name(&parameter["schema"]);
            row(
                &text(parameter, "name"),
                &format!("{kind}, {}", text(parameter, "in")),
                &text(parameter, "description"),
            )
        })
        .collect();
    table("Parameters", &rows)
}

fn responses_html(document: &Value, operation: &Value) -> String {
    let mut html = String::from("<h4>Answers</h4><dl>");
    let mut shape = String::new();
    for (status, response) in
        operation["responses"].as_object().into_iter().flatten().filter(|(status, _)| *status != "default")
    {
        let _ = write!(html, "<dt>{}</dt><dd>{}</dd>", escape(status), prose(&text(response, "description")));
        if status.starts_with('2') {
            shape = fields_html(
                &format!("Fields of {status}"),
                document,
                &response["content"]["application/json"]["schema"],
            );
        }
    }
    html.push_str("</dl>");
    html.push_str(&shape);
    html
}

/// The fields of an object, its parts included.
fn fields_html(title: &str, document: &Value, schema: &Value) -> String {
    let rows: String = fields(document, schema)
        .iter()
        .map(|(name, field)| row(name, &type_name(field), &text(field, "description")))
        .collect();
    table(title, &rows)
}

fn fields(document: &Value, schema: &Value) -> Vec<(String, Value)> {
    let schema = resolve(document, schema);
    let parts = schema["allOf"].as_array().into_iter().flatten().flat_map(|part| fields(document, part));
    let own = schema["properties"].as_object().into_iter().flatten().map(|(name, field)| (name.clone(), field.clone()));
    parts.chain(own).collect()
}

fn resolve<'a>(document: &'a Value, schema: &'a Value) -> &'a Value {
    match schema["$ref"].as_str().and_then(|reference| document.pointer(reference.trim_start_matches('#'))) {
        Some(target) => target,
        None => schema,
    }
}

fn type_name(schema: &Value) -> String {
    if let Some(reference) = schema["$ref"].as_str() {
        return reference.rsplit('/').next().unwrap_or_default().trim_end_matches("View").to_owned();
    }
    if let Some(ways) = schema["oneOf"].as_array().or(schema["anyOf"].as_array()) {
        return ways.iter().map(type_name).collect::<Vec<_>>().join(" or ");
    }
    match &schema["type"] {
        Value::Array(kinds) => kinds.iter().filter_map(Value::as_str).collect::<Vec<_>>().join(" or "),
        Value::String(kind) if kind == "array" => format!("list of {}", type_name(&schema["items"])),
        Value::String(kind) => schema["format"].as_str().unwrap_or(kind).to_owned(),
        _ => "any".to_owned(),
    }
}

fn table(title: &str, rows: &str) -> String {
    if rows.is_empty() {
        return String::new();
    }
    format!("<h4>{}</h4><div class=\"wide\"><table><tbody>{rows}</tbody></table></div>", escape(title))
}

fn row(name: &str, kind: &str, description: &str) -> String {
    format!(
        "<tr><th scope=\"row\"><code>{}</code></th><td>{}</td><td>{}</td></tr>",
        escape(name),
        escape(kind),
        prose(description)
    )
}

/// Escaped text with `code` between backticks.
fn prose(text: &str) -> String {
    let parts = text.split('`').enumerate();
    parts.map(|(n, part)| if n % 2 == 1 { format!("<code>{}</code>", escape(part)) } else { escape(part) }).collect()
}

fn anchor(tag: &str) -> String {
    tag.replace(' ', "-")
}

fn text(value: &Value, key: &str) -> String {
    value[key].as_str().unwrap_or_default().to_owned()
}
