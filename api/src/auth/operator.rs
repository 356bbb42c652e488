//! The one-time link that makes whoever opens it, signed in, an operator. `livestream` prints it at the first start.

use axum::extract::State;
use domain::{Clock, Fault, Kind, NotSignedIn, Secret};
use http_kit::{Json, Problem, SignedIn};
use serde::Deserialize;
use store::{Store, StoreError, users};
use time::Duration;
use utoipa::ToSchema;

use super::session::{hash_token, random_token};
use crate::Shared;
use crate::view::{ErrorView, SessionView};

/// How long a link works.
const LIFETIME: Duration = Duration::hours(24);

/// Makes a one-time token if the installation has no operator yet; earlier tokens stop working. Print it as
/// `{public_url}/operator#TOKEN`, good for 24 hours.
///
/// # Errors
/// When the database does not do it.
pub async fn link_for_first(store: &Store, clock: &dyn Clock) -> Result<Option<Secret<String>>, StoreError> {
    let mut tx = store.begin().await?;
    if users::have_operator(&mut tx).await? {
        return Ok(None);
    }
    let token = random_token();
    let now = clock.now();
    users::replace_operator_link(&mut tx, &hash_token(&token), now, now + LIFETIME).await?;
    store::commit(tx).await?;
    Ok(Some(Secret::new(token)))
}

/// The token behind the `#` of the link.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct OperatorLink {
    /// The token.
    #[schema(value_type = String)]
    token: Secret<String>,
}

/// The link does not work.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("this link was used or has expired; restart the server for another, or use `livestream admin`")]
struct LinkSpent;

impl Fault for LinkSpent {
    fn kind(&self) -> Kind {
        Kind::Forbidden
    }

    fn code(&self) -> &'static str {
        "OPERATOR_LINK_SPENT"
    }
}

/// Makes the signed-in user an operator, once per link.
#[utoipa::path(
    post, path = "/api/auth/operator", tag = "accounts", operation_id = "becomeOperator", request_body = OperatorLink,
    security(("bearer" = []), ("cookie" = [])),
    responses(
        (status = 200, description = "The user, now an operator", body = SessionView),
        (status = 401, description = "NOT_SIGNED_IN", body = ErrorView),
        (status = 403, description = "OPERATOR_LINK_SPENT", body = ErrorView),
    ),
)]
pub(crate) async fn become_operator(
    State(api): State<Shared>,
    SignedIn(me): SignedIn,
    Json(link): Json<OperatorLink>,
) -> Result<Json<SessionView>, Problem> {
    let mut tx = api.store.begin().await?;
    if !users::take_operator_link(&mut tx, &hash_token(link.token.expose()), api.now()).await? {
        return Err(LinkSpent.into());
    }
    users::set_operator(&mut tx, me.user, true).await?;
    let user = users::find(&mut tx, me.user).await?.ok_or(NotSignedIn)?;
    store::commit(tx).await?;
    api.authenticator.forget(me.session);
    tracing::info!(user.id = %me.user, "a user became operator");
    Ok(Json(SessionView::from(&user)))
}
