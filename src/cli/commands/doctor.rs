//! `doctor`

use clap::ArgMatches;

use super::{CommandSpec, Done};
use crate::ci::ExaminationReport;
use crate::cli::error::CliError;
use crate::cli::examination::Examination;
use crate::cli::native_plugin::AZURE_KV;
use crate::cli::parse::flags::{self, Output};
use crate::cli::parse::value;
use crate::cli::render::doctor::{Look, doctor};
use crate::cli::render::json::json;
use crate::cli::session::Session;
use crate::cli::signing_key::SigningKey;
use crate::cli::timestamping;
use crate::config::Dirs;
use crate::doctor::{Mark, is_well};
use crate::envelope::Format;
use crate::fault::BoxFault;

pub const DOCTOR: CommandSpec = CommandSpec {
    path: &["doctor"],
    usage: "doctor [flags] [reference]",
    build: |command| {
        let command = command
            .about("Check everything that signing and verifying need")
            .long_about(
                "Check everything that signing and verifying need\n\n\
                 Identity, each permission in the vault, every rule for the certificate and its chain, the \
                 rights in the registry, the timestamping authority, the clock, trust policy and trust store; \
                 and the command that mends what fails. The key signs random bytes, marked as such. Nothing \
                 is written anywhere. Ends with 0 only if no check fails.",
            )
            .after_help(
                "Examples:\n  \
                 sealwright doctor --key https://<vault>.vault.azure.net/certificates/<name> <registry>/<repository>@<digest>\n  \
                 sealwright doctor --output json",
            )
            .arg(
                flags::text(
                    "key",
                    "string",
                    "key to examine: a Key Vault id (https://…), or a name in the key list (default: the list's default key)",
                )
                .short('k'),
            )
            .arg(flags::text("id", "string", "key id, as sign takes it; with --plugin"))
            .arg(flags::text("plugin", "string", "azure-kv; with --id"))
            .arg(flags::texts(
                "plugin-config",
                "key=value",
                "azure-kv: ca_certs=<file>, self_signed=true, credential_type=<environment|workloadid|managedid|azurecli>",
            ));
        let command = timestamping::with_flags(command).arg(flags::positionals("reference"));
        flags::with_logging(flags::with_output(flags::with_registry(command)))
    },
    check: |values| {
        if flags::positionals_of(values).len() > 1 {
            return Err(CliError::Missing("doctor examines one image at a time".to_owned()));
        }
        SigningKey::check(values)?;
        timestamping::check(values)
    },
    run: |values, session| Box::pin(run(values, session)),
};

async fn run(values: &ArgMatches, session: &mut Session) -> Done {
    let output = flags::output_of(values)?;
    let dirs = session.dirs()?;
    let key = key(values, &dirs);
    for sentence in key.as_ref().map(SigningKey::ignored_settings).unwrap_or_default() {
        session.streams.warn(&sentence);
    }
    let credential_type = key.as_ref().ok().and_then(SigningKey::credential_type);
    let world = session.world_with(values, credential_type)?;
    let reference = match flags::positionals_of(values).first() {
        Some(text) => Some(world.reference(text).await?),
        None => None,
    };
    let progress = session.streams.spinner("Examining");
    let examination = Examination {
        world: &world,
        key,
        reference: reference.as_ref(),
        timestamps: timestamping::chosen(values).map(|(urls, root)| (urls, root.to_owned())),
        format: Format::Jws,
        policy: dirs.clone(),
        store: dirs,
        clock: session.clock.clone(),
    };
    let findings = examination.run().await;
    progress.finish_and_clear();
    match output {
        Output::Json => {
            let image = reference.map(|reference| reference.to_string());
            session.streams.text(&json(&ExaminationReport::new(image, &findings)))?;
        }
        Output::Text => {
            let look = Look::of(&session.env, session.streams.stdout_kind());
            session.streams.advice(&doctor(&findings, look))?;
        }
    }
    if is_well(&findings) {
        return Ok(());
    }
    let count = |mark| findings.iter().filter(|finding| finding.mark == mark).count();
    let failed = count(Mark::Failed);
    Err(CliError::ChecksFailed { failed, total: findings.len() - count(Mark::NotAsked) }.into())
}

/// `--key` is an id where it has a scheme; everything else is as `sign` takes it.
fn key(values: &ArgMatches, dirs: &Dirs) -> Result<SigningKey, BoxFault> {
    match flags::text_of(values, "key").filter(|key| key.contains("://")) {
        Some(id) => {
            let over = value::pairs("plugin-config", flags::texts_of(values, "plugin-config"))?;
            SigningKey::of_plugin(AZURE_KV.name, id, over)
        }
        None => SigningKey::choose(values, dirs),
    }
}
