//! End to end, without a browser: the real binary as child processes, spoken to as any client would.
//! The browser's half is in `browser/`.

mod instance;
mod probe;
mod stage;

pub use instance::{Instance, Stopped, is_alive, until};
pub use probe::{Probe, probe};
pub use stage::{Broadcast, Creator, Ended, SOON, figure, figure_ms, found, until_status};
