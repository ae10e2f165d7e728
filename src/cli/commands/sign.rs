//! `sign`

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use clap::ArgMatches;
use futures_util::FutureExt as _;
use tokio::sync::OnceCell;

use super::many::{self, Asked, Finished, Manner, Work};
use super::{CommandSpec, Done};
use crate::batch::{Once, Renewal, sign_once};
use crate::ci::ImageReport;
use crate::cli::artifact_signing;
use crate::cli::error::CliError;
use crate::cli::parse::flags::{self, Output};
use crate::cli::parse::{GoDuration, revocation, value, warn_before};
use crate::cli::render::json::json;
use crate::cli::render::text::tag_warning;
use crate::cli::session::Session;
use crate::cli::signing_key::SigningKey;
use crate::cli::timestamping;
use crate::cli::world::World;
use crate::clock::Clock;
use crate::envelope::{Countersigner, FORMATS, Format, Signer};
use crate::fault::{BoxFault, printable};
use crate::lifetime::WarnBefore;
use crate::registry::{Access, Reference, ReferrersMode};
use crate::revocation::RevocationCheck;
use crate::sign::{OwnRevocation, SignError, SignRequest, Signed};
use crate::timestamp::Stamper;

pub const SIGN: CommandSpec = CommandSpec {
    path: &["sign"],
    usage: "sign [flags] <reference>...",
    build: |command| {
        let command = command
            .about("Sign artifacts")
            .after_help(
                "Examples:\n  \
                 sealwright sign <registry>/<repository>@<digest>\n  \
                 sealwright sign --plugin azure-kv --id <key_id> <registry>/<repository>@<digest>\n  \
                 sealwright sign --recursive <registry>/<repository>@<digest of an index>",
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
                "signing plugin name (required if --id is set): azure-kv, or one that is installed. This is mutually exclusive with the --key flag",
            ))
            .arg(flags::texts(
                "plugin-config",
                "key=value",
                "{key}={value} pairs for the plugin; azure-kv: ca_certs=<file>, self_signed=true, credential_type=<environment|workloadid|managedid|azurecli>",
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
            ))
            .arg(flags::switch(
                "skip-signed",
                "leave alone what carries a signature by the same certificate already, with a timestamp where one is wanted; no trust policy is involved",
            ))
            .arg(flags::duration(
                "renew-before",
                "with --skip-signed: sign again what expires within this time (default 0)",
            ));
        let command = artifact_signing::with_flags(timestamping::with_flags(command));
        let command = revocation::with_own_revocation(command);
        let command = warn_before::with_flag(command).arg(flags::positionals("reference"));
        flags::with_logging(flags::with_output(flags::with_registry(flags::with_recursive(
            flags::with_many(command),
        ))))
    },
    check: |values| {
        flags::needs_reference("sign", values)?;
        SigningKey::check(values)?;
        artifact_signing::check(values)?;
        timestamping::check(values)?;
        if values.contains_id("renew-before") && !flags::is_on(values, "skip-signed") {
            let message =
                "--renew-before says when --skip-signed signs again; give both".to_owned();
            return Err(CliError::FlagGroup(message));
        }
        Ok(())
    },
    run: |values, session| Box::pin(run(values, session)),
};

async fn run(values: &ArgMatches, session: &mut Session) -> Done {
    let manner = Manner::of(values)?;
    let output = manner.output;
    let asked = Asked::of(values, session)?;
    let key = SigningKey::choose(values, &session.dirs()?)?;
    artifact_signing::check_timestamp(&key, values)?;
    for sentence in key.ignored_settings() {
        session.streams.warn(&sentence);
    }
    let world = session.world_with(values, key.credential_type())?;
    world.find_plugin(&key)?;
    let text = match asked {
        Asked::One(text) => text,
        Asked::Several(references) => {
            let work = Signing::of(values, &world, &key, session)?;
            return many::run("sign", &references, &work, &world, manner, session).await;
        }
    };
    let reference = world.reference(&text).await?;
    let work = Signing::of(values, &world, &key, session)?;
    let progress = session.streams.spinner(&format!("Signing {reference}"));
    let finished = work.one(&reference).await;
    progress.finish_and_clear();
    many::say_endings(std::slice::from_ref(&finished.report), session);
    many::say(&finished, output, session)?;
    if let Some(fault) = finished.fault {
        return Err(fault);
    }
    match output {
        Output::Json => Ok(session.streams.text(&json(&finished.report))?),
        Output::Text => Ok(()),
    }
}

/// How all references are signed; the signer is opened once.
struct Signing<'a> {
    world: &'a World,
    key: &'a SigningKey,
    signer: OnceCell<Arc<dyn Signer>>,
    clock: Arc<dyn Clock>,
    format: Format,
    expiry: Option<Duration>,
    user_metadata: BTreeMap<String, String>,
    mode: ReferrersMode,
    renewal: Renewal,
    warn_before: WarnBefore,
    stamper: Option<Stamper>,
    own_revocation: Option<OwnRevocation>,
}

impl<'a> Signing<'a> {
    fn of(
        values: &ArgMatches,
        world: &'a World,
        key: &'a SigningKey,
        session: &Session,
    ) -> Result<Self, BoxFault> {
        let revocation: Arc<dyn RevocationCheck> =
            Arc::new(world.revocation(revocation::revocation_of(values)?));
        let own = revocation::own_rule_of(values);
        Ok(Self {
            world,
            key,
            signer: OnceCell::new(),
            clock: session.clock.clone(),
            format: format(values, world.default_format())?,
            user_metadata: value::pairs("user-metadata", flags::texts_of(values, "user-metadata"))?,
            expiry: expiry(values)?,
            mode: match flags::switch_of(values, "force-referrers-tag") {
                Some(false) => ReferrersMode::Auto,
                Some(true) | None => ReferrersMode::ForceTag,
            },
            renewal: renewal(values)?,
            warn_before: warn_before::warn_before_of(values)?,
            stamper: timestamping::chosen(values)
                .map(|(urls, root)| world.stamper(&urls, root, revocation.clone()))
                .transpose()?,
            own_revocation: own.map(|rule| OwnRevocation::new(rule, revocation)),
        })
    }

    async fn sign(&self, reference: &Reference) -> Result<Once, SignFault> {
        let request = SignRequest {
            reference,
            format: self.format,
            expiry: self.expiry,
            user_metadata: self.user_metadata.clone(),
            mode: self.mode,
            countersigner: self.stamper.as_ref().map(|stamper| stamper as &dyn Countersigner),
            own_revocation: self.own_revocation.as_ref(),
        };
        let before = |error| SignFault { error, resolved: Resolved::No };
        let registry = self.world.registry(reference, Access::PullPush);
        let registry = registry.map_err(|fault| before(SignError::Registry(fault)))?;
        // what the key's settings get wrong is said before anything is asked
        let open = self.world.signer(self.key);
        let open = open.map_err(|fault| before(SignError::Signer(fault)))?;
        let signer = async { self.signer.get_or_try_init(|| open).await.cloned() }.boxed();
        sign_once(&*registry, signer, &*self.clock, &request, self.renewal).await.map_err(|error| {
            let resolved = match error {
                SignError::Resolve(_) => Resolved::No,
                _ => Resolved::Yes,
            };
            SignFault { error, resolved }
        })
    }
}

struct SignFault {
    error: SignError,
    resolved: Resolved,
}

/// Whether the reference led to an artifact: only then a tag is worth a warning.
#[derive(PartialEq, Eq)]
enum Resolved {
    Yes,
    No,
}

#[async_trait::async_trait]
impl Work for Signing<'_> {
    fn access(&self) -> Access {
        Access::PullPush
    }

    async fn one(&self, reference: &Reference) -> Finished {
        let result = self.sign(reference).await;
        let resolved = result.as_ref().err().is_none_or(|error| error.resolved == Resolved::Yes);
        let warning = tag_warning("sign", reference).filter(|_| resolved);
        let mut warnings: Vec<String> = warning.into_iter().collect();
        let (mut report, text, fault) = match result {
            Ok(once) => {
                let mut report = ImageReport::from(&once);
                report.ending(&once.lifetime().endings(self.clock.now(), self.warn_before));
                (report, text(&once), None)
            }
            Err(SignFault { error, .. }) => {
                let report = ImageReport::not_signed(reference, &error);
                (report, String::new(), Some(error.into()))
            }
        };
        warnings.extend(report.warnings.iter().cloned());
        report.used(self.world.provenance(reference));
        Finished { report, warnings, text, fault }
    }
}

fn text(once: &Once) -> String {
    let lines = match once {
        Once::Signed(signed) => pushed(signed),
        Once::Again(signed, insufficient) => {
            let mut lines = vec![format!("Signing again: {insufficient}")];
            lines.extend(pushed(signed));
            lines
        }
        Once::Already(already) => vec![format!("Already signed {}", already.reference)],
    };
    lines.iter().map(|line| printable(line) + "\n").collect()
}

fn pushed(signed: &Signed) -> Vec<String> {
    let by_digest = &signed.reference;
    let signature = by_digest.at(&signed.signature);
    vec![format!("Successfully signed {by_digest}"), format!("Pushed the signature to {signature}")]
}

fn renewal(values: &ArgMatches) -> Result<Renewal, CliError> {
    if !flags::is_on(values, "skip-signed") {
        return Ok(Renewal::Always);
    }
    let ahead = match values.get_one::<GoDuration>("renew-before") {
        Some(given) => given.to_std().ok_or(CliError::RenewBefore)?,
        None => Duration::ZERO,
    };
    Ok(Renewal::WhenEndingWithin(ahead))
}

fn format(values: &ArgMatches, default: Option<&str>) -> Result<Format, CliError> {
    // The flag is taken as it is; the file's value may be in capitals.
    let name = match flags::text_of(values, "signature-format") {
        Some(given) => given.to_owned(),
        None => default.map_or_else(|| Format::Jws.name().to_owned(), str::to_lowercase),
    };
    FORMATS.into_iter().find(|format| format.name() == name).ok_or(CliError::SignatureFormat(name))
}

fn expiry(values: &ArgMatches) -> Result<Option<Duration>, CliError> {
    let Some(given) = values.get_one::<GoDuration>("expiry") else { return Ok(None) };
    if !given.is_negative() && !given.is_whole_seconds() {
        return Err(CliError::FractionalExpiry);
    }
    let expiry = given.to_std().ok_or(CliError::NegativeExpiry)?;
    Ok(Some(expiry).filter(|e| !e.is_zero()))
}
