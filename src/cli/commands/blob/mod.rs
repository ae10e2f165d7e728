//! `blob`: files with signatures beside them, as in notation 2.

mod inspect;
mod policy;
mod sign;
mod verify;

pub use inspect::INSPECT;
pub use policy::{IMPORT as POLICY_IMPORT, INIT as POLICY_INIT, SHOW as POLICY_SHOW};
pub use sign::SIGN;
pub use verify::VERIFY;

use super::{CommandSpec, Done};
