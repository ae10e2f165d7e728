//! `plugin`: the programs of notation's plugin protocol below the plugins directory.

mod download;
mod install;
mod list;
mod serve;
mod uninstall;

pub use download::fetch;
pub use install::INSTALL;
pub use list::LIST;
pub use serve::SERVE;
pub use uninstall::UNINSTALL;

use super::{CommandSpec, Done};
use crate::cli::session::Session;
use crate::cli::streams::Kind;
use crate::config::DirError;
use crate::plugin::{PluginDir, ProcessGroup};

/// The plugins of this home. Somebody at a terminal may end one with Ctrl+C, and type a PIN.
pub fn plugins(session: &Session) -> Result<PluginDir, DirError> {
    let group = match session.streams.stdin_kind() {
        Kind::Terminal => ProcessGroup::Terminal,
        Kind::Pipe => ProcessGroup::Own,
    };
    let dirs = session.dirs()?;
    Ok(PluginDir::new(dirs.libexec(), &session.env, session.clock.clone(), group))
}
