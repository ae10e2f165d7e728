//! `prune`

mod report;
mod work;

use std::collections::BTreeSet;

use clap::ArgMatches;

use super::many::{Asked, Manner};
use super::{CommandSpec, Done};
use crate::batch::Ended;
use crate::cli::error::CliError;
use crate::cli::parse::flags::{self, Output};
use crate::cli::render::json::json;
use crate::cli::report as complain;
use crate::cli::session::Session;
use crate::cli::signing_key::SigningKey;
use crate::cli::streams::Kind;
use crate::cli::world::World;
use crate::config::trust_policy::{self, LoadError};
use crate::fault::BoxFault;
use crate::revocation::{Checker, RevocationSettings};
use crate::trust::{Policy, TrustStoreDir};
use report::{PruneReport, overview};
use work::{Image, Pruning};

pub const PRUNE: CommandSpec = CommandSpec {
    path: &["prune"],
    usage: "prune [flags] <reference>...",
    build: |command| {
        let command = command
            .about("Remove own signatures that are expired or superseded")
            .long_about(
                "Remove own signatures that are expired or superseded\n\n\
                 Shows what would go and why, and removes it with --yes or when told so at the prompt.\n\n\
                 Own is what the certificate of the key signed, or one that --signer-thumbprint names.\n\
                 Signatures of others, and what cannot be read, are never touched. A signature goes\n\
                 - when its expiry is over, or\n\
                 - when a later own one, by the same certificate or one of the same subject and root,\n  \
                   is good now, lasts as long, has the same format and says all that it says.\n\
                 A later one with a timestamp counts where a tsa store of the trust policy proves it.\n\
                 So the last good one of a signer stays.",
            )
            .after_help(
                "Examples:\n  \
                 sealwright prune <registry>/<repository>@<digest>\n  \
                 sealwright prune --yes --plugin azure-kv --id <key_id> <registry>/<repository>@<digest>\n  \
                 sealwright prune --yes --signer-thumbprint <SHA-256 of the certificate> --file images.txt",
            )
            .arg(
                flags::text(
                    "key",
                    "string",
                    "key of the key list whose certificate's signatures are own (default: the default key)",
                )
                .short('k'),
            )
            .arg(flags::text(
                "id",
                "string",
                "key id whose certificate's signatures are own; with --plugin, instead of --key",
            ))
            .arg(flags::text("plugin", "string", "plugin of --id: azure-kv"))
            .arg(flags::texts(
                "plugin-config",
                "key=value",
                "as for sign: ca_certs=<file>, self_signed=true, credential_type=<name>",
            ))
            .arg(flags::texts(
                "signer-thumbprint",
                "hex",
                "SHA-256 thumbprint of a signing certificate whose signatures are own, as inspect shows it; may be \
                 repeated; no key is needed then",
            ))
            .arg(flags::switch(
                "expired-certificates",
                "also what was signed by an own certificate that is no longer valid, without a timestamp",
            ))
            .arg(flags::switch("yes", "remove without asking").short('y'))
            .arg(flags::positionals("reference"));
        flags::with_logging(flags::with_output(flags::with_registry(flags::with_recursive(
            flags::with_many(command),
        ))))
    },
    check: |values| {
        flags::needs_reference("prune", values)?;
        SigningKey::check(values)
    },
    run: |values, session| Box::pin(run(values, session)),
};

async fn run(values: &ArgMatches, session: &mut Session) -> Done {
    let manner = Manner::of(values)?;
    let references = match Asked::of(values, session)? {
        Asked::One(reference) => vec![reference],
        Asked::Several(references) => references,
    };
    let (world, own) = own(values, session).await?;
    let ended = match flags::is_on(values, "expired-certificates") {
        true => Ended::Remove,
        false => Ended::Keep,
    };
    let clock = session.clock.clone();
    let trust = trust(&world, session)?;
    let pruning = Pruning { world: &world, clock: &*clock, own: &own, ended, trust, manner };
    let mut images = plans(&pruning, &references, session).await?;
    let total: usize = images.iter().map(|image| image.removable().len()).sum();
    let agreed = total > 0 && agreed(values, manner.output, total, session)?;
    if agreed {
        pruning.remove(&mut images).await;
    }
    tell(&images, agreed, manner.output, session)?;
    ended_well(images, total)
}

/// The trust policy, where there is one that can be read: the `tsa` stores it names prove timestamps.
fn trust(
    world: &World,
    session: &mut Session,
) -> Result<Option<(Policy, TrustStoreDir, Checker)>, BoxFault> {
    let policy = match trust_policy::load(&session.dirs()?) {
        Ok(policy) => policy,
        Err(LoadError::NotPresent) => return Ok(None),
        Err(error) => {
            session.streams.warn(&format!("no timestamp counts as proven: {error}"));
            return Ok(None);
        }
    };
    let checker = world.revocation(RevocationSettings::default());
    Ok(Some((policy, session.trust_store()?, checker)))
}

/// The clients, and the thumbprints of the certificates whose signatures are own.
async fn own(
    values: &ArgMatches,
    session: &mut Session,
) -> Result<(World, BTreeSet<String>), BoxFault> {
    let mut own = BTreeSet::new();
    for given in flags::texts_of(values, "signer-thumbprint") {
        own.insert(thumbprint(given)?);
    }
    let names_key = ["key", "id"].iter().any(|name| flags::text_of(values, name).is_some());
    if !own.is_empty() && !names_key {
        return Ok((session.world(values)?, own));
    }
    let key = SigningKey::choose(values, &session.dirs()?).map_err(|fault| match fault.code() {
        "config-no-default-key" => CliError::NoOwnKey.into(),
        _ => fault,
    })?;
    let world = session.world_with(values, key.credential_type())?;
    let signer = world.signer(&key)?.await?;
    let chain = signer.known_chain().ok_or(CliError::CertificateUntold)?;
    own.insert(chain.leaf().thumbprint());
    Ok((world, own))
}

/// 64 hexadecimal digits in either case, also with colons between.
fn thumbprint(given: &str) -> Result<String, CliError> {
    let hex = given.trim().replace(':', "").to_ascii_lowercase();
    match hex.len() == 64 && hex.bytes().all(|b| b.is_ascii_hexdigit()) {
        true => Ok(hex),
        false => Err(CliError::Thumbprint(crate::fault::excerpt(given, 200))),
    }
}

/// Looks at every artifact and shows what it found, in the order given.
async fn plans(
    pruning: &Pruning<'_>,
    references: &[String],
    session: &mut Session,
) -> Result<Vec<Image>, CliError> {
    let mut images: Vec<Image> = Vec::new();
    let mut unwritten = None;
    pruning
        .plan(references, |found| {
            for image in found {
                if images.iter().any(|known| known.is_same(&image)) {
                    continue;
                }
                for warning in &image.warnings {
                    session.streams.warn(warning);
                }
                if let (Output::Text, Ok(plan)) = (pruning.manner.output, &image.plan) {
                    let written = session.streams.text(&overview(plan));
                    unwritten = unwritten.take().or(written.err());
                }
                images.push(image);
            }
        })
        .await;
    unwritten.map_or(Ok(images), Err)
}

/// `--yes`, or a `y` at the prompt. JSON has no prompt, and neither has a pipe.
fn agreed(
    values: &ArgMatches,
    output: Output,
    total: usize,
    session: &mut Session,
) -> Result<bool, CliError> {
    if flags::is_on(values, "yes") {
        return Ok(true);
    }
    if output == Output::Json || session.streams.stdin_kind() == Kind::Pipe {
        return Ok(false);
    }
    session.streams.confirm(&format!("Are you sure you want to remove {}?", signatures(total)))
}

fn tell(
    images: &[Image],
    agreed: bool,
    output: Output,
    session: &mut Session,
) -> Result<(), CliError> {
    // the one failure of the one artifact ends the command
    if images.len() > 1 {
        for fault in images.iter().filter_map(|image| image.plan.as_ref().err()) {
            complain(&mut session.streams, &**fault);
        }
    }
    for removal in images.iter().filter_map(|image| image.removal.as_ref()) {
        for warning in &removal.warnings {
            session.streams.warn(warning);
        }
        let faults = removal.signatures.iter().filter_map(|(_, fault)| fault.as_ref());
        for fault in faults.chain(&removal.index) {
            complain(&mut session.streams, &**fault);
        }
    }
    if output == Output::Json {
        return session.streams.text(&json(&PruneReport::of(images)));
    }
    let mut gone = 0;
    for image in images {
        for reference in image.removed() {
            gone += 1;
            session.streams.line(&format!("Removed {reference}"))?;
        }
    }
    let total: usize = images.iter().map(|image| image.removable().len()).sum();
    match (total, agreed) {
        (0, _) => session.streams.line("Nothing to remove"),
        (_, true) => session.streams.line(&format!("{gone} of {} removed", signatures(total))),
        (_, false) => session.streams.line(&format!(
            "{} would go; nothing was removed. To remove what is shown: --yes",
            signatures(total)
        )),
    }
}

fn ended_well(images: Vec<Image>, total: usize) -> Done {
    let not_removed: usize = images.iter().map(Image::not_removed).sum();
    if not_removed > 0 {
        return Err(CliError::NotRemoved { failed: not_removed, total }.into());
    }
    let (failed, total) = (images.iter().filter(|image| image.has_failed()).count(), images.len());
    if failed > 0 && total > 1 {
        return Err(CliError::SomeFailed { failed, total }.into());
    }
    images.into_iter().try_for_each(|image| image.plan.map(drop))
}

fn signatures(count: usize) -> String {
    format!("{count} {}", if count == 1 { "signature" } else { "signatures" })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thumbprints_are_read_as_tools_show_them() {
        let plain = "ab".repeat(32);
        let colons = vec!["AB"; 32].join(":");
        for given in [plain.as_str(), &plain.to_uppercase(), &colons] {
            assert_eq!(thumbprint(given).expect("a thumbprint"), plain);
        }
        // SHA-1, as portals show it
        for given in ["", &"ab".repeat(20), &"xy".repeat(32)] {
            assert!(matches!(thumbprint(given), Err(CliError::Thumbprint(_))), "{given}");
        }
    }
}
