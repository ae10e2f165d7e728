//! `policy`: the trust policy.

mod import;
mod show;

pub use import::IMPORT;
pub use show::SHOW;

use super::{CommandSpec, Done};
