//! Paths and queries whose every refusal is a [`Problem`].

use axum::extract::rejection::PathRejection;
use axum::extract::{FromRequestParts, OriginalUri};
use domain::Kind;
use http::request::Parts;
use serde::de::DeserializeOwned;

use crate::Problem;

/// What stands in the path. An id that is none names nothing: 404.
#[derive(Debug, Clone)]
pub struct Path<T>(pub T);

impl<T: DeserializeOwned + Send, S: Send + Sync> FromRequestParts<S> for Path<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        match axum::extract::Path::<T>::from_request_parts(parts, state).await {
            Ok(axum::extract::Path(value)) => Ok(Self(value)),
            Err(PathRejection::FailedToDeserializePathParams(_)) => Err(Problem::nothing_here()),
            Err(_) => Err(Problem::new(Kind::Broken, "INTERNAL", "something went wrong on our side")),
        }
    }
}

/// What stands behind the question mark. What does not fit the shape is 400, and says which key.
#[derive(Debug, Clone)]
pub struct Query<T>(pub T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequestParts<S> for Query<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        let uri = parts.extensions.get::<OriginalUri>().map_or(&parts.uri, |OriginalUri(uri)| uri);
        match axum::extract::Query::<T>::try_from_uri(uri) {
            Ok(axum::extract::Query(value)) => Ok(Self(value)),
            Err(rejection) => {
                let why = std::error::Error::source(&rejection).map_or_else(String::new, |cause| format!(": {cause}"));
                Err(Problem::new(Kind::Invalid, "QUERY_INVALID", format!("the query cannot be understood{why}")))
            }
        }
    }
}
