//! The plugins of this machine, and the keys behind them.

use std::sync::Arc;

use super::{World, note};
use crate::cli::signing_key::SigningKey;
use crate::fault::BoxFault;
use crate::plugin::{PluginConfig, PluginDir, PluginName, ProcessGroup, check_signs, open_signer};
use crate::sign::OpenSigner;
use crate::verify::VerificationPlugins;

impl World {
    /// The same with plugins that run in this process group; else each runs in one of its own.
    pub fn with_plugins_in(self, group: ProcessGroup) -> Self {
        let (env, clock) = (&self.options.env, self.options.clock.clone());
        let plugins = PluginDir::new(self.dirs.libexec(), env, clock, group);
        Self { plugins: Arc::new(plugins), ..self }
    }

    /// The plugins directory: one for the whole command, so that each plugin is asked once who it is.
    pub fn plugins(&self) -> &Arc<PluginDir> {
        &self.plugins
    }

    /// Those that signatures may name; `config` goes with each of their runs.
    pub fn verification_plugins(&self, config: PluginConfig) -> VerificationPlugins {
        VerificationPlugins::new(self.plugins.clone(), config)
    }

    /// Whether the key's plugin is there; it is not run.
    pub fn find_plugin(&self, key: &SigningKey) -> Result<(), BoxFault> {
        if let SigningKey::Plugin { plugin, .. } = key {
            self.plugins.program(plugin)?;
        }
        Ok(())
    }

    /// Whether the key's plugin is there, and says of itself that it signs.
    pub async fn check_signs(&self, key: &SigningKey) -> Result<(), BoxFault> {
        let SigningKey::Plugin { plugin, config, .. } = key else { return Ok(()) };
        Ok(check_signs(&*self.plugins.program(plugin)?, config).await?)
    }

    pub(super) fn plugin_signer(
        &self,
        name: &PluginName,
        id: &str,
        config: &PluginConfig,
    ) -> Result<OpenSigner<'_>, BoxFault> {
        let plugin = self.plugins.program(name)?;
        let used = self.key_used.clone();
        let (name, id, config) = (name.clone(), id.to_owned(), config.clone());
        Ok(Box::pin(async move {
            let signer = open_signer(plugin, &id, &config).await?;
            note(&used, id, format!("plugin {name}"));
            Ok(signer)
        }))
    }
}
