//! `blob inspect`: shows a signature file; none of it is a verification.

use clap::ArgMatches;

use super::{CommandSpec, Done};
use crate::cli::blob_file::{read_signature, signature_format};
use crate::cli::error::CliError;
use crate::cli::parse::PROGRAM;
use crate::cli::parse::flags::{self, Output};
use crate::cli::render::blob_inspect::BlobSignature;
use crate::cli::render::json::indented;
use crate::cli::session::Session;
use crate::envelope::{EnvelopeError, Parsed};
use crate::fault::{BoxFault, Fault};

pub const INSPECT: CommandSpec = CommandSpec {
    path: &["blob", "inspect"],
    usage: "blob inspect [flags] <signature_path>",
    build: |command| {
        command
            .about("Inspect a signature associated with a file")
            .after_help("Example:\n  sealwright blob inspect blob.cose.sig")
            .arg(
                flags::text("output", "string", "output format, options: 'tree' (default), 'json'")
                    .short('o'),
            )
            .arg(flags::positionals("signature_path"))
    },
    check: |values| match flags::positionals_of(values).is_empty() {
        true => Err(CliError::Missing(format!(
            "missing signature path: use `{PROGRAM} blob inspect --help` to see what parameters are required"
        ))),
        false => Ok(()),
    },
    run: |values, session| Box::pin(async move { run(values, session) }),
};

/// A signature file that cannot be shown, in notation's words.
#[derive(Debug, thiserror::Error)]
enum Unshown {
    #[error("failed to read signature file: {0}")]
    File(BoxFault),
    #[error("failed to parse signature: {0}")]
    Envelope(EnvelopeError),
}

impl Fault for Unshown {
    fn code(&self) -> &'static str {
        match self {
            Unshown::File(fault) => fault.code(),
            Unshown::Envelope(error) => error.code(),
        }
    }

    fn because(&self) -> Vec<String> {
        match self {
            Unshown::File(fault) => fault.because(),
            Unshown::Envelope(error) => error.because(),
        }
    }

    fn hint(&self) -> Option<String> {
        match self {
            Unshown::File(fault) => fault.hint(),
            Unshown::Envelope(error) => error.hint(),
        }
    }
}

fn run(values: &ArgMatches, session: &mut Session) -> Done {
    let output = match flags::text_of(values, "output") {
        None | Some("tree") => Output::Text,
        Some("json") => Output::Json,
        Some(other) => return Err(CliError::OutputFormat(other.to_owned()).into()),
    };
    let path = flags::first_of(values);
    let format = signature_format(path)?;
    let bytes = read_signature(path).map_err(|error| Unshown::File(error.into()))?;
    let claims =
        Parsed::read(format, &bytes).and_then(Parsed::claims).map_err(Unshown::Envelope)?;
    let intact = Parsed::read(format, &bytes).and_then(Parsed::check_integrity);
    if let Err(error) = intact {
        session.streams.warn(&format!("what is shown is not what was signed: {error}"));
    }
    let signature = BlobSignature::new(&claims, output);
    let text = match output {
        Output::Text => signature.text(path),
        Output::Json => indented(&signature, "  "),
    };
    Ok(session.streams.text(&text)?)
}
