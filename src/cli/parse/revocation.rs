//! The flags on revocation, and the reading of them.

use std::time::Duration;

use clap::{ArgMatches, Command};

use super::super::error::CliError;
use super::GoDuration;
use super::flags;
use crate::revocation::{Reach, RevocationSettings, SourceRule, Timeouts};
use crate::sign::OwnRule;

const OWN: &str = "check-own-revocation";

/// `--revocation`, `--ocsp-timeout`, `--crl-timeout`, `--require-revocation-source`.
pub fn with_revocation(command: Command) -> Command {
    command
        .arg(
            flags::text(
                "revocation",
                "string",
                "who is asked about revocation, options: 'online' (default), 'offline' (the CRL cache only)",
            )
            .value_parser(reach),
        )
        .arg(flags::duration("ocsp-timeout", "longest time for one OCSP answer (default 2s)"))
        .arg(flags::duration("crl-timeout", "longest time for one CRL (default 5s)"))
        .arg(flags::switch(
            "require-revocation-source",
            "a certificate below the root that names no OCSP or CRL server fails the revocation check",
        ))
}

/// `--check-own-revocation` and the flags of [`with_revocation`].
pub fn with_own_revocation(command: Command) -> Command {
    with_revocation(command.arg(
        flags::text(
            OWN,
            "string",
            "when a signing certificate is revoked or nobody tells its status, options: 'warn' (default), 'fail' (nothing is signed), 'off' (nobody is asked)",
        )
        .value_parser(own_rule),
    ))
}

/// What doubt about the signing chain comes to; none where it is not asked about.
pub fn own_rule_of(values: &ArgMatches) -> Option<OwnRule> {
    values.get_one::<Option<OwnRule>>(OWN).copied().unwrap_or(Some(OwnRule::Warn))
}

pub fn revocation_of(values: &ArgMatches) -> Result<RevocationSettings, CliError> {
    let usual = Timeouts::default();
    Ok(RevocationSettings {
        reach: values.get_one::<Reach>("revocation").copied().unwrap_or(Reach::Servers),
        sources: match flags::is_on(values, "require-revocation-source") {
            true => SourceRule::Required,
            false => SourceRule::Optional,
        },
        timeouts: Timeouts {
            ocsp: time_of(values, "ocsp-timeout")?.unwrap_or(usual.ocsp),
            crl: time_of(values, "crl-timeout")?.unwrap_or(usual.crl),
        },
    })
}

fn time_of(values: &ArgMatches, flag: &'static str) -> Result<Option<Duration>, CliError> {
    let Some(given) = values.get_one::<GoDuration>(flag) else { return Ok(None) };
    let time = given.to_std().filter(|time| !time.is_zero());
    time.map(Some).ok_or(CliError::ServerTimeout { flag })
}

fn own_rule(text: &str) -> Result<Option<OwnRule>, String> {
    match text {
        "warn" => Ok(Some(OwnRule::Warn)),
        "fail" => Ok(Some(OwnRule::Fail)),
        "off" => Ok(None),
        _ => Err("must be 'warn', 'fail' or 'off'".to_owned()),
    }
}

fn reach(text: &str) -> Result<Reach, String> {
    match text {
        "online" => Ok(Reach::Servers),
        "offline" => Ok(Reach::CacheOnly),
        _ => Err("must be 'online' or 'offline'".to_owned()),
    }
}
