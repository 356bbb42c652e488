//! What the repository demands of itself beyond what compiler and linter see: floors, sizes, names, documents.
//!
//! Each rule is one module with a function `offences`, which answers one sentence per offence, beginning with the
//! place; an empty answer is tidy. `tests/repository.rs` applies them to this repository and says what to do instead.

pub mod environment;
pub mod error_codes;
pub mod floors;
pub mod heads;
pub mod leftovers;
pub mod links;
pub mod manifests;
pub mod names;
mod rust;
pub mod sizes;
pub mod sleeps;
pub mod sql;
mod tree;

pub use rust::Source;
pub use tree::{File, Tree};
