//! `inspect`: shows signatures; none of it is a verification.

use clap::ArgMatches;

use super::{CommandSpec, Done};
use crate::cli::error::CliError;
use crate::cli::parse::experimental;
use crate::cli::parse::flags::{self, Output};
use crate::cli::render::inspect::{Inspection, Signature};
use crate::cli::render::json::json;
use crate::cli::render::text::{limit_warning, tag_warning};
use crate::cli::session::Session;
use crate::envelope::{Format, Intact, Parsed};
use crate::fault::printable;
use crate::registry::{Access, FetchedSignature};

pub const INSPECT: CommandSpec = CommandSpec {
    path: &["inspect"],
    usage: "inspect [flags] <reference>",
    build: |command| {
        let command =
            command.about("Inspect all signatures associated with the signed artifact").after_help(
                "Examples:\n  \
                 sealwright inspect <registry>/<repository>@<digest>\n  \
                 sealwright inspect --output json <registry>/<repository>@<digest>",
            );
        let command = experimental::with_layout(
            command,
            "[Experimental] inspect signatures stored in OCI image layout",
        );
        flags::with_logging(flags::with_max_signatures(flags::with_output(flags::with_registry(
            command.arg(flags::positionals("reference")),
        ))))
    },
    check: |values| flags::needs_reference("inspect", values),
    run: |values, session| Box::pin(run(values, session)),
};

async fn run(values: &ArgMatches, session: &mut Session) -> Done {
    experimental::admit("inspect", values, session)?;
    let limit = flags::max_signatures_of(values)?;
    let output = flags::output_of(values)?;
    let world = session.world(values)?;
    let reference = world.reference(flags::first_of(values)).await?;
    let registry = world.registry(&reference, Access::Pull)?;
    let listed = world.signatures(&reference, limit).await?;
    if let Some(warning) = tag_warning("inspect", &reference) {
        session.streams.warn(&warning);
    }
    let mut skipped = false;
    let mut signatures = Vec::new();
    for descriptor in &listed.listing.signatures {
        let digest = printable(&descriptor.digest);
        let fetched = match registry.fetch_signature(&listed.target.digest, descriptor).await {
            Ok(fetched) => fetched,
            Err(error) => {
                skipped = true;
                session
                    .streams
                    .warn(&format!("unable to fetch signature {digest} due to error: {error}"));
                continue;
            }
        };
        match read(&fetched) {
            Ok(intact) => signatures.push(Signature::new(&fetched, &intact, output)),
            Err(error) => {
                skipped = true;
                session
                    .streams
                    .warn(&format!("Skipping signature {digest} because of error: {error}"));
            }
        }
    }
    let by_digest = reference.at(&listed.target.digest).to_string();
    let inspection = Inspection { media_type: listed.target.media_type.clone(), signatures };
    match output {
        Output::Json => session.streams.text(&json(&inspection))?,
        Output::Text if inspection.signatures.is_empty() => {
            session.streams.line(&format!("{by_digest} has no associated signature"))?;
        }
        Output::Text => session.streams.text(&inspection.text(&by_digest))?,
    }
    if listed.listing.exceeded {
        match output {
            // A document on standard output stays one.
            Output::Json => session.streams.warn(&limit_warning(limit)),
            Output::Text => session.streams.line(&format!("Warning: {}", limit_warning(limit)))?,
        }
    }
    if skipped { Err(CliError::SignaturesSkipped.into()) } else { Ok(()) }
}

/// The reason says why a signature cannot be shown.
fn read(fetched: &FetchedSignature) -> Result<Intact, String> {
    let media_type = &fetched.envelope_media_type;
    let format = Format::from_media_type(media_type).ok_or_else(|| {
        format!("signature envelope format with media type {media_type:?} is not supported")
    })?;
    Parsed::read(format, &fetched.envelope)
        .and_then(Parsed::check_integrity)
        .map_err(|error| error.to_string())
}
