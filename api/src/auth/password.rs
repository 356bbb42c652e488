//! `PUT /api/auth/password`: a new password, which ends all other sessions.

use axum::extract::State;
use domain::{Fault, Identity, Kind, NotSignedIn, Secret};
use http::StatusCode;
use http_kit::{ClientAddress, Json, Problem, SignedIn};
use serde::Deserialize;
use store::{StoreError, sessions, users};
use utoipa::ToSchema;

use super::passwords::{Busy, PasswordError, must_be_good};
use crate::view::ErrorView;
use crate::{Api, Shared};

/// The password as it is and as it shall be.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct PasswordChange {
    /// The present one.
    #[schema(value_type = String)]
    current_password: Secret<String>,
    /// The next one: 10 to 128 characters.
    #[schema(value_type = String)]
    new_password: Secret<String>,
}

/// Why the password stays as it is.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ChangeError {
    /// The present one is another.
    #[error("the current password is wrong")]
    Wrong,
    /// The next one is not taken.
    #[error(transparent)]
    Password(#[from] PasswordError),
    /// The account is no more.
    #[error(transparent)]
    Gone(#[from] NotSignedIn),
    /// Too many at once.
    #[error(transparent)]
    Busy(#[from] Busy),
    /// The database did not do it.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Fault for ChangeError {
    fn kind(&self) -> Kind {
        match self {
            Self::Wrong => Kind::Forbidden,
            Self::Password(error) => error.kind(),
            Self::Gone(error) => error.kind(),
            Self::Busy(error) => error.kind(),
            Self::Store(error) => error.kind(),
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::Wrong => "PASSWORD_WRONG",
            Self::Password(error) => error.code(),
            Self::Gone(error) => error.code(),
            Self::Busy(error) => error.code(),
            Self::Store(error) => error.code(),
        }
    }
}

/// Changes the password. Every other session of the user ends.
#[utoipa::path(
    put, path = "/api/auth/password", tag = "accounts", operation_id = "changePassword", request_body = PasswordChange,
    security(("bearer" = []), ("cookie" = [])),
    responses(
        (status = 204, description = "Changed"),
        (status = 400, description = "PASSWORD_LENGTH, PASSWORD_GUESSABLE", body = ErrorView),
        (status = 401, description = "NOT_SIGNED_IN", body = ErrorView),
        (status = 403, description = "PASSWORD_WRONG", body = ErrorView),
        (status = 429, description = "TOO_MANY_REQUESTS, BUSY", body = ErrorView),
    ),
)]
pub(crate) async fn change(
    State(api): State<Shared>,
    SignedIn(me): SignedIn,
    address: ClientAddress,
    Json(wish): Json<PasswordChange>,
) -> Result<StatusCode, Problem> {
    api.limits.take_try(&me.user.to_string(), address)?;
    api.change_password(&me, &wish).await?;
    Ok(StatusCode::NO_CONTENT)
}

impl Api {
    async fn change_password(&self, me: &Identity, wish: &PasswordChange) -> Result<(), ChangeError> {
        let mut db = self.store.acquire().await?;
        let user = users::find(&mut db, me.user).await?.ok_or(NotSignedIn)?;
        let old = users::password(&mut db, me.user).await?.ok_or(NotSignedIn)?;
        // No connection is held while passwords are computed.
        drop(db);
        if !self.passwords.verify(wish.current_password.expose(), Some(old.clone())).await? {
            return Err(ChangeError::Wrong);
        }
        must_be_good(wish.new_password.expose(), &user.username, &user.email)?;
        let new = self.passwords.hash(wish.new_password.expose()).await?;
        let now = self.now();
        let mut tx = self.store.begin().await?;
        if !users::set_password(&mut tx, me.user, &old, &new, now).await? {
            return Err(ChangeError::Wrong);
        }
        let ended = sessions::revoke_others(&mut tx, me.user, me.session, now).await?;
        store::commit(tx).await?;
        self.mark_ended(&ended).await;
        tracing::info!(user.id = %me.user, "a user changed their password; {} other sessions ended", ended.len());
        Ok(())
    }
}
