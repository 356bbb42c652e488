//! The words of LiveStream Pro, and nothing that waits, stores or sends.
//!
//! One word per thing, in code, SQL, JSON, logs and docs:
//!
//! | word | means |
//! |---|---|
//! | user | somebody with an account; *creator* and *viewer* are roles a user plays |
//! | session | one signed-in browser or API client of a user, revocable |
//! | operator | a user who runs this installation |
//! | stream | one broadcast, from its creation to its end; a reconnect within the grace time is the same stream |
//! | publisher | the WHIP connection that sends a stream's media |
//! | watcher | one WHEP connection that receives it |
//! | layer | one simulcast encoding of the video, named by its rid |
//! | room | the chat of one stream: a log of events with positions |
//! | recording | what arrives from a publisher, on disk while it arrives |
//! | archive | a stream's recording as viewers see it afterwards |
//! | part, segment | CMAF: about 200 ms; 2 to 4 s starting at a keyframe |
//! | epoch | identity of a log; positions of different epochs cannot be compared |

mod archive;
mod caller;
mod clock;
pub mod event;
mod fault;
mod ids;
pub mod media;
mod name;
mod secret;
mod stream;
mod user;
pub mod work;

pub use archive::{Archive, ArchiveStatus};
pub use caller::{Caller, Identity, NotSignedIn};
pub use clock::{Clock, SystemClock};
pub use fault::{Fault, Kind};
pub use ids::{ArchiveId, JobId, NodeId, RecordingId, SessionId, StreamId, StreamKeyId, UserId};
pub use name::{Bio, DisplayName, Email, NameError, Title, Username};
pub use secret::Secret;
pub use stream::{Stream, StreamStatus, StreamTransitionError, Visibility};
pub use user::User;
