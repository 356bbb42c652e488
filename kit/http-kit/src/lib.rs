//! What every HTTP edge shares: how errors look, who the caller is, JSON bodies, pages of lists.

mod body;
mod caller;
mod page;
mod problem;

pub use body::Json;
pub use caller::{Authenticate, SharedAuthenticate, SignedIn, Viewer};
pub use page::{Cursor, Page, PageQuery};
pub use problem::{Problem, log_problems};
