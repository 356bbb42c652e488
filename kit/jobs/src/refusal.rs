//! How a handler says that it could not do its job.

use std::time::Duration;

use domain::{Fault, Kind};

/// The job was not done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refusal {
    /// Worth another try, not before the given time has passed.
    Again {
        /// What stood in the way, for the log.
        reason: String,
        /// At least this long from now; the queue's own backoff may be longer.
        after: Duration,
    },
    /// No try will help.
    GiveUp {
        /// Why, for whoever looks at the dead jobs.
        reason: String,
    },
}

impl Refusal {
    /// Another try, whenever the queue sees fit.
    pub fn again(reason: impl Into<String>) -> Self {
        Self::Again { reason: reason.into(), after: Duration::ZERO }
    }

    /// The end of it.
    pub fn give_up(reason: impl Into<String>) -> Self {
        Self::GiveUp { reason: reason.into() }
    }
}

/// A part that is away comes back, and a bound on the rate passes; anything else would fail the same way again.
impl<F: Fault> From<F> for Refusal {
    fn from(fault: F) -> Self {
        let reason = chain(&fault);
        match fault.kind() {
            Kind::Unavailable => Self::Again { reason, after: Duration::ZERO },
            Kind::TooMany(after) => Self::Again { reason, after },
            _ => Self::GiveUp { reason },
        }
    }
}

/// The error and its causes, outermost first, in one line.
fn chain(error: &dyn std::error::Error) -> String {
    std::iter::successors(Some(error), |error| error.source()).map(ToString::to_string).collect::<Vec<_>>().join(": ")
}
