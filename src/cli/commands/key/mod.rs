//! `key`: the signing key list.

mod add;
mod add_local;
mod delete;
mod list;
mod update;

pub use add::ADD;
pub use delete::DELETE;
pub use list::LIST;
pub use update::UPDATE;

use super::{CommandSpec, Done};
