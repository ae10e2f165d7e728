//! `policy`: the trust policy.

mod import;
mod init;
mod show;

pub use import::IMPORT;
pub use init::INIT;
pub use show::SHOW;

use super::{CommandSpec, Done};
