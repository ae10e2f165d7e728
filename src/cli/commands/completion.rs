//! `completion <shell>`

use clap_complete::Shell;

use super::CommandSpec;
use crate::cli::error::CliError;
use crate::cli::parse::{self, flags};

pub const COMPLETION: CommandSpec = CommandSpec {
    path: &["completion"],
    usage: "completion <bash|fish|powershell|zsh>",
    build: |command| {
        command
            .about("Generate the autocompletion script for the specified shell")
            .arg(flags::positionals("shell"))
    },
    check: |values| shell(flags::first_of(values)).map(|_| ()),
    run: |values, session| {
        Box::pin(async move {
            let shell = shell(flags::first_of(values))?;
            let mut script = Vec::new();
            let called_as = session.streams.called_as();
            let mut root = parse::root(called_as);
            clap_complete::generate(shell, &mut root, called_as.name(), &mut script);
            Ok(session.streams.write(&script)?)
        })
    },
};

fn shell(name: &str) -> Result<Shell, CliError> {
    match name {
        "bash" => Ok(Shell::Bash),
        "fish" => Ok(Shell::Fish),
        "powershell" => Ok(Shell::PowerShell),
        "zsh" => Ok(Shell::Zsh),
        "" => Err(CliError::Missing("missing shell: bash, fish, powershell or zsh".to_owned())),
        other => Err(CliError::Arguments(format!(
            "unknown shell {other:?}: expected bash, fish, powershell or zsh"
        ))),
    }
}
