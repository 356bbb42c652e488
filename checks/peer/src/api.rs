//! The JSON API as a client without an account speaks it.

use anyhow::{Context as _, ensure};
use reqwest::header::CONTENT_TYPE;
use reqwest::{Client, Method};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::account::{Account, Session};
use crate::signalling::{self, Refused};

/// An installation's API.
#[derive(Debug, Clone)]
pub struct Api {
    http: Option<Client>,
    base: String,
}

impl Api {
    /// The API of the installation at `base_url`, as `http://127.0.0.1:8080`.
    pub fn new(base_url: &str) -> Self {
        Self { http: signalling::http().ok(), base: base_url.trim_end_matches('/').to_owned() }
    }

    /// The installation's address, without a slash at its end.
    pub fn base(&self) -> &str {
        &self.base
    }

    /// Makes an account whose name begins with `name`.
    pub async fn register(&self, name: &str) -> anyhow::Result<Account> {
        let suffix = Uuid::new_v4().simple().to_string();
        let username = format!("{name}_{}", &suffix[..8]);
        let (email, password) = (format!("{username}@example.org"), format!("correct horse {suffix}"));
        let body = json!({ "username": username, "email": email, "password": password });
        let answer = expect(201, self.post("/api/auth/register", &body).await?)?;
        let user_id = text(&answer, "user_id")?;
        Ok(Account { user_id, username, email, password })
    }

    /// Signs in.
    pub async fn login(&self, account: &Account) -> anyhow::Result<Session> {
        let body = json!({ "email": account.email, "password": account.password });
        let answer = expect(200, self.post("/api/auth/login", &body).await?)?;
        ensure!(text(&answer, "user_id")? == account.user_id, "another user was signed in");
        Ok(Session::new(self.clone(), account.clone(), text(&answer, "access_token")?))
    }

    /// Makes an account and signs in.
    pub async fn sign_up(&self, name: &str) -> anyhow::Result<Session> {
        let account = self.register(name).await?;
        self.login(&account).await
    }

    /// A stream as everybody sees it.
    pub async fn stream(&self, stream_id: &str) -> anyhow::Result<Value> {
        expect(200, self.get(&format!("/api/streams/{stream_id}")).await?)
    }

    /// `GET`, signed in as nobody: the status and what was answered.
    pub async fn get(&self, path: &str) -> anyhow::Result<(u16, Value)> {
        self.call(Method::GET, path, None, None).await
    }

    /// `POST`.
    pub async fn post(&self, path: &str, body: &Value) -> anyhow::Result<(u16, Value)> {
        self.call(Method::POST, path, None, Some(body)).await
    }

    /// `PUT`.
    pub async fn put(&self, path: &str, body: &Value) -> anyhow::Result<(u16, Value)> {
        self.call(Method::PUT, path, None, Some(body)).await
    }

    /// `DELETE`.
    pub async fn delete(&self, path: &str) -> anyhow::Result<(u16, Value)> {
        self.call(Method::DELETE, path, None, None).await
    }

    /// Any bytes by any method, on a connection of their own: for input that no honest client sends.
    pub async fn send(
        &self,
        method: &str,
        path: &str,
        content_type: &str,
        bearer: Option<&str>,
        body: Vec<u8>,
    ) -> anyhow::Result<(u16, Value)> {
        let request =
            self.http()?.request(method.parse()?, self.url(path)).header(CONTENT_TYPE, content_type).body(body);
        answer(with_bearer(request, bearer)).await
    }

    /// Bytes, as a player fetches them: the status and what came.
    pub async fn fetch(&self, url: &str, bearer: Option<&str>) -> anyhow::Result<(u16, Vec<u8>)> {
        let response = with_bearer(self.http()?.get(self.url(url)), bearer).send().await?;
        Ok((response.status().as_u16(), response.bytes().await?.to_vec()))
    }

    pub(crate) async fn call(
        &self,
        method: Method,
        path: &str,
        bearer: Option<&str>,
        body: Option<&Value>,
    ) -> anyhow::Result<(u16, Value)> {
        let request = with_bearer(self.http()?.request(method, self.url(path)), bearer);
        answer(match body {
            Some(body) => request.json(body),
            None => request,
        })
        .await
    }

    fn http(&self) -> anyhow::Result<&Client> {
        self.http.as_ref().context("there is an HTTP client")
    }

    /// A path below our address; an address as it is.
    fn url(&self, path: &str) -> String {
        if path.starts_with("http") { path.to_owned() } else { format!("{}{path}", self.base) }
    }
}

fn with_bearer(request: reqwest::RequestBuilder, bearer: Option<&str>) -> reqwest::RequestBuilder {
    match bearer {
        Some(bearer) => request.bearer_auth(bearer),
        None => request,
    }
}

/// What is not JSON comes as text, nothing as null.
async fn answer(request: reqwest::RequestBuilder) -> anyhow::Result<(u16, Value)> {
    let response = request.send().await?;
    let status = response.status().as_u16();
    let text = response.text().await?;
    let body = if text.is_empty() { Value::Null } else { serde_json::from_str(&text).unwrap_or(Value::String(text)) };
    Ok((status, body))
}

/// The body of an answer with this status; any other is an error that says what was answered.
pub(crate) fn expect(status: u16, (got, body): (u16, Value)) -> anyhow::Result<Value> {
    if got != status {
        return Err(Refused { status: got, body: body.to_string() }.into());
    }
    Ok(body)
}

pub(crate) fn text(value: &Value, key: &str) -> anyhow::Result<String> {
    let found = value.get(key).and_then(Value::as_str);
    Ok(found.with_context(|| format!("no {key} in {value}"))?.to_owned())
}
