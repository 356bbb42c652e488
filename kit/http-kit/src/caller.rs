//! Who is asking: extractors for the signed-in user, and the port that knows how to tell.

use std::convert::Infallible;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use axum::extract::{FromRequestParts, OptionalFromRequestParts};
use domain::{Caller, Identity, NotSignedIn};
use http::request::Parts;

use crate::Problem;

/// Tells who is behind a request, by its cookie or bearer token. `livestream` lays it over all routers
/// as an `axum::Extension<SharedAuthenticate>`.
pub trait Authenticate: Send + Sync + 'static {
    /// The caller. No credentials at all is `Anonymous`; bad, expired or revoked ones are a problem of kind
    /// `Unknown`, so that a client learns that it has to refresh; a cookie on an unsafe method from a foreign
    /// page is one of kind `Forbidden`.
    fn caller<'a>(&'a self, parts: &'a Parts) -> Pin<Box<dyn Future<Output = Result<Caller, Problem>> + Send + 'a>>;
}

/// The port as it is shared.
pub type SharedAuthenticate = Arc<dyn Authenticate>;

/// Asks once per request and notes the user in the request's span.
async fn caller(parts: &mut Parts) -> Result<Caller, Problem> {
    if let Some(known) = parts.extensions.get::<Caller>() {
        return Ok(known.clone());
    }
    let Some(authenticate) = parts.extensions.get::<SharedAuthenticate>().cloned() else {
        return Ok(Caller::Anonymous);
    };
    let caller = authenticate.caller(parts).await?;
    if let Some(user) = caller.user() {
        tracing::Span::current().record("user.id", tracing::field::display(user));
    }
    parts.extensions.insert(caller.clone());
    Ok(caller)
}

/// Extractor for routes that need an account; else 401.
#[derive(Debug, Clone)]
pub struct SignedIn(pub Identity);

impl<S: Sync> FromRequestParts<S> for SignedIn {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        match caller(parts).await? {
            Caller::User(identity) => Ok(Self(identity)),
            Caller::Anonymous => Err(NotSignedIn.into()),
        }
    }
}

/// Extractor for routes open to everybody: who it is, perhaps nobody.
#[derive(Debug, Clone)]
pub struct Viewer(pub Caller);

impl<S: Sync> FromRequestParts<S> for Viewer {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        caller(parts).await.map(Self)
    }
}

impl<S: Sync> OptionalFromRequestParts<S> for SignedIn {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Option<Self>, Infallible> {
        Ok(match caller(parts).await {
            Ok(Caller::User(identity)) => Some(Self(identity)),
            _ => None,
        })
    }
}
