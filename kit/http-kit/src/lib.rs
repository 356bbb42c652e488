//! What every HTTP edge shares: how errors look, who the caller is, bodies, paths, queries, pages of lists,
//! rate limits, and [`layers`], which lays all that is common over a finished router.

mod address;
mod body;
mod caller;
mod headers;
mod layers;
mod page;
mod path;
mod patience;
mod problem;
mod rate;
mod request_id;
mod tidy;
mod trace;

pub use address::{BadNetwork, ClientAddress, Network};
pub use body::Json;
pub use caller::{Authenticate, SharedAuthenticate, SignedIn, Viewer};
pub use layers::{Config, Edge, layers};
pub use page::{Cursor, Page, PageQuery};
pub use path::{Path, Query};
pub use problem::{Problem, log_problems};
pub use rate::{Quota, RateLimit, limited_by_address};
pub use request_id::RequestId;
pub use tidy::not_found;
