//! `sign`

use clap::ArgMatches;

use super::{CommandSpec, Done};
use crate::ci::ImageReport;
use crate::cli::error::CliError;
use crate::cli::parse::flags::{self, Output};
use crate::cli::parse::{GoDuration, value};
use crate::cli::render::json::json;
use crate::cli::render::text::tag_warning;
use crate::cli::session::Session;
use crate::cli::signing_key::SigningKey;
use crate::envelope::{FORMATS, Format};
use crate::registry::{Access, ReferrersMode};
use crate::sign::{SignError, SignRequest, sign};

pub const SIGN: CommandSpec = CommandSpec {
    path: &["sign"],
    usage: "sign [flags] <reference>",
    build: |command| {
        let command = command
            .about("Sign artifacts")
            .after_help(
                "Examples:\n  \
                 sealwright sign <registry>/<repository>@<digest>\n  \
                 sealwright sign --plugin azure-kv --id <key_id> <registry>/<repository>@<digest>",
            )
            .arg(
                flags::text(
                    "key",
                    "string",
                    "signing key name, for a key previously added to the key list. This is mutually exclusive with the --id and --plugin flags",
                )
                .short('k'),
            )
            .arg(flags::text(
                "id",
                "string",
                "key id (required if --plugin is set). This is mutually exclusive with the --key flag",
            ))
            .arg(flags::text(
                "plugin",
                "string",
                "signing plugin name (required if --id is set): azure-kv. This is mutually exclusive with the --key flag",
            ))
            .arg(flags::texts(
                "plugin-config",
                "key=value",
                "azure-kv: ca_certs=<file>, self_signed=true, credential_type=<environment|workloadid|managedid|azurecli>",
            ))
            .arg(flags::text(
                "signature-format",
                "string",
                "signature envelope format, options: \"jws\", \"cose\" (default \"jws\", or signatureFormat of config.json)",
            ))
            .arg(
                flags::duration(
                    "expiry",
                    "optional expiry that provides a \"best by use\" time for the artifact, in minutes(m) and/or hours(h). For example: 12h, 30m, 3h20m",
                )
                .short('e'),
            )
            .arg(
                flags::texts(
                    "user-metadata",
                    "key=value",
                    "{key}={value} pairs that are added to the signature payload",
                )
                .short('m'),
            )
            .arg(flags::switch(
                "force-referrers-tag",
                "force to store signatures using the referrers tag schema (default true)",
            ));
        flags::with_logging(flags::with_output(flags::with_registry(
            command.arg(flags::positionals("reference")),
        )))
    },
    check: |values| {
        flags::needs_reference("sign", values)?;
        flags::together(values, &["id", "plugin"])?;
        flags::exclusive(values, &["key", "id"])?;
        flags::exclusive(values, &["key", "plugin"])
    },
    run: |values, session| Box::pin(run(values, session)),
};

async fn run(values: &ArgMatches, session: &mut Session) -> Done {
    let output = flags::output_of(values)?;
    let key = SigningKey::choose(values, &session.dirs()?)?;
    let world = session.world_with(values, key.credential_type())?;
    let reference = world.reference(flags::first_of(values)).await?;
    let format = format(values, world.default_format())?;
    let user_metadata = value::pairs("user-metadata", flags::texts_of(values, "user-metadata"))?;
    let request = SignRequest {
        reference: &reference,
        format,
        expiry: expiry(values)?,
        user_metadata,
        mode: match flags::switch_of(values, "force-referrers-tag") {
            Some(false) => ReferrersMode::Auto,
            Some(true) | None => ReferrersMode::ForceTag,
        },
    };
    let registry = world.registry(&reference, Access::PullPush)?;
    let signer = world.signer(&key)?;
    let progress = session.streams.spinner(&format!("Signing {reference}"));
    let signed = sign(&*registry, signer, &*session.clock, &request).await;
    progress.finish_and_clear();
    let resolved = !matches!(signed, Err(SignError::Resolve(_)));
    if let Some(warning) = tag_warning("sign", &reference).filter(|_| resolved) {
        session.streams.warn(&warning);
    }
    let signed = signed?;
    for warning in &signed.warnings {
        session.streams.warn(warning);
    }
    match output {
        Output::Json => {
            let mut report = ImageReport::from(&signed);
            report.used(world.provenance(&reference));
            session.streams.text(&json(&report))?;
        }
        Output::Text => {
            let by_digest = &signed.reference;
            session.streams.line(&format!("Successfully signed {by_digest}"))?;
            let signature = by_digest.at(&signed.signature);
            session.streams.line(&format!("Pushed the signature to {signature}"))?;
        }
    }
    Ok(())
}

fn format(values: &ArgMatches, default: Option<&str>) -> Result<Format, CliError> {
    // The flag is taken as it is; the file's value may be in capitals.
    let name = match flags::text_of(values, "signature-format") {
        Some(given) => given.to_owned(),
        None => default.map_or_else(|| Format::Jws.name().to_owned(), str::to_lowercase),
    };
    FORMATS.into_iter().find(|format| format.name() == name).ok_or(CliError::SignatureFormat(name))
}

fn expiry(values: &ArgMatches) -> Result<Option<std::time::Duration>, CliError> {
    let Some(given) = values.get_one::<GoDuration>("expiry") else { return Ok(None) };
    if !given.is_negative() && !given.is_whole_seconds() {
        return Err(CliError::FractionalExpiry);
    }
    let expiry = given.to_std().ok_or(CliError::NegativeExpiry)?;
    Ok(Some(expiry).filter(|e| !e.is_zero()))
}
