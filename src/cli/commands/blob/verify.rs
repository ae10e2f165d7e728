//! `blob verify`

use std::collections::BTreeMap;

use clap::ArgMatches;

use super::{CommandSpec, Done};
use crate::ci::{BlobReport, Outcome};
use crate::cli::blob_file::{BlobFile, read_signature, signature_format};
use crate::cli::error::CliError;
use crate::cli::parse::PROGRAM;
use crate::cli::parse::flags::{self, Output};
use crate::cli::parse::{revocation, value, warn_before};
use crate::cli::render::json::json;
use crate::cli::render::table::table;
use crate::cli::session::Session;
use crate::config::blob_policy;
use crate::envelope::Format;
use crate::fault::{BoxFault, printable};
use crate::lifetime::WarnBefore;
use crate::revocation::Checker;
use crate::trust::{BlobPolicy, TrustStoreDir};
use crate::verify::{BlobVerifyRequest, VerificationPlugins, verify_blob};

pub const VERIFY: CommandSpec = CommandSpec {
    path: &["blob", "verify"],
    usage: "blob verify [flags] --signature <signature_path> <blob_path>",
    build: |command| {
        let command = command
            .about("Verify a signature associated with a file")
            .long_about(
                "Verify a signature associated with a file\n\n\
                 Prerequisite: added a certificate into trust store and created a trust policy (blob policy init).",
            )
            .after_help(
                "Examples:\n  \
                 sealwright blob verify --signature <signature_path> <blob_path>\n  \
                 sealwright blob verify --policy-name <policy_name> --signature <signature_path> <blob_path>",
            )
            .arg(
                flags::text("signature", "string", "filepath of the signature to be verified")
                    .short('s'),
            )
            .arg(flags::text(
                "media-type",
                "string",
                "media type the blob must be signed with; an image's manifest must be asked for by its own",
            ))
            .arg(flags::text(
                "policy-name",
                "string",
                "policy name to verify against. If not provided, the global policy is used if exists",
            ))
            .arg(flags::texts(
                "plugin-config",
                "key=value",
                "{key}={value} pairs that are passed as it is to a plugin, if the verification is associated with a verification plugin, refer plugin documentation to set appropriate values",
            ))
            .arg(
                flags::texts(
                    "user-metadata",
                    "key=value",
                    "user defined {key}={value} pairs that must be present in the signature for successful verification if provided",
                )
                .short('m'),
            );
        let command = warn_before::with_flag(revocation::with_revocation(command))
            .arg(flags::timeout())
            .arg(flags::positionals("blob_path"));
        flags::with_logging(flags::with_output(command))
    },
    check: |values| {
        if flags::positionals_of(values).is_empty() {
            return Err(CliError::Missing(format!(
                "missing path to the blob artifact: use `{PROGRAM} blob verify --help` to see what parameters are required"
            )));
        }
        if flags::text_of(values, "signature").is_none_or(str::is_empty) {
            let message = "filepath of the signature cannot be empty";
            return Err(CliError::Missing(message.to_owned()));
        }
        if flags::text_of(values, "media-type").is_some_and(str::is_empty) {
            let message = "--media-type is set but with empty value";
            return Err(CliError::FlagGroup(message.to_owned()));
        }
        Ok(())
    },
    run: |values, session| Box::pin(run(values, session)),
};

async fn run(values: &ArgMatches, session: &mut Session) -> Done {
    let output = flags::output_of(values)?;
    let path = flags::first_of(values);
    let (report, fault) = match verify(values, path, session).await {
        Ok(report) => (report, None),
        Err((report, fault)) => (*report, Some(fault)),
    };
    for warning in &report.warnings {
        session.streams.warn(warning);
    }
    for ending in &report.endings {
        session.streams.warn(&ending.message);
    }
    match output {
        Output::Json => session.streams.text(&json(&report))?,
        Output::Text => session.streams.text(&text(&report))?,
    }
    fault.map_or(Ok(()), Err)
}

/// What is read before anything is checked.
struct Opened {
    blob: BlobFile,
    envelope: Vec<u8>,
    format: Format,
    policy: BlobPolicy,
    store: TrustStoreDir,
    revocation: Checker,
    plugins: VerificationPlugins,
    user_metadata: BTreeMap<String, String>,
    warn_before: WarnBefore,
}

fn open(
    values: &ArgMatches,
    path: &str,
    signature: &str,
    session: &Session,
) -> Result<Opened, BoxFault> {
    let blob = BlobFile::open(path)?;
    let envelope = read_signature(signature)?;
    let format = signature_format(signature)?;
    let policy = blob_policy::load(&session.dirs()?)?;
    let config = value::pairs("plugin-config", flags::texts_of(values, "plugin-config"))?;
    let user_metadata = value::pairs("user-metadata", flags::texts_of(values, "user-metadata"))?;
    let world = session.world(values)?;
    Ok(Opened {
        blob,
        envelope,
        format,
        policy,
        store: session.trust_store()?,
        revocation: world.revocation(revocation::revocation_of(values)?),
        plugins: world.verification_plugins(config),
        user_metadata,
        warn_before: warn_before::warn_before_of(values)?,
    })
}

/// The report; of a file that failed, with the reason.
async fn verify(
    values: &ArgMatches,
    path: &str,
    session: &mut Session,
) -> Result<BlobReport, (Box<BlobReport>, BoxFault)> {
    let signature = flags::text_of(values, "signature").unwrap_or_default();
    let opened = open(values, path, signature, session)
        .map_err(|fault| (Box::new(BlobReport::failed(path, &*fault)), fault))?;
    let request = BlobVerifyRequest {
        name: signature,
        format: opened.format,
        envelope: &opened.envelope,
        policy_name: flags::text_of(values, "policy-name").filter(|name| !name.is_empty()),
        media_type: flags::text_of(values, "media-type"),
        user_metadata: opened.user_metadata,
    };
    let (policy, store, revocation) = (&opened.policy, &opened.store, &opened.revocation);
    let (plugins, clock) = (&opened.plugins, &*session.clock);
    let progress = session.streams.spinner(&format!("Verifying {path}"));
    let result =
        verify_blob(&opened.blob, policy, store, revocation, plugins, clock, &request).await;
    progress.finish_and_clear();
    match result {
        Ok(outcome) => {
            let mut report = BlobReport::verified(path, &outcome);
            if let Some(lifetime) = &outcome.lifetime {
                report.ending(&lifetime.endings(session.clock.now(), opened.warn_before));
            }
            Ok(report)
        }
        Err(error) => Err((Box::new(BlobReport::not_verified(path, &error)), error.into())),
    }
}

/// notation's lines about a file that may be used; none about another.
fn text(report: &BlobReport) -> String {
    let path = printable(&report.blob);
    match report.outcome {
        Outcome::Skipped => {
            format!("Trust policy is configured to skip signature verification for {path}\n")
        }
        Outcome::Verified => {
            let metadata = report.user_metadata.iter();
            let rows: Vec<[String; 2]> = metadata.map(|(k, v)| [k.clone(), v.clone()]).collect();
            let mut text = format!("Successfully verified signature for {path}\n");
            if !rows.is_empty() {
                text.push_str(&format!(
                    "\nThe artifact was signed with the following user metadata.\n\n{}",
                    table(["KEY", "VALUE"], &rows)
                ));
            }
            text
        }
        _ => String::new(),
    }
}
