//! `POST /api/auth/login`: a password for a session.

use axum::extract::State;
use axum::response::{AppendHeaders, IntoResponse, Response};
use domain::{Email, Fault, Kind, Secret};
use http::{HeaderMap, header};
use http_kit::{ClientAddress, Json, Problem};
use serde::Deserialize;
use store::{StoreError, users};
use utoipa::ToSchema;

use super::origin;
use super::passwords::Busy;
use super::session::{Client, Opened};
use super::tokens::Purpose;
use crate::auth::cookies;
use crate::view::{ErrorView, TokenView};
use crate::{Api, Shared};

/// E-mail address and password.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Credentials {
    /// The account's address.
    #[schema(example = "mika@example.com")]
    email: String,
    /// Its password.
    #[schema(value_type = String, example = "correct horse battery")]
    password: Secret<String>,
}

/// Why somebody is not signed in.
#[derive(Debug, thiserror::Error)]
pub(crate) enum LoginError {
    /// No such account, or not its password; which of the two is not told.
    #[error("e-mail address or password is wrong")]
    Wrong,
    /// Too many at once.
    #[error(transparent)]
    Busy(#[from] Busy),
    /// The database did not do it.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Fault for LoginError {
    fn kind(&self) -> Kind {
        match self {
            Self::Wrong => Kind::Unknown,
            Self::Busy(error) => error.kind(),
            Self::Store(error) => error.kind(),
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::Wrong => "CREDENTIALS_WRONG",
            Self::Busy(error) => error.code(),
            Self::Store(error) => error.code(),
        }
    }
}

/// Signs in. API clients take `access_token`; our pages send `x-livestream: 1` and get cookies besides.
#[utoipa::path(
    post, path = "/api/auth/login", tag = "accounts", operation_id = "logIn", request_body = Credentials,
    params(("x-livestream" = Option<String>, Header, description = "`1` on our own pages: the answer sets the cookies")),
    responses(
        (status = 200, description = "Signed in", body = TokenView),
        (status = 401, description = "CREDENTIALS_WRONG", body = ErrorView),
        (status = 403, description = "FOREIGN_PAGE", body = ErrorView),
        (status = 429, description = "TOO_MANY_REQUESTS, BUSY", body = ErrorView),
    ),
)]
pub(crate) async fn login(
    State(api): State<Shared>,
    address: ClientAddress,
    method: http::Method,
    headers: HeaderMap,
    Json(wish): Json<Credentials>,
) -> Result<Response, Problem> {
    let client = if origin::says_ours(&headers) { Client::Pages } else { Client::Api };
    if client == Client::Pages {
        origin::must_be_ours(&method, &headers, &api.config.public_url)?;
    }
    api.limits.take_try(&wish.email, address)?;
    let agent = headers.get(header::USER_AGENT).and_then(|agent| agent.to_str().ok()).unwrap_or_default();
    let opened = api.login(&wish, client, agent).await?;
    Ok(api.signed_in(&opened, client).into_response())
}

impl Api {
    /// Takes as long for a wrong address as for a wrong password.
    async fn login(&self, wish: &Credentials, client: Client, agent: &str) -> Result<Opened, LoginError> {
        let found = match Email::parse(&wish.email) {
            Ok(email) => users::password_by_email(&mut *self.store.acquire().await?, email.as_str()).await?,
            Err(_) => None,
        };
        let (user, hash) = found.unzip();
        let is_right = self.passwords.verify(wish.password.expose(), hash).await?;
        let Some(user) = user.filter(|_| is_right) else {
            tracing::info!("a log-in failed");
            return Err(LoginError::Wrong);
        };
        let user = users::find(&mut *self.store.acquire().await?, user).await?.ok_or(LoginError::Wrong)?;
        let opened = self.open_session(&user, client, agent).await?;
        tracing::info!(user.id = %user.id, session.id = %opened.identity.session, "a user signed in");
        Ok(opened)
    }

    /// The answer to a log-in or a renewal. Pages get a token that is as short-lived as their cookie.
    pub(super) fn signed_in(&self, opened: &Opened, client: Client) -> impl IntoResponse + use<> {
        let settings = &self.config.settings;
        let lifetime = match client {
            Client::Api => settings.bearer_lifetime(),
            Client::Pages => settings.access_lifetime(),
        };
        let cookies = if client == Client::Pages { self.cookies(opened) } else { Vec::new() };
        let view = TokenView {
            access_token: self.authenticator.tokens().issue(&opened.identity, Purpose::Api, lifetime),
            token_type: "Bearer",
            expires_in: lifetime.whole_seconds(),
            user_id: opened.identity.user.uuid(),
        };
        (AppendHeaders(cookies), Json(view))
    }

    /// The cookies of a session that was opened or renewed.
    pub(crate) fn cookies(&self, opened: &Opened) -> Vec<(header::HeaderName, http::HeaderValue)> {
        let settings = &self.config.settings;
        let lifetime = settings.access_lifetime();
        let access = self.authenticator.tokens().issue(&opened.identity, Purpose::Pages, lifetime);
        let access = cookies::keep(cookies::ACCESS, &access, lifetime);
        let refresh = opened.refresh.as_deref();
        let refresh = refresh.map(|token| cookies::keep(cookies::REFRESH, token, settings.refresh_lifetime()));
        [Some(access), refresh].into_iter().flatten().map(|cookie| (header::SET_COOKIE, cookie)).collect()
    }
}
