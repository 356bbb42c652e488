//! Work on the disk in the middle of a task: it takes its time, and a disk that stalls may not stall the runtime.

use tokio::runtime::{Handle, RuntimeFlavor};

/// Runs what may block. On a runtime with several threads another one takes over the rest of this thread's work; on
/// one with a single thread there is none to do so.
pub(crate) fn offload<T>(work: impl FnOnce() -> T) -> T {
    match Handle::try_current().map(|runtime| runtime.runtime_flavor()) {
        Ok(RuntimeFlavor::MultiThread) => tokio::task::block_in_place(work),
        _ => work(),
    }
}
