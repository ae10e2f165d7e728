//! `blob policy init`

use clap::ArgMatches;

use super::{CommandSpec, Done, may_write};
use crate::cli::error::CliError;
use crate::cli::parse::{PROGRAM, flags};
use crate::cli::session::Session;
use crate::config::blob_policy;
use crate::fault::Fault;
use crate::trust::{AppliesTo, BlobPolicy, BlobPolicyError, InitialStatement};

pub const INIT: CommandSpec = CommandSpec {
    path: &["blob", "policy", "init"],
    usage: "blob policy init [flags] --name <policy_name> --trust-store \"<store_type>:<store_name>\" --trusted-identity \"<trusted_identity>\"",
    build: |command| {
        command
            .about("Initialize blob trust policy configuration")
            .after_help(
                "Example:\n  sealwright blob policy init --name examplePolicy --trust-store ca:exampleStore --trusted-identity \"x509.subject: C=US, ST=WA, O=acme-rockets.io\"",
            )
            .arg(flags::text("name", "string", "name of the blob trust policy").short('n'))
            .arg(flags::texts(
                "trust-store",
                "stringArray",
                "trust store in the format \"<store_type>:<store_name>\"",
            ))
            .arg(flags::texts(
                "trusted-identity",
                "stringArray",
                "trusted identity, use the format \"x509.subject:<subject_of_signing_certificate>\"",
            ))
            .arg(flags::switch(
                "global",
                "set the policy as the global policy: for files whose verification names no policy (default --global=false)",
            ))
            .arg(flags::switch(
                "force",
                "override the existing blob trust policy configuration, never prompt (default --force=false)",
            ))
            .arg(flags::positionals("none").hide(true))
    },
    check: |values| {
        if let Some(word) = flags::positionals_of(values).first() {
            return Err(CliError::UnknownCommand {
                name: (*word).to_owned(),
                path: format!("{PROGRAM} blob policy init"),
                near: Vec::new(),
            });
        }
        flags::required(values, &["name", "trust-store", "trusted-identity"])
    },
    run: |values, session| Box::pin(async move { run(values, session) }),
};

/// What was asked for is no policy.
#[derive(Debug, thiserror::Error)]
#[error("invalid blob policy: {0}")]
struct Invalid(BlobPolicyError);

impl Fault for Invalid {
    fn code(&self) -> &'static str {
        self.0.code()
    }

    fn hint(&self) -> Option<String> {
        Some(format!(
            "{PROGRAM} blob policy init --name <name> --trust-store ca:<store> --trusted-identity 'x509.subject: C=US, ST=WA, O=acme-rockets.io'"
        ))
    }
}

fn run(values: &ArgMatches, session: &mut Session) -> Done {
    let all = |name| flags::texts_of(values, name).into_iter().map(String::as_str).collect();
    let statement = InitialStatement {
        name: flags::text_of(values, "name").unwrap_or_default(),
        trust_stores: all("trust-store"),
        trusted_identities: all("trusted-identity"),
        applies_to: match flags::is_on(values, "global") {
            true => AppliesTo::AllBlobs,
            false => AppliesTo::NamedBlobs,
        },
    };
    let document = statement.document();
    let dirs = session.dirs()?;
    // Before the question: what is not valid is not worth asking about.
    BlobPolicy::from_json(&document).map_err(Invalid)?;
    if !may_write(values, &dirs, session)? {
        return Ok(());
    }
    let path = blob_policy::import(&dirs, &document)?;
    Ok(session
        .streams
        .line(&format!("Successfully initialized blob trust policy file to {}.", path.display()))?)
}
