//! `login`

use std::sync::Arc;

use clap::ArgMatches;

use super::{CommandSpec, Done};
use crate::cli::error::CliError;
use crate::cli::parse::flags;
use crate::cli::session::Session;
use crate::cli::world::World;
use crate::credentials::{Credential, Given, Place};
use crate::fault::BoxFault;

pub const LOGIN: CommandSpec = CommandSpec {
    path: &["login"],
    usage: "login [flags] <server>",
    build: |command| {
        let command = command
            .about("Login to registry")
            .long_about(
                "Log in to an OCI registry\n\n\
                 An Azure registry without a user name is logged in to with the Entra credential.",
            )
            .after_help(
                "Examples:\n  \
                 sealwright login -u <user> --password-stdin registry.example.com\n  \
                 sealwright login myregistry.azurecr.io",
            )
            .arg(flags::switch("password-stdin", "take the password from stdin"))
            .arg(flags::positionals("server"));
        flags::with_logging(flags::with_registry(command))
    },
    check: |values| match flags::positionals_of(values).is_empty() {
        true => Err(CliError::Missing("no hostname specified".to_owned())),
        false => Ok(()),
    },
    run: |values, session| Box::pin(run(values, session)),
};

const HOW_TO: &str = "https://notaryproject.dev/docs/how-to/registry-authentication/";

async fn run(values: &ArgMatches, session: &mut Session) -> Done {
    let host = flags::first_of(values);
    let world = session.world(values)?;
    let failed = |fault| CliError::Login { host: host.to_owned(), fault };
    let refused = |fault| CliError::LoginRefused { host: host.to_owned(), fault };
    let not_stored = |fault| CliError::LoginNotStored { host: host.to_owned(), fault };
    let credential = credential(values, session, &world, host).await?;
    let given = Given::new(host, credential.clone(), "login").map_err(|e| failed(e.into()))?;
    let connection = world.connect(host, Arc::new(given)).map_err(failed)?;
    connection.check_login().await.map_err(|error| refused(error.into()))?;
    let stored = world.stores().store(host, &credential).await;
    match stored.map_err(|error| not_stored(error.into()))? {
        Place::Helper(_) => {}
        Place::File(path) => session.streams.warn(&format!(
            "no credential helper is configured: the credential was written unencrypted to {}, mode 0600",
            path.display()
        )),
        Place::InFileAlready(_) => {
            session.streams.warn(&format!(
                "The credentials store is not set up. It is recommended to configure the credentials store to securely store your credentials. See {HOW_TO}."
            ));
            session.streams.line("Authenticated with existing credentials")?;
        }
    }
    Ok(session.streams.line("Login Succeeded")?)
}

/// The credential that was given, asked for or, on Azure, exchanged.
async fn credential(
    values: &ArgMatches,
    session: &mut Session,
    world: &World,
    host: &str,
) -> Result<Credential, BoxFault> {
    let mut username = session.username(values);
    let mut password = session.password(values);
    let from_stdin = flags::is_on(values, "password-stdin");
    if from_stdin {
        password = session.streams.rest_as_secret("password")?;
    }
    let nothing_given = username.is_empty() && password.is_empty() && !from_stdin;
    if let Some(registry) = world.azure_registry(host).filter(|_| nothing_given) {
        let exchanged = world.azure_refresh_token(&registry).await;
        return exchanged.map_err(|error| {
            CliError::Login { host: host.to_owned(), fault: error.into() }.into()
        });
    }
    if password.is_empty() {
        if username.is_empty() {
            username = session.streams.ask("Username: ", "username")?;
        }
        let (prompt, what) = match username.is_empty() {
            true => ("Token: ", "token"),
            false => ("Password: ", "password"),
        };
        password = session.streams.ask_secret(prompt, what)?;
        if password.is_empty() {
            return Err(CliError::CredentialAbsent(what).into());
        }
    }
    Ok(Credential::given(&username, password).unwrap_or(Credential::Anonymous))
}
