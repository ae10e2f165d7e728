//! The verification plugins of a command: each is found, and asked for its metadata, once.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use tokio::sync::OnceCell;

use super::checks::PluginFailure;
use crate::plugin::{Capability, Metadata, Plugin, PluginConfig, PluginError, PluginName, Plugins};

/// The plugins that signatures may name, with what is known of them.
pub struct VerificationPlugins {
    plugins: Arc<dyn Plugins>,
    config: PluginConfig,
    known: Mutex<BTreeMap<PluginName, Arc<Met>>>,
}

/// What came of meeting a plugin; empty until somebody did.
type Met = OnceCell<Result<Known, PluginFailure>>;

/// A plugin and what it says of itself.
#[derive(Clone)]
pub(super) struct Known {
    pub plugin: Arc<dyn Plugin>,
    pub metadata: Metadata,
}

/// A plugin that a signature named and that was asked for its metadata.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Consulted {
    pub name: PluginName,
    /// A valid SemVer version.
    pub version: String,
    /// What it said yes or no to; nothing where the signature failed before it was asked.
    pub decided: Vec<Capability>,
}

/// Where no plugin may run.
#[derive(Debug, Clone, Copy)]
pub struct NoPlugins;

#[async_trait::async_trait]
impl Plugins for NoPlugins {
    async fn find(&self, name: &PluginName) -> Result<Arc<dyn Plugin>, PluginError> {
        Err(PluginError::NotFound { path: name.executable() })
    }
}

impl VerificationPlugins {
    /// `config` goes with every request (`--plugin-config`).
    pub fn new(plugins: Arc<dyn Plugins>, config: PluginConfig) -> Self {
        Self { plugins, config, known: Mutex::default() }
    }

    /// For what names no plugin, or may not.
    pub fn none() -> Self {
        Self::new(Arc::new(NoPlugins), PluginConfig::new())
    }

    pub(super) fn config(&self) -> &PluginConfig {
        &self.config
    }

    /// Runs the plugin for its metadata unless that was done before, whatever came of it.
    pub(super) async fn known(&self, name: &PluginName) -> Result<Known, PluginFailure> {
        let cell = {
            let mut known = self.known.lock().expect("no panic holds this lock");
            known.entry(name.clone()).or_default().clone()
        };
        cell.get_or_init(|| self.meet(name)).await.clone()
    }

    async fn meet(&self, name: &PluginName) -> Result<Known, PluginFailure> {
        let located = self.plugins.find(name).await;
        let plugin =
            located.map_err(|error| PluginFailure::NotLocated { plugin: name.clone(), error })?;
        match plugin.metadata(&self.config).await {
            Ok(metadata) => Ok(Known { plugin, metadata }),
            Err(error) => Err(PluginFailure::Metadata { plugin: name.clone(), error }),
        }
    }
}
