//! `blob sign`: a signature in a file beside the one that is signed.

use std::path::{Component, Path, PathBuf};

use clap::ArgMatches;

use super::{CommandSpec, Done};
use crate::ci::BlobReport;
use crate::cli::blob_file::BlobFile;
use crate::cli::error::CliError;
use crate::cli::parse::PROGRAM;
use crate::cli::parse::flags::{self, Output};
use crate::cli::render::json::json;
use crate::cli::sealing::{self, Sealing};
use crate::cli::session::Session;
use crate::cli::signing_key::SigningKey;
use crate::cli::world::World;
use crate::config::{ConfigError, write_atomic};
use crate::envelope::Format;
use crate::fault::{BoxFault, Fault};
use crate::sign::{BlobSignError, BlobSignRequest, Manifests, SignError, sign_blob};

const MEDIA_TYPE: &str = "application/octet-stream";

pub const SIGN: CommandSpec = CommandSpec {
    path: &["blob", "sign"],
    usage: "blob sign [flags] <blob_path>",
    build: |command| {
        let command = command.about("Sign files").after_help(
            "Examples:\n  \
             sealwright blob sign <blob_path>\n  \
             sealwright blob sign --signature-format cose --signature-directory <directory> <blob_path>\n  \
             sealwright blob sign --plugin azure-kv --id <key_id> <blob_path>\n\n\
             The signature is written to <blob name>.<jws|cose>.sig in the directory of the blob.",
        );
        let command = sealing::with_key_flags(command)
            .arg(flags::text(
                "media-type",
                "string",
                "media type of the blob (default \"application/octet-stream\")",
            ))
            .arg(flags::switch(
                "allow-manifest-media-type",
                "sign with the media type of an image's manifest or index too: such a signature may pass for the image's own",
            ))
            .arg(flags::text(
                "signature-directory",
                "string",
                "directory where the blob signature needs to be placed (default same directory as the blob)",
            ))
            .arg(flags::switch("force", "override the existing signature file, never prompt"));
        let command = sealing::with_flags(command)
            .arg(flags::timeout())
            .arg(flags::azure_extra_hosts())
            .arg(flags::positionals("blob_path"));
        flags::with_logging(flags::with_output(command))
    },
    check: |values| {
        if flags::positionals_of(values).is_empty() {
            return Err(CliError::Missing(format!(
                "missing file path to the blob artifact: use `{PROGRAM} blob sign --help` to see what parameters are required"
            )));
        }
        sealing::check(values)
    },
    run: |values, session| Box::pin(run(values, session)),
};

/// Why there is no signature file.
#[derive(Debug, thiserror::Error)]
enum Unkept {
    #[error("failed to write signature to file: {0}")]
    Unwritten(ConfigError),
    /// Nobody is asked where the standard output is to be one JSON document.
    #[error("the signature file {0} already exists")]
    Exists(String),
}

impl Fault for Unkept {
    fn code(&self) -> &'static str {
        match self {
            Unkept::Unwritten(error) => error.code(),
            Unkept::Exists(_) => "cli-blob-signature-exists",
        }
    }

    fn hint(&self) -> Option<String> {
        Some(match self {
            Unkept::Unwritten(_) => {
                "name a directory that may be written to: --signature-directory <directory>"
                    .to_owned()
            }
            Unkept::Exists(_) => "overwrite it: --force".to_owned(),
        })
    }
}

async fn run(values: &ArgMatches, session: &mut Session) -> Done {
    let output = flags::output_of(values)?;
    let path = flags::first_of(values);
    let key = SigningKey::choose(values, &session.dirs()?)?;
    for sentence in key.ignored_settings() {
        session.streams.warn(&sentence);
    }
    let world = session.world_with(values, key.credential_type())?;
    let sealing = Sealing::of(values, &world)?;
    let done = match BlobFile::open(path) {
        Ok(blob) => {
            let signature = signature_path(values, path, sealing.format);
            // before the key is asked: a signature that nobody wants is not made
            match may_write(values, &signature, output, session) {
                Ok(true) => sign(values, &blob, &signature, &world, &key, &sealing, session).await,
                Ok(false) => return Ok(()),
                Err(fault) => Err((BlobReport::failed(path, &*fault), fault)),
            }
        }
        Err(error) => Err((BlobReport::failed(path, &error), error.into())),
    };
    let (mut report, fault) = match done {
        Ok(report) => (report, None),
        Err((report, fault)) => (report, Some(fault)),
    };
    report.key = world.key_used().map(|used| used.id);
    for warning in &report.warnings {
        session.streams.warn(warning);
    }
    for ending in &report.endings {
        session.streams.warn(&ending.message);
    }
    match (output, &fault, &report.signature) {
        (Output::Json, _, _) => session.streams.text(&json(&report))?,
        (Output::Text, None, Some(signature)) => {
            session.streams.line(&format!("Successfully signed {path}"))?;
            session.streams.line(&format!(" Signature file written to {signature}"))?;
        }
        (Output::Text, _, _) => {}
    }
    fault.map_or(Ok(()), Err)
}

async fn sign(
    values: &ArgMatches,
    blob: &BlobFile,
    signature: &Path,
    world: &World,
    key: &SigningKey,
    sealing: &Sealing,
    session: &mut Session,
) -> Result<BlobReport, (BlobReport, BoxFault)> {
    let (path, name) = (flags::first_of(values), signature.display().to_string());
    let request = BlobSignRequest {
        name: &name,
        media_type: flags::text_of(values, "media-type").unwrap_or(MEDIA_TYPE),
        manifests: match flags::is_on(values, "allow-manifest-media-type") {
            true => Manifests::Allowed,
            false => Manifests::Refused,
        },
        format: sealing.format,
        expiry: sealing.expiry,
        user_metadata: sealing.user_metadata.clone(),
        countersigner: sealing.countersigner(),
        own_revocation: sealing.own_revocation.as_ref(),
    };
    let progress = session.streams.spinner(&format!("Signing {path}"));
    let signed = async {
        let signer = world.signer(key).map_err(SignError::Signer)?;
        sign_blob(blob, signer, &*session.clock, &request).await
    };
    let signed: Result<_, BlobSignError> = signed.await;
    progress.finish_and_clear();
    let signed = signed.map_err(|error| (BlobReport::not_signed(path, &error), error.into()))?;
    write_atomic(signature, &signed.envelope, 0o600).map_err(|error| {
        let error = Unkept::Unwritten(error);
        (BlobReport::failed(path, &error), error.into())
    })?;
    let mut report = BlobReport::signed(path, &name, &signed);
    report.ending(&signed.lifetime.endings(session.clock.now(), sealing.warn_before));
    Ok(report)
}

/// `<directory>/<blob name>.<jws|cose>.sig`, beside the blob where no directory is given.
fn signature_path(values: &ArgMatches, blob: &str, format: Format) -> PathBuf {
    let blob = Path::new(blob);
    let name = blob.file_name().unwrap_or(blob.as_os_str()).to_string_lossy();
    let name = format!("{name}.{}.sig", format.name());
    let beside = blob.parent().unwrap_or(Path::new(""));
    let directory = flags::text_of(values, "signature-directory").map_or(beside, Path::new);
    // as Go's filepath.Join writes it
    directory
        .components()
        .filter(|part| *part != Component::CurDir)
        .chain([Component::Normal(name.as_ref())])
        .collect()
}

/// notation asks before it overwrites, and warns where `--force` keeps it from asking.
fn may_write(
    values: &ArgMatches,
    signature: &Path,
    output: Output,
    session: &mut Session,
) -> Result<bool, BoxFault> {
    if flags::is_on(values, "force") {
        session.streams.warn("existing signature file will be overwritten");
        return Ok(true);
    }
    if std::fs::symlink_metadata(signature).is_err() {
        return Ok(true);
    }
    if output == Output::Json {
        return Err(Unkept::Exists(signature.display().to_string()).into());
    }
    let question = "The signature file already exists, do you want to overwrite it?";
    Ok(session.streams.confirm(question)?)
}
