//! Somebody with an account, and what they do when signed in.

use reqwest::Method;
use serde_json::{Value, json};

use crate::api::{Api, expect, text};

/// An account.
#[derive(Debug, Clone)]
pub struct Account {
    /// Its identity.
    pub user_id: String,
    /// Its name, unique.
    pub username: String,
    /// Its address.
    pub email: String,
    /// Its password.
    pub password: String,
}

/// An account, signed in.
#[derive(Debug, Clone)]
pub struct Session {
    api: Api,
    /// Whose session it is.
    pub account: Account,
    /// The token that goes with each call.
    pub bearer: String,
}

/// A stream that was started: where to go with it.
#[derive(Debug, Clone)]
pub struct StreamInfo {
    /// The stream.
    pub stream_id: String,
    /// Where its picture is sent to.
    pub whip_url: String,
    /// What the publisher shows there.
    pub publish_token: String,
    /// Where viewers ask for it.
    pub whep_url: String,
    /// Where it is played by HLS.
    pub hls_url: String,
    /// Its room.
    pub chat_url: String,
}

impl Session {
    pub(crate) fn new(api: Api, account: Account, bearer: String) -> Self {
        Self { api, account, bearer }
    }

    /// The API behind it.
    pub fn api(&self) -> &Api {
        &self.api
    }

    /// Starts a stream; `visibility` is `public`, `unlisted` or `private`.
    pub async fn start_stream(&self, title: &str, visibility: &str) -> anyhow::Result<StreamInfo> {
        let body = json!({ "title": title, "visibility": visibility });
        let stream = expect(201, self.post("/api/streams", &body).await?)?;
        Ok(StreamInfo {
            stream_id: text(&stream, "stream_id")?,
            whip_url: text(&stream, "whip_url")?,
            publish_token: text(&stream, "publish_token")?,
            whep_url: text(&stream, "whep_url")?,
            hls_url: text(&stream, "hls_url")?,
            chat_url: text(&stream, "chat_url")?,
        })
    }

    /// Ends a stream.
    pub async fn end_stream(&self, stream_id: &str) -> anyhow::Result<Value> {
        expect(200, self.put(&format!("/api/streams/{stream_id}/end"), &json!({})).await?)
    }

    /// A stream as this user sees it.
    pub async fn stream(&self, stream_id: &str) -> anyhow::Result<Value> {
        expect(200, self.get(&format!("/api/streams/{stream_id}")).await?)
    }

    /// An archive as this user sees it.
    pub async fn archive(&self, archive_id: &str) -> anyhow::Result<Value> {
        expect(200, self.get(&format!("/api/archives/{archive_id}")).await?)
    }

    /// The archives of a user, newest first, the first page of them.
    pub async fn archives_of(&self, user_id: &str) -> anyhow::Result<Vec<Value>> {
        let mut page = expect(200, self.get(&format!("/api/archives?user_id={user_id}")).await?)?;
        match page.get_mut("items").map(Value::take) {
            Some(Value::Array(items)) => Ok(items),
            _ => anyhow::bail!("no items in {page}"),
        }
    }

    /// `GET`: the status and what was answered.
    pub async fn get(&self, path: &str) -> anyhow::Result<(u16, Value)> {
        self.api.call(Method::GET, path, Some(&self.bearer), None).await
    }

    /// `POST`.
    pub async fn post(&self, path: &str, body: &Value) -> anyhow::Result<(u16, Value)> {
        self.api.call(Method::POST, path, Some(&self.bearer), Some(body)).await
    }

    /// `PUT`.
    pub async fn put(&self, path: &str, body: &Value) -> anyhow::Result<(u16, Value)> {
        self.api.call(Method::PUT, path, Some(&self.bearer), Some(body)).await
    }

    /// `DELETE`.
    pub async fn delete(&self, path: &str) -> anyhow::Result<(u16, Value)> {
        self.api.call(Method::DELETE, path, Some(&self.bearer), None).await
    }

    /// Bytes, as a player fetches them: the status and what came.
    pub async fn fetch(&self, url: &str) -> anyhow::Result<(u16, Vec<u8>)> {
        self.api.fetch(url, Some(&self.bearer)).await
    }
}
