//! `verify`

use std::collections::BTreeMap;
use std::sync::Arc;

use clap::ArgMatches;

use super::many::{self, Asked, Finished, Manner, Work};
use super::{CommandSpec, Done};
use crate::ci::ImageReport;
use crate::cli::parse::flags::{self, Output};
use crate::cli::parse::{experimental, revocation, value, warn_before};
use crate::cli::render::json::json;
use crate::cli::render::table::table;
use crate::cli::render::text::tag_warning;
use crate::cli::session::Session;
use crate::cli::world::World;
use crate::clock::Clock;
use crate::config::trust_policy;
use crate::fault::printable;
use crate::lifetime::WarnBefore;
use crate::registry::{Access, Reference};
use crate::revocation::Checker;
use crate::trust::{Policy, TrustStoreDir};
use crate::verify::{Outcome, Verdict, VerificationPlugins, VerifyError, VerifyRequest, verify};

pub const VERIFY: CommandSpec = CommandSpec {
    path: &["verify"],
    usage: "verify [flags] <reference>...",
    build: |command| {
        let command = command
            .about("Verify OCI artifacts")
            .long_about(
                "Verify OCI artifacts\n\n\
                 Prerequisite: added a certificate into trust store and created a trust policy.",
            )
            .after_help("Example:\n  sealwright verify <registry>/<repository>@<digest>")
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
        let command = revocation::with_revocation(command.arg(flags::positionals("reference")));
        let command = experimental::with_scope(experimental::with_layout(
            command,
            "[Experimental] verify the artifact stored as OCI image layout",
        ));
        let command = warn_before::with_flag(command);
        flags::with_logging(flags::with_max_signatures(flags::with_output(flags::with_registry(
            flags::with_recursive(flags::with_many(command)),
        ))))
    },
    check: |values| flags::needs_reference("verify", values),
    run: |values, session| Box::pin(run(values, session)),
};

async fn run(values: &ArgMatches, session: &mut Session) -> Done {
    experimental::admit("verify", values, session)?;
    let max_signatures = flags::max_signatures_of(values)?;
    let manner = Manner::of(values)?;
    let output = manner.output;
    let asked = Asked::of(values, session)?;
    let policy = trust_policy::load(&session.dirs()?)?;
    experimental::check_scope_of(values)?;
    let store = session.trust_store()?;
    let world = session.world(values)?;
    let config = value::pairs("plugin-config", flags::texts_of(values, "plugin-config"))?;
    let user_metadata = value::pairs("user-metadata", flags::texts_of(values, "user-metadata"))?;
    let clock = session.clock.clone();
    let revocation = world.revocation(revocation::revocation_of(values)?);
    let warn_before = warn_before::warn_before_of(values)?;
    let work = Verifying {
        world: &world,
        policy,
        store,
        revocation,
        plugins: world.verification_plugins(config),
        clock,
        max_signatures,
        user_metadata,
        warn_before,
    };
    let text = match asked {
        Asked::One(text) => text,
        Asked::Several(references) => {
            return many::run("verify", &references, &work, &world, manner, session).await;
        }
    };
    let reference = world.reference(&text).await?;
    let progress = session.streams.spinner(&format!("Verifying {reference}"));
    let finished = work.one(&reference).await;
    progress.finish_and_clear();
    many::say_endings(std::slice::from_ref(&finished.report), session);
    many::say(&finished, output, session)?;
    if output == Output::Json {
        session.streams.text(&json(&finished.report))?;
    }
    finished.fault.map_or(Ok(()), Err)
}

/// What all references are held against.
struct Verifying<'a> {
    world: &'a World,
    policy: Policy,
    store: TrustStoreDir,
    revocation: Checker,
    plugins: VerificationPlugins,
    clock: Arc<dyn Clock>,
    max_signatures: usize,
    user_metadata: BTreeMap<String, String>,
    warn_before: WarnBefore,
}

#[async_trait::async_trait]
impl Work for Verifying<'_> {
    fn access(&self) -> Access {
        Access::Pull
    }

    async fn one(&self, reference: &Reference) -> Finished {
        let registry = match self.world.registry(reference, Access::Pull) {
            Ok(registry) => registry,
            Err(fault) => {
                let report = ImageReport::failed(reference, &*fault);
                let fault = Some(fault);
                return Finished { report, warnings: Vec::new(), text: String::new(), fault };
            }
        };
        let request = VerifyRequest {
            reference,
            max_signatures: self.max_signatures,
            user_metadata: self.user_metadata.clone(),
        };
        let result = verify(
            &*registry,
            &self.policy,
            &self.store,
            &self.revocation,
            &self.plugins,
            &*self.clock,
            &request,
        )
        .await;
        let resolved = !matches!(result, Err(VerifyError::Resolve(_)));
        let warning = tag_warning("verify", reference).filter(|_| resolved);
        let mut warnings: Vec<String> = warning.into_iter().collect();
        let (mut report, text, fault) = match result {
            Ok(outcome) => {
                warnings.extend(outcome.warnings());
                let mut report = ImageReport::from(&outcome);
                if let Some(lifetime) = &outcome.lifetime {
                    report.ending(&lifetime.endings(self.clock.now(), self.warn_before));
                }
                let text = text(&outcome, &report);
                (report, text, None)
            }
            Err(error) => {
                let report = ImageReport::not_verified(reference, &error);
                (report, String::new(), Some(error.into()))
            }
        };
        report.used(self.world.provenance(reference));
        Finished { report, warnings, text, fault }
    }
}

fn text(outcome: &Outcome, report: &ImageReport) -> String {
    let reference = printable(&outcome.reference.to_string());
    match outcome.verdict {
        Verdict::Skipped => {
            format!("Trust policy is configured to skip signature verification for {reference}\n")
        }
        Verdict::Verified(_) => {
            let mut text = format!("Successfully verified signature for {reference}\n");
            let metadata = report.user_metadata.iter();
            let rows: Vec<[String; 2]> = metadata.map(|(k, v)| [k.clone(), v.clone()]).collect();
            if !rows.is_empty() {
                text.push_str(&format!(
                    "\nThe artifact was signed with the following user metadata.\n\n{}",
                    table(["KEY", "VALUE"], &rows)
                ));
            }
            text
        }
    }
}
