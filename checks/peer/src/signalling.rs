//! The HTTP of WHIP and WHEP: an offer is posted, an answer and the address of the session come back.

use std::time::Duration;

use anyhow::Context as _;
use reqwest::header::{CONTENT_TYPE, LOCATION};
use reqwest::{Client, RequestBuilder, StatusCode, Url};

/// No answer of a server on this machine takes longer.
const PATIENCE: Duration = Duration::from_secs(15);

/// The server said no. Found by `error.downcast_ref::<Refused>()`.
#[derive(Debug, Clone, thiserror::Error)]
#[error("refused with {status}: {body}")]
pub struct Refused {
    /// The HTTP status.
    pub status: u16,
    /// What it said.
    pub body: String,
}

impl Refused {
    /// The stable code of the refusal, if it is one of our errors.
    pub fn code(&self) -> Option<String> {
        let body: serde_json::Value = serde_json::from_str(&self.body).ok()?;
        Some(body.get("code")?.as_str()?.to_owned())
    }

    /// The refusal behind an error, if there is one.
    pub fn of(error: &anyhow::Error) -> Option<&Self> {
        error.downcast_ref()
    }
}

/// An HTTP client for one machine.
pub(crate) fn http() -> anyhow::Result<Client> {
    Ok(Client::builder().timeout(PATIENCE).no_proxy().build()?)
}

/// A session that a server has opened for us.
#[derive(Debug)]
pub(crate) struct Resource {
    http: Client,
    url: Url,
    bearer: Option<String>,
}

/// Posts an offer; the session and the answer.
pub(crate) async fn offer(endpoint: &str, bearer: Option<&str>, offer: String) -> anyhow::Result<(Resource, String)> {
    let http = http()?;
    let endpoint: Url = endpoint.parse().with_context(|| format!("{endpoint} is not an address"))?;
    let request = http.post(endpoint.clone()).header(CONTENT_TYPE, "application/sdp").body(offer);
    let response = with_bearer(request, bearer).send().await?;
    let status = response.status();
    let location = response.headers().get(LOCATION).and_then(|location| location.to_str().ok()).map(ToOwned::to_owned);
    let body = response.text().await?;
    if status != StatusCode::CREATED {
        return Err(Refused { status: status.as_u16(), body }.into());
    }
    let url = endpoint.join(&location.context("201 comes with the session's address")?)?;
    Ok((Resource { http, url, bearer: bearer.map(ToOwned::to_owned) }, body))
}

impl Resource {
    /// Where the session lives.
    pub(crate) fn url(&self) -> &Url {
        &self.url
    }

    /// Ends the session.
    pub(crate) async fn delete(self) -> anyhow::Result<()> {
        let response = with_bearer(self.http.delete(self.url), self.bearer.as_deref()).send().await?;
        let status = response.status();
        if !status.is_success() {
            return Err(Refused { status: status.as_u16(), body: response.text().await.unwrap_or_default() }.into());
        }
        Ok(())
    }
}

fn with_bearer(request: RequestBuilder, bearer: Option<&str>) -> RequestBuilder {
    match bearer {
        Some(bearer) => request.bearer_auth(bearer),
        None => request,
    }
}
