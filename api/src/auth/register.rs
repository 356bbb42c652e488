//! `POST /api/auth/register`: a new account.

use axum::extract::State;
use domain::{Bio, Email, Fault, Kind, NameError, Secret, User, UserId, Username};
use http::StatusCode;
use http_kit::{Json, Problem};
use serde::Deserialize;
use store::users::Taken;
use store::{StoreError, users};
use utoipa::ToSchema;

use super::passwords::{Busy, PasswordError, must_be_good};
use crate::view::{AccountView, ErrorView};
use crate::{Api, Shared};

/// A new account.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewAccount {
    /// 3 to 30 letters, digits, hyphens or underscores, starting with a letter or digit. Unique whatever the case.
    #[schema(example = "mika")]
    username: String,
    /// Unique whatever the case.
    #[schema(example = "mika@example.com")]
    email: String,
    /// 10 to 128 characters.
    #[schema(value_type = String, example = "correct horse battery")]
    password: Secret<String>,
}

/// Why there is no new account.
#[derive(Debug, thiserror::Error)]
pub(crate) enum RegisterError {
    /// The name or address is not one.
    #[error(transparent)]
    Name(#[from] NameError),
    /// The password is not taken.
    #[error(transparent)]
    Password(#[from] PasswordError),
    /// Somebody else has the name or address.
    #[error(transparent)]
    Taken(#[from] TakenError),
    /// Too many at once.
    #[error(transparent)]
    Busy(#[from] Busy),
    /// The database did not do it.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Fault for RegisterError {
    fn kind(&self) -> Kind {
        match self {
            Self::Name(error) => error.kind(),
            Self::Password(error) => error.kind(),
            Self::Taken(error) => error.kind(),
            Self::Busy(error) => error.kind(),
            Self::Store(error) => error.kind(),
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::Name(error) => error.code(),
            Self::Password(error) => error.code(),
            Self::Taken(error) => error.code(),
            Self::Busy(error) => error.code(),
            Self::Store(error) => error.code(),
        }
    }
}

/// Somebody else has it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum TakenError {
    /// The username.
    #[error("that username is taken")]
    Username,
    /// The e-mail address.
    #[error("there is an account with that e-mail address")]
    Email,
}

impl From<Taken> for TakenError {
    fn from(taken: Taken) -> Self {
        match taken {
            Taken::Username => Self::Username,
            Taken::Email => Self::Email,
        }
    }
}

impl Fault for TakenError {
    fn kind(&self) -> Kind {
        Kind::Conflict
    }

    fn code(&self) -> &'static str {
        match self {
            Self::Username => "USERNAME_TAKEN",
            Self::Email => "EMAIL_TAKEN",
        }
    }
}

/// Makes an account. It does not sign in: that is a log-in of its own.
#[utoipa::path(
    post, path = "/api/auth/register", tag = "accounts", operation_id = "register", request_body = NewAccount,
    responses(
        (status = 201, description = "The account", body = AccountView),
        (status = 400, description = "USERNAME_INVALID, EMAIL_INVALID, PASSWORD_LENGTH, PASSWORD_GUESSABLE", body = ErrorView),
        (status = 409, description = "USERNAME_TAKEN, EMAIL_TAKEN", body = ErrorView),
        (status = 429, description = "TOO_MANY_REQUESTS, BUSY", body = ErrorView),
    ),
)]
pub(crate) async fn register(
    State(api): State<Shared>,
    Json(wish): Json<NewAccount>,
) -> Result<(StatusCode, Json<AccountView>), Problem> {
    let user = api.register(&wish).await?;
    Ok((StatusCode::CREATED, Json(AccountView::from(&user))))
}

impl Api {
    /// The hash is computed before the names are tried, so that a taken one takes as long as a free one.
    async fn register(&self, wish: &NewAccount) -> Result<User, RegisterError> {
        let username = Username::parse(&wish.username)?;
        let email = Email::parse(&wish.email)?;
        must_be_good(wish.password.expose(), &username, &email)?;
        let hash = self.passwords.hash(wish.password.expose()).await?;
        let user = User {
            id: UserId::new(),
            username,
            email,
            display_name: None,
            bio: Bio::trusted(String::new()),
            is_operator: false,
            created_at: self.now(),
        };
        let mut db = self.store.acquire().await?;
        users::insert(&mut db, &user, &hash).await?.map_err(TakenError::from)?;
        tracing::info!(user.id = %user.id, "a new account");
        Ok(user)
    }
}
