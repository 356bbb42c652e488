//! Accounts and sessions: who may come in, and how they show it.

mod authenticator;
pub(crate) mod cookies;
pub(crate) mod login;
pub mod operator;
mod origin;
pub(crate) mod password;
pub(crate) mod passwords;
pub(crate) mod register;
pub(crate) mod renewal;
mod session;
pub(crate) mod sessions;
mod tokens;

pub use authenticator::Authenticator;
pub(crate) use passwords::Passwords;
