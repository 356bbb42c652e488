//! `GET|PUT /api/users/{user_id}`: what others see of a user, and what users change about themselves.

use axum::extract::State;
use domain::{Bio, Caller, DisplayName, Email, Fault, Kind, NameError, NotSignedIn, Secret, User, UserId, Username};
use http_kit::{ClientAddress, Json, Path, Problem, SignedIn, Viewer};
use serde::{Deserialize, Deserializer};
use store::{StoreError, users};
use utoipa::ToSchema;

use crate::auth::register::TakenError;
use crate::view::{ErrorView, UserView};
use crate::{Api, Shared};

/// What changes; what is left out stays.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ProfileChange {
    /// 3 to 30 letters, digits, hyphens or underscores, starting with a letter or digit.
    username: Option<String>,
    /// 1 to 50 characters on one line; null or empty to go by the username.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<String>)]
    display_name: Option<Option<String>>,
    /// At most 500 characters.
    bio: Option<String>,
    /// What one logs in with. A new one needs `current_password`.
    email: Option<String>,
    /// The password, for a new e-mail address.
    #[schema(value_type = Option<String>)]
    current_password: Option<Secret<String>>,
}

/// Tells `null` from a key that is left out.
fn present<'de, D: Deserializer<'de>>(value: D) -> Result<Option<Option<String>>, D::Error> {
    Option::deserialize(value).map(Some)
}

/// Why a profile stays as it is.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ProfileError {
    /// It is somebody else's.
    #[error("you can change your own profile only")]
    NotYours,
    /// A new e-mail address without the password.
    #[error("a new e-mail address needs the current password")]
    PasswordMissing,
    /// The password is another.
    #[error("the current password is wrong")]
    PasswordWrong,
    /// A name is not one.
    #[error(transparent)]
    Name(#[from] NameError),
    /// Somebody else has the name or address.
    #[error(transparent)]
    Taken(#[from] TakenError),
    /// The account is no more.
    #[error(transparent)]
    Gone(#[from] NotSignedIn),
    /// The database did not do it.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Fault for ProfileError {
    fn kind(&self) -> Kind {
        match self {
            Self::NotYours | Self::PasswordWrong => Kind::Forbidden,
            Self::PasswordMissing => Kind::Invalid,
            Self::Name(error) => error.kind(),
            Self::Taken(error) => error.kind(),
            Self::Gone(error) => error.kind(),
            Self::Store(error) => error.kind(),
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::NotYours => "NOT_YOURS",
            Self::PasswordMissing => "PASSWORD_MISSING",
            Self::PasswordWrong => "PASSWORD_WRONG",
            Self::Name(error) => error.code(),
            Self::Taken(error) => error.code(),
            Self::Gone(error) => error.code(),
            Self::Store(error) => error.code(),
        }
    }
}

/// The user that a path means: an id, or `me`.
fn meant(text: &str, caller: &Caller) -> Result<UserId, Problem> {
    if text == "me" {
        return Ok(caller.must_be_user()?.user);
    }
    text.parse().map_err(|_| Problem::nothing_here())
}

/// A user. The e-mail address is shown to the user alone.
#[utoipa::path(
    get, path = "/api/users/{user_id}", tag = "users", operation_id = "user",
    params(("user_id" = String, Path, description = "A user's id, or `me`")),
    security((), ("bearer" = []), ("cookie" = [])),
    responses(
        (status = 200, description = "The user", body = UserView),
        (status = 401, description = "NOT_SIGNED_IN: `me` without being signed in", body = ErrorView),
        (status = 404, description = "NOT_FOUND", body = ErrorView),
    ),
)]
pub(crate) async fn read(
    State(api): State<Shared>,
    Viewer(caller): Viewer,
    Path(id): Path<String>,
) -> Result<Json<UserView>, Problem> {
    let id = meant(&id, &caller)?;
    let user = users::find(&mut *api.store.acquire().await?, id).await?.ok_or_else(Problem::nothing_here)?;
    Ok(Json(UserView::new(&user, &caller)))
}

/// Changes one's own profile. A new e-mail address needs the current password.
#[utoipa::path(
    put, path = "/api/users/{user_id}", tag = "users", operation_id = "changeUser", request_body = ProfileChange,
    params(("user_id" = String, Path, description = "One's own id, or `me`")),
    security(("bearer" = []), ("cookie" = [])),
    responses(
        (status = 200, description = "The user as it is now", body = UserView),
        (status = 400, description = "USERNAME_INVALID, EMAIL_INVALID, DISPLAY_NAME_INVALID, BIO_INVALID, PASSWORD_MISSING", body = ErrorView),
        (status = 401, description = "NOT_SIGNED_IN", body = ErrorView),
        (status = 403, description = "NOT_YOURS, PASSWORD_WRONG", body = ErrorView),
        (status = 409, description = "USERNAME_TAKEN, EMAIL_TAKEN", body = ErrorView),
        (status = 429, description = "TOO_MANY_REQUESTS, BUSY", body = ErrorView),
    ),
)]
pub(crate) async fn update(
    State(api): State<Shared>,
    SignedIn(me): SignedIn,
    address: ClientAddress,
    Path(id): Path<String>,
    Json(wish): Json<ProfileChange>,
) -> Result<Json<UserView>, Problem> {
    let session = me.session;
    let caller = Caller::User(me);
    let id = meant(&id, &caller)?;
    if !caller.is(id) {
        return Err(ProfileError::NotYours.into());
    }
    // Trying names tells which are taken, as registering does.
    if wish.username.is_some() || wish.email.is_some() {
        api.limits.registrations.take(&address.counted())?;
    }
    let proof = api.prove(id, &wish, address).await?;
    let user = api.change_profile(id, &wish, proof).await?;
    api.authenticator.forget(session);
    Ok(Json(UserView::new(&user, &caller)))
}

/// The hash that the current password was found to fit.
struct Proof(String);

impl Api {
    /// Checks the current password if the wish needs it. No connection is held meanwhile.
    async fn prove(&self, id: UserId, wish: &ProfileChange, from: ClientAddress) -> Result<Option<Proof>, Problem> {
        let mut db = self.store.acquire().await?;
        let user = users::find(&mut db, id).await?.ok_or(NotSignedIn)?;
        let hash = users::password(&mut db, id).await?.ok_or(NotSignedIn)?;
        drop(db);
        let before = user.email.clone();
        if changed(user, wish)?.email == before {
            return Ok(None);
        }
        let password = wish.current_password.as_ref().ok_or(ProfileError::PasswordMissing)?;
        self.limits.take_try(&id.to_string(), from)?;
        if !self.passwords.verify(password.expose(), Some(hash.clone())).await? {
            return Err(ProfileError::PasswordWrong.into());
        }
        Ok(Some(Proof(hash)))
    }

    /// The address and the password may have changed since the proof, so both are looked at again under the lock.
    async fn change_profile(
        &self,
        id: UserId,
        wish: &ProfileChange,
        proof: Option<Proof>,
    ) -> Result<User, ProfileError> {
        let mut tx = self.store.begin().await?;
        let user = users::lock(&mut tx, id).await?.ok_or(NotSignedIn)?;
        let before = user.email.clone();
        let user = changed(user, wish)?;
        if user.email != before {
            let Proof(proven) = proof.ok_or(ProfileError::PasswordMissing)?;
            if users::password(&mut tx, id).await?.is_none_or(|hash| hash != proven) {
                return Err(ProfileError::PasswordWrong);
            }
        }
        users::save(&mut tx, &user, self.now()).await?.map_err(TakenError::from)?;
        store::commit(tx).await?;
        Ok(user)
    }
}

/// The user with what the wish names.
fn changed(user: User, wish: &ProfileChange) -> Result<User, NameError> {
    let username = wish.username.as_deref().map(Username::parse).transpose()?;
    let email = wish.email.as_deref().map(Email::parse).transpose()?;
    let bio = wish.bio.as_deref().map(Bio::parse).transpose()?;
    let display_name = match &wish.display_name {
        None => user.display_name,
        Some(text) => {
            let text = text.as_deref().filter(|text| !text.trim().is_empty());
            text.map(DisplayName::parse).transpose()?
        }
    };
    Ok(User {
        username: username.unwrap_or(user.username),
        email: email.unwrap_or(user.email),
        bio: bio.unwrap_or(user.bio),
        display_name,
        ..user
    })
}
