//! The commands, one file each, in one array.

mod acr;
mod blob;
mod cert;
mod completion;
mod demo;
mod doctor;
mod export;
mod inspect;
mod key;
mod lab;
mod list;
mod login;
mod logout;
mod many;
mod plugin;
mod policy;
mod prune;
mod run;
mod schema;
mod sign;
mod vault;
mod verify;
mod version;

pub use plugin::{fetch, plugins};

use clap::{ArgMatches, Command};
use futures_util::future::BoxFuture;

use super::error::CliError;
use super::session::Session;
use crate::fault::BoxFault;

/// What a command comes to.
pub type Done = Result<(), BoxFault>;

/// One command.
pub struct CommandSpec {
    /// The words that name it: `["cert", "add"]`.
    pub path: &'static [&'static str],
    /// After the program's name, as its help shows it.
    pub usage: &'static str,
    /// Adds what it says and takes.
    pub build: fn(Command) -> Command,
    /// What clap does not check: how many arguments, which flags together.
    pub check: fn(&ArgMatches) -> Result<(), CliError>,
    pub run: for<'a> fn(&'a ArgMatches, &'a mut Session) -> BoxFuture<'a, Done>,
}

/// A word that only gathers commands.
pub struct GroupSpec {
    /// Of a group inside of another: both, as `blob policy`.
    pub name: &'static str,
    pub aliases: &'static [&'static str],
    pub about: &'static str,
}

pub const GROUPS: &[GroupSpec] = &[
    GroupSpec { name: "acr", aliases: &[], about: "Build in an Azure container registry" },
    GroupSpec { name: "blob", aliases: &[], about: "Sign, verify and inspect files" },
    GroupSpec {
        name: "blob policy",
        aliases: &[],
        about: "Manage trust policy configuration for files",
    },
    GroupSpec {
        name: "cert",
        aliases: &["certificate"],
        about: "Manage certificates in trust store",
    },
    GroupSpec { name: "key", aliases: &[], about: "Manage keys used for signing" },
    GroupSpec { name: "plugin", aliases: &[], about: "Manage plugins" },
    GroupSpec { name: "policy", aliases: &[], about: "Manage trust policy configuration" },
    GroupSpec {
        name: "vault",
        aliases: &[],
        about: "Make and look at the signing certificate in Azure Key Vault",
    },
    GroupSpec {
        name: "export",
        aliases: &[],
        about: "Write the trust policy and stores as a cluster's configuration",
    },
];

/// Every command there is.
pub const COMMANDS: &[CommandSpec] = &[
    sign::SIGN,
    verify::VERIFY,
    list::LIST,
    inspect::INSPECT,
    prune::PRUNE,
    blob::SIGN,
    blob::VERIFY,
    blob::INSPECT,
    blob::POLICY_INIT,
    blob::POLICY_IMPORT,
    blob::POLICY_SHOW,
    doctor::DOCTOR,
    acr::BUILD,
    login::LOGIN,
    logout::LOGOUT,
    cert::ADD,
    cert::LIST,
    cert::SHOW,
    cert::DELETE,
    cert::GENERATE_TEST,
    cert::CLEANUP_TEST,
    key::ADD,
    key::UPDATE,
    key::LIST,
    key::DELETE,
    policy::INIT,
    policy::IMPORT,
    policy::SHOW,
    export::RATIFY,
    export::KYVERNO,
    export::CONNAISSEUR,
    plugin::INSTALL,
    plugin::LIST,
    plugin::SERVE,
    plugin::UNINSTALL,
    vault::CSR,
    vault::MERGE,
    vault::IMPORT,
    vault::SHOW,
    vault::SELF_SIGNED,
    run::RUN,
    schema::SCHEMA,
    lab::LAB,
    demo::DEMO,
    version::VERSION,
    completion::COMPLETION,
];

/// For commands whose arguments need no check of their own.
fn unchecked(_: &ArgMatches) -> Result<(), CliError> {
    Ok(())
}
