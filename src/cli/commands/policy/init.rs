//! `policy init`

use clap::ArgMatches;

use super::{CommandSpec, Done};
use crate::cli::parse::{PROGRAM, flags};
use crate::cli::session::Session;
use crate::config::trust_policy::ImportError;
use crate::config::write_atomic;
use crate::fault::Fault;
use crate::trust::{AppliesTo, InitialStatement, Policy, PolicyError};

pub const INIT: CommandSpec = CommandSpec {
    path: &["policy", "init"],
    usage: "policy init --name <name> --trust-store <type>:<store> --trusted-identity <identity> [flags]",
    build: |command| {
        command
            .about("Initialize trust policy configuration with one strict statement")
            .after_help(
                "Example:\n  sealwright policy init --name examplePolicy --trust-store ca:exampleStore --trusted-identity \"x509.subject: C=US, ST=WA, O=acme-rockets.io\"",
            )
            .arg(flags::text("name", "string", "name of the policy statement").short('n'))
            .arg(flags::texts(
                "trust-store",
                "stringArray",
                "trust store in format \"<store_type>:<store_name>\"",
            ))
            .arg(flags::texts(
                "trusted-identity",
                "stringArray",
                "trusted identity, use the format \"x509.subject:<subject_of_signing_certificate>\" for x509 CA scheme",
            ))
            .arg(flags::texts(
                "registry-scope",
                "stringArray",
                "repository the statement is for: registry.example.com/name (default *)",
            ))
            .arg(flags::switch(
                "force",
                "override the existing trust policy configuration, never prompt",
            ))
            .arg(flags::positionals("ignored"))
    },
    check: |values| flags::required(values, &["name", "trust-store", "trusted-identity"]),
    run: |values, session| Box::pin(async move { run(values, session) }),
};

/// What was asked for is no policy.
#[derive(Debug, thiserror::Error)]
#[error("invalid trust policy: {0}")]
struct Invalid(PolicyError);

impl Fault for Invalid {
    fn code(&self) -> &'static str {
        self.0.code()
    }

    fn hint(&self) -> Option<String> {
        Some(format!(
            "{PROGRAM} policy init --name <name> --trust-store ca:<store> --trusted-identity 'x509.subject: C=US, ST=WA, O=acme-rockets.io'"
        ))
    }
}

fn run(values: &ArgMatches, session: &mut Session) -> Done {
    let all = |name| flags::texts_of(values, name).into_iter().map(String::as_str).collect();
    let mut scopes: Vec<&str> = all("registry-scope");
    if scopes.is_empty() {
        scopes.push("*");
    }
    let statement = InitialStatement {
        name: flags::text_of(values, "name").unwrap_or_default(),
        trust_stores: all("trust-store"),
        trusted_identities: all("trusted-identity"),
        applies_to: AppliesTo::Images(scopes),
    };
    let document = statement.document();
    // Before the question: what is not valid is not worth asking about.
    Policy::from_json(&document).map_err(Invalid)?;
    let path = session.dirs()?.trust_policy();
    if std::fs::symlink_metadata(&path).is_ok() {
        if flags::is_on(values, "force") {
            session.streams.warn("existing trust policy configuration will be overwritten");
        } else if !session.streams.confirm(
            "The trust policy configuration already exists, do you want to overwrite it?",
        )? {
            return Ok(());
        }
    }
    write_atomic(&path, &document, 0o600).map_err(ImportError::File)?;
    Ok(session
        .streams
        .line(&format!("Successfully initialized trust policy file to {}.", path.display()))?)
}
