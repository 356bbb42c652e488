//! What went wrong, in the one form that every edge can translate.

use std::time::Duration;

/// Who has to do what about an error. Each edge maps it in one table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// The request cannot be understood or breaks a stated bound (400).
    Invalid,
    /// Understood, but what it asks for makes no sense here (422).
    Unprocessable,
    /// Larger than we take (413).
    TooLarge,
    /// The caller must sign in (401).
    Unknown,
    /// The caller may not (403).
    Forbidden,
    /// There is no such thing, or none that the caller may know of (404).
    NotFound,
    /// It collides with the present state (409).
    Conflict,
    /// Too often; worth another try after the given time (429).
    TooMany(Duration),
    /// A part we need is away; worth another try soon (503).
    Unavailable,
    /// Our mistake (500). The outside learns nothing of it.
    Broken,
}

/// An error of a use case, in the user's words.
pub trait Fault: std::error::Error + Send + Sync + 'static {
    /// Who has to do what about it.
    fn kind(&self) -> Kind;

    /// A stable word for programs, in capitals; listed in `docs/errors.md`.
    fn code(&self) -> &'static str;
}
