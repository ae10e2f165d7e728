//! `plugin`: azure-kv is built in and nothing needs installing.

use clap::{Arg, ArgAction};

use super::{CommandSpec, unchecked};
use crate::cli::error::CliError;
use crate::cli::parse::flags;

/// The one plugin there is.
pub const AZURE_KV: &str = "azure-kv";

const BUILT_IN: &str = "azure-kv is built in and nothing needs installing";

pub const PLUGIN: CommandSpec = CommandSpec {
    path: &["plugin"],
    usage: "plugin [list | install | uninstall] [name or source]",
    build: |command| {
        command.about("Tell which plugins exist: azure-kv is built in").arg(
            // As notation's own flags come before a source, so that its commands run unchanged.
            Arg::new("arguments")
                .value_name("arguments")
                .num_args(0..)
                .action(ArgAction::Append)
                .trailing_var_arg(true)
                .allow_hyphen_values(true),
        )
    },
    check: unchecked,
    run: |values, session| {
        Box::pin(async move {
            let words = flags::positionals_of(values);
            match asked_for(&words)? {
                None => Ok(session.streams.line(BUILT_IN)?),
                Some(other) => Err(CliError::UnsupportedPlugin(other.to_owned()).into()),
            }
        })
    },
};

/// The plugin named beside azure-kv, if any: `install --file x`, `uninstall x`.
fn asked_for<'a>(words: &[&'a str]) -> Result<Option<&'a str>, CliError> {
    match words.split_first() {
        _ if words.iter().any(|word| matches!(*word, "-h" | "--help")) => Ok(None),
        None | Some((&("list" | "ls"), _)) => Ok(None),
        Some((&("install" | "add" | "uninstall" | "remove" | "rm"), rest)) => {
            let mut named = None;
            let mut rest = rest.iter();
            while let Some(word) = rest.next() {
                match *word {
                    "--sha256sum" => drop(rest.next()),
                    flag if flag.starts_with('-') => {}
                    source => named = Some(source),
                }
            }
            match named {
                None => Err(CliError::Missing("missing plugin source location".to_owned())),
                Some(source) if is_azure_kv(source) => Ok(None),
                Some(source) => Ok(Some(source)),
            }
        }
        Some((other, _)) => Err(CliError::UnknownCommand {
            name: (*other).to_owned(),
            path: format!("{} plugin", crate::cli::parse::PROGRAM),
            near: Vec::new(),
        }),
    }
}

/// `azure-kv`, or a file name or address that ends in `notation-azure-kv…`.
fn is_azure_kv(source: &str) -> bool {
    let file = source.rsplit(['/', '\\']).next().unwrap_or(source);
    source == AZURE_KV
        || file.strip_prefix("notation-azure-kv").is_some_and(|rest| {
            rest.is_empty()
                || rest.starts_with('_')
                || rest.starts_with('.')
                || rest.starts_with('-')
        })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fault::Fault as _;

    #[test]
    fn only_azure_kv_is_known() {
        let named = |words: &[&'static str]| asked_for(words).expect("a known word");
        assert_eq!(named(&["ls"]), None);
        assert_eq!(named(&["install", "--help"]), None);
        assert_eq!(named(&["install", "--file", "notation-azure-kv.tar.gz"]), None);
        let url = "https://h/notation-azure-kv_1.2.1_linux_amd64.tar.gz";
        assert_eq!(named(&["install", "--url", url, "--sha256sum", "67"]), None);
        assert_eq!(named(&["install", "--file", "notation-x"]), Some("notation-x"));
        assert_eq!(named(&["uninstall", "-y", "x"]), Some("x"));
        assert_eq!(asked_for(&["install"]).unwrap_err().code(), "cli-missing-argument");
        assert_eq!(asked_for(&["frob"]).unwrap_err().code(), "cli-unknown-command");
    }
}
