//! JSON bodies whose every refusal is a [`Problem`].

use axum::extract::rejection::JsonRejection;
use axum::extract::{FromRequest, Request};
use axum::response::{IntoResponse, Response};
use domain::Kind;
use http::StatusCode;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::Problem;

/// A JSON body, in or out. What cannot be read is 400, what does not fit the shape 422, too much 413.
#[derive(Debug, Clone)]
pub struct Json<T>(pub T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for Json<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        match axum::Json::<T>::from_request(request, state).await {
            Ok(axum::Json(value)) => Ok(Self(value)),
            Err(rejection) => Err(refusal(&rejection)),
        }
    }
}

fn refusal(rejection: &JsonRejection) -> Problem {
    match rejection {
        JsonRejection::JsonDataError(error) => Problem::new(
            Kind::Unprocessable,
            "BODY_UNEXPECTED",
            cause(error, "the body does not have the expected shape"),
        ),
        JsonRejection::MissingJsonContentType(_) => {
            Problem::new(Kind::Invalid, "BODY_NOT_JSON", "send the body as application/json")
        }
        JsonRejection::JsonSyntaxError(error) => {
            Problem::new(Kind::Invalid, "BODY_NOT_JSON", cause(error, "the body is not valid JSON"))
        }
        _ if rejection.status() == StatusCode::PAYLOAD_TOO_LARGE => {
            Problem::new(Kind::TooLarge, "BODY_TOO_LARGE", "the body is too large")
        }
        _ => Problem::new(Kind::Invalid, "BODY_NOT_JSON", "the body could not be read"),
    }
}

/// What serde says of the place and the reason, without the Rust type names around it.
fn cause(error: &dyn std::error::Error, otherwise: &str) -> String {
    let Some(cause) = error.source() else { return otherwise.to_owned() };
    format!("{otherwise}: {cause}")
}

impl<T: Serialize> IntoResponse for Json<T> {
    fn into_response(self) -> Response {
        axum::Json(self.0).into_response()
    }
}
