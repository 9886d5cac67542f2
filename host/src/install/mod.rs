//! Which plugins may run here: the lock file, the components that it names, and what it takes to get one in.

mod changes;
mod decision;
mod download;
mod lock;
mod origin;
mod store;

pub use changes::changes;
pub use decision::{Decision, Question, Told, check_digest, decide};
pub use lock::{Entry, LOCK_NAME, Lock};
pub use origin::Origin;
pub use store::{Installed, Store};
