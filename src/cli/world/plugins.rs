//! The plugins of this machine, for those who ask them.

use std::sync::Arc;

use super::World;
use crate::plugin::PluginConfig;
use crate::verify::{NoPlugins, VerificationPlugins};

impl World {
    /// Those that signatures may name, each met once; `config` goes with every request.
    pub fn verification_plugins(&self, config: PluginConfig) -> VerificationPlugins {
        VerificationPlugins::new(Arc::new(NoPlugins), config)
    }
}
