//! The plugin of a step, installed where it is not there.

use indicatif::ProgressBar;

use super::commands::fetch;
use super::error::CliError;
use super::native_plugin::{NativePlugin, PluginChoice};
use super::world::World;
use crate::ci::{Host, Level, Place, PluginSource, StepPlugin, camel_case};
use crate::fault::BoxFault;
use crate::plugin::{
    Checksum, Existing, InstallError, PluginError, PluginName, Source, Staging, install,
};

/// Says that nothing is downloaded for a plugin that is built in.
pub fn tell(plugin: &StepPlugin, host: &mut dyn Host) {
    if plugin.source.is_none() || !is_built_in(plugin) {
        return;
    }
    let spelled = |name: &str| match host.place() {
        Some(Place::AzurePipelines) => camel_case(name),
        _ => name.to_owned(),
    };
    let text = format!(
        "input `{}` has no effect: {} is built in; with `native=false` in `{}` the plugin is downloaded and used",
        spelled("plugin-url"),
        plugin.name,
        spelled("plugin-config")
    );
    host.annotate(Level::Notice, "Input without effect", &text);
}

/// Installs the plugin from its source where no plugin of its name is there. What is there stays, whatever
/// its version.
pub async fn install_absent(plugin: &StepPlugin, world: &World) -> Result<(), BoxFault> {
    let Some(source) = &plugin.source else { return Ok(()) };
    let plugins = world.plugins();
    let absent = matches!(plugins.program(&plugin.name), Err(PluginError::NotFound { .. }));
    if is_built_in(plugin) || !absent {
        return Ok(());
    }
    tracing::info!(target: "sealwright", "installing plugin {}", plugin.name);
    install_from(source, &plugin.name, world).await
}

async fn install_from(
    source: &PluginSource,
    wanted: &PluginName,
    world: &World,
) -> Result<(), BoxFault> {
    let plugins = world.plugins();
    let checksum = Checksum::parse(&source.checksum).map_err(failed)?;
    let staging = Staging::new(plugins.folder()).map_err(failed)?;
    let copied = fetch(world.http(), &source.url, &staging, ProgressBar::hidden()).await?;
    checksum.check(&copied).map_err(failed)?;
    let file_name =
        source.url.path_segments().and_then(|mut parts| parts.next_back()).unwrap_or_default();
    // what was downloaded has no permissions of its own
    let wanted = Some(wanted);
    let staged = Source { staging: &staging, copied: &copied, file_name, mode: 0o755, wanted };
    install(plugins, staged, Existing::Outdated).await.map_err(failed)?;
    Ok(())
}

/// Settings that say neither are refused where the key is opened.
fn is_built_in(plugin: &StepPlugin) -> bool {
    NativePlugin::named(plugin.name.as_str()).is_some()
        && !matches!(
            PluginChoice::of(plugin.name.as_str(), plugin.config.clone()),
            Ok(PluginChoice::Installed(_))
        )
}

fn failed(error: InstallError) -> BoxFault {
    let action = "plugin installation failed".to_owned();
    CliError::Plugin { action, fault: error.into() }.into()
}
