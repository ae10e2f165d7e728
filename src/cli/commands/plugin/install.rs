//! `plugin install`, `plugin add`

use std::path::Path;

use clap::ArgMatches;

use super::{CommandSpec, Done, download, plugins};
use crate::cli::cancelled::cancelled;
use crate::cli::error::CliError;
use crate::cli::parse::{PROGRAM, flags};
use crate::cli::session::Session;
use crate::fault::BoxFault;
use crate::plugin::{
    Checksum, Existing, InstallError, Installed, PluginDir, Source, Staging, check_file, install,
    stage_file,
};

pub const INSTALL: CommandSpec = CommandSpec {
    path: &["plugin", "install"],
    usage: "plugin install [flags] <--file|--url> <plugin_source>",
    build: |command| {
        let command = command
            .visible_alias("add")
            .about("Install a plugin")
            .after_help(format!(
                "Examples:\n  \
                 {PROGRAM} plugin install --file wabbit-plugin-v1.0.zip\n  \
                 {PROGRAM} plugin install --url https://wabbit-networks.com/wabbit-plugin-v1.0.tar.gz --sha256sum <64 hexadecimal digits>"
            ))
            .arg(flags::switch("file", "install plugin from a file on file system"))
            .arg(flags::switch(
                "url",
                "install plugin from an HTTPS URL. The plugin download timeout is 10m0s",
            ))
            .arg(flags::text(
                "sha256sum",
                "string",
                "must match SHA256 of the plugin source, required when \"--url\" flag is set",
            ))
            .arg(flags::switch("force", "force the installation of the plugin"))
            .arg(flags::positionals("plugin_source"));
        flags::with_logging(command)
    },
    check,
    run: |values, session| Box::pin(run(values, session)),
};

fn check(values: &ArgMatches) -> Result<(), CliError> {
    let sources = flags::positionals_of(values);
    let (file, url) = (flags::is_on(values, "file"), flags::is_on(values, "url"));
    match sources.as_slice() {
        [] if file => return Err(CliError::Missing("missing plugin file path".to_owned())),
        [] if url => return Err(CliError::Missing("missing plugin URL".to_owned())),
        [] => return Err(CliError::Missing("missing plugin source location".to_owned())),
        [_] => {}
        several => {
            let several = several.join(" ");
            return Err(CliError::Missing(format!(
                "can only install one plugin at a time, but got [{several}]"
            )));
        }
    }
    let given = |name| flags::switch_of(values, name).is_some();
    match (given("file"), given("url")) {
        (true, true) => Err(CliError::FlagGroup(
            "if any flags in the group [file url] are set none of the others can be; [file url] were all set".to_owned(),
        )),
        (false, false) => Err(CliError::FlagGroup(
            "at least one of the flags in the group [file url] is required".to_owned(),
        )),
        _ => Ok(()),
    }
}

async fn run(values: &ArgMatches, session: &mut Session) -> Done {
    let plugins = plugins(session)?;
    // what lies in the staging folder then goes as on every other end
    let interrupted = cancelled();
    let work = async {
        match flags::is_on(values, "url") {
            true => from_url(values, &plugins, session).await,
            false => from_file(values, &plugins).await,
        }
    };
    let installed = tokio::select! {
        biased;
        signal = interrupted => return Err(CliError::Interrupted { signal }.into()),
        installed = work => installed?,
    };
    tell(session, &installed)
}

async fn from_url(
    values: &ArgMatches,
    plugins: &PluginDir,
    session: &mut Session,
) -> Result<Installed, BoxFault> {
    let given = flags::first_of(values);
    let Some(checksum) = given_checksum(values) else {
        return Err(CliError::Missing(
            "installing from URL requires non-empty SHA256 checksum of the plugin source"
                .to_owned(),
        )
        .into());
    };
    let url = download::address(given)?;
    let checksum = Checksum::parse(checksum).map_err(failed)?;
    let staging = Staging::new(plugins.folder()).map_err(failed)?;
    session.streams.line(&format!("Downloading plugin from {}", download::shown(given, &url)))?;
    let copied = download::download(session, &url, &staging).await?;
    session.streams.line("Download completed")?;
    checksum.check(&copied).map_err(failed)?;
    let file_name = url.path_segments().and_then(|mut parts| parts.next_back()).unwrap_or_default();
    // what was downloaded has no permissions of its own
    let source =
        Source { staging: &staging, copied: &copied, file_name, mode: 0o755, wanted: None };
    install(plugins, source, existing(values)).await.map_err(failed)
}

async fn from_file(values: &ArgMatches, plugins: &PluginDir) -> Result<Installed, BoxFault> {
    let path = Path::new(flags::first_of(values));
    check_file(path).map_err(failed)?;
    let staging = Staging::new(plugins.folder()).map_err(failed)?;
    let (copied, mode) = stage_file(path, &staging).map_err(failed)?;
    if let Some(given) = given_checksum(values) {
        Checksum::parse(given).and_then(|sum| sum.check(&copied)).map_err(failed)?;
    }
    let file_name = path.file_name().unwrap_or_default().to_string_lossy();
    let source =
        Source { staging: &staging, copied: &copied, file_name: &file_name, mode, wanted: None };
    install(plugins, source, existing(values)).await.map_err(failed)
}

fn given_checksum(values: &ArgMatches) -> Option<&str> {
    flags::text_of(values, "sha256sum").filter(|given| !given.is_empty())
}

fn existing(values: &ArgMatches) -> Existing {
    match flags::is_on(values, "force") {
        true => Existing::Any,
        false => Existing::Outdated,
    }
}

fn failed(error: InstallError) -> BoxFault {
    let action = "plugin installation failed".to_owned();
    CliError::Plugin { action, fault: error.into() }.into()
}

fn tell(session: &mut Session, installed: &Installed) -> Done {
    let Installed { name, version, replaced, made_executable } = installed;
    if let Some(file) = made_executable {
        session.streams.warn(&format!(
            "Found candidate plugin executable file {file:?} without executable permission. Setting user executable bit and trying to install."
        ));
    }
    let line = match replaced {
        Some(old) => format!("Successfully updated plugin {name} from version {old} to {version}"),
        None => format!("Successfully installed plugin {name}, version {version}"),
    };
    Ok(session.streams.line(&line)?)
}
