//! `list`, `ls`

use clap::ArgMatches;

use super::{CommandSpec, Done};
use crate::cli::parse::experimental;
use crate::cli::parse::flags::{self, Output};
use crate::cli::render::json::json;
use crate::cli::render::outcome::ListReport;
use crate::cli::render::text::{limit_warning, tag_warning};
use crate::cli::render::tree::Node;
use crate::cli::session::Session;
use crate::registry::SIGNATURE_ARTIFACT_TYPE;

pub const LIST: CommandSpec = CommandSpec {
    path: &["list"],
    usage: "list [flags] <reference>",
    build: |command| {
        let command = command
            .visible_alias("ls")
            .about("List signatures of the signed artifact")
            .after_help("Example:\n  sealwright list <registry>/<repository>@<digest>");
        let command = experimental::with_layout(
            command,
            "[Experimental] list signatures stored in OCI image layout",
        );
        flags::with_logging(flags::with_max_signatures(flags::with_output(flags::with_registry(
            command.arg(flags::positionals("reference")),
        ))))
    },
    check: |values| flags::needs_reference("list", values),
    run: |values, session| Box::pin(run(values, session)),
};

async fn run(values: &ArgMatches, session: &mut Session) -> Done {
    experimental::admit("list", values, session)?;
    let limit = flags::max_signatures_of(values)?;
    let output = flags::output_of(values)?;
    let world = session.world(values)?;
    let reference = world.reference(flags::first_of(values)).await?;
    let listed = world.signatures(&reference, limit).await?;
    if let Some(warning) = tag_warning("list", &reference) {
        session.streams.warn(&warning);
    }
    let by_digest = reference.at(&listed.target.digest).to_string();
    let digests: Vec<String> = listed.listing.signatures.iter().map(|s| s.digest.clone()).collect();
    if output == Output::Json {
        let report = ListReport {
            image: by_digest,
            signatures: digests,
            complete: !listed.listing.exceeded,
        };
        return Ok(session.streams.text(&json(&report))?);
    }
    if digests.is_empty() {
        return Ok(session.streams.line(&format!("{by_digest} has no associated signature"))?);
    }
    let tree = Node::new(by_digest)
        .with(Node::new(SIGNATURE_ARTIFACT_TYPE).with_all(digests.iter().map(Node::new)));
    session.streams.text(&tree.render())?;
    if listed.listing.exceeded {
        session.streams.line(&format!("Warning: {}", limit_warning(limit)))?;
    }
    Ok(())
}
