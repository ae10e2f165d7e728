//! What the command line itself refuses, in notation's words.

use super::native_plugin::NativePlugin;
use super::parse::PROGRAM;
use crate::fault::{BoxFault, Fault, shell_word};
use crate::registry::ReferenceError;

#[derive(Debug, thiserror::Error)]
pub enum CliError {
    #[error("unknown command {name:?} for {path:?}{}\nRun '{path} --help' for usage.", did_you_mean(.near))]
    UnknownCommand { name: String, path: String, near: Vec<String> },
    #[error("unknown flag: {0}")]
    UnknownFlag(String),
    #[error("unknown shorthand flag: {letter:?} in {cluster}")]
    UnknownShorthand { letter: char, cluster: String },
    #[error("flag needs an argument: {0}")]
    FlagNeedsValue(String),
    #[error("invalid argument {value:?} for {flag:?} flag: {problem}")]
    InvalidValue { value: String, flag: String, problem: String },
    #[error("{0}")]
    Arguments(String),
    /// A positional argument is missing or one too many; each command has its own sentence.
    #[error("{0}")]
    Missing(String),
    #[error("required flag(s) {0} not set")]
    Required(String),
    #[error("{0}")]
    FlagGroup(String),
    #[error("could not parse flag {flag}: key-value pair requires \"=\" as separator")]
    KeyValue { flag: &'static str },
    #[error("max-signatures value {given} must be a positive number")]
    MaxSignatures { given: i64 },
    #[error("concurrency value {given} must be a number from 1 to {most}")]
    Concurrency { given: i64, most: usize },
    #[error("renew-before must be a duration that is not negative")]
    RenewBefore,
    #[error("warn-before must be a duration that is not negative")]
    WarnBefore,
    #[error("{what} names more than {limit} references")]
    ListLength { what: String, limit: usize },
    #[error("{what} is larger than {limit} bytes")]
    ListSize { what: String, limit: u64 },
    #[error(
        "whose signatures to remove is not said: there is no default key, and neither --key, --id nor --signer-thumbprint"
    )]
    NoOwnKey,
    #[error(
        "whose signatures to remove is not known: the plugin tells the certificate of its key only with a signature"
    )]
    CertificateUntold,
    #[error("signer-thumbprint {0:?} is no SHA-256 thumbprint: 64 hexadecimal digits")]
    Thumbprint(String),
    /// Each of them was reported before.
    #[error("{failed} of {total} failed")]
    SomeFailed { failed: usize, total: usize },
    /// Each of them was told before.
    #[error("{failed} of {total} checks failed")]
    ChecksFailed { failed: usize, total: usize },
    #[error("{failed} of {total} {} not removed", if *.total == 1 { "signature was" } else { "signatures were" })]
    NotRemoved { failed: usize, total: usize },
    #[error("unrecognized output format {0}")]
    OutputFormat(String),
    #[error(
        "signature format {0:?} not supported\nSupported signature envelope formats are \"jws\" and \"cose\""
    )]
    SignatureFormat(String),
    #[error("expiry duration cannot be a negative value")]
    NegativeExpiry,
    #[error("expiry duration supports minimum granularity of seconds")]
    FractionalExpiry,
    #[error(
        "certificates of Artifact Signing end after 72 hours, and with them a signature without a timestamp: give --timestamp-url and --timestamp-root-cert"
    )]
    ShortLivedWithoutTimestamp,
    #[error("timeout must be a positive duration")]
    Timeout,
    #[error("{flag} must be a positive duration")]
    ServerTimeout { flag: &'static str },
    #[error("the time limit of {seconds} seconds is over")]
    TimeOver { seconds: u64 },
    /// Not one of the plugins that this program can be.
    #[error("plugin {0:?} is not served: azure-kv is, by `plugin serve azure-kv <command>`")]
    NotServed(String),
    #[error("plugin-config native={0:?} is neither true nor false")]
    NativeSetting(String),
    #[error("the built-in plugin {plugin} {problem}")]
    PluginSetting { plugin: &'static str, problem: String },
    /// `plugin installation failed: …`; the fault keeps its code and its further lines.
    #[error("{action}: {fault}")]
    Plugin { action: String, fault: BoxFault },
    #[error(
        "unable to find plugin {0}.\nTo view a list of installed plugins, use `{PROGRAM} plugin list`"
    )]
    PluginUnknown(String),
    /// `signal` is `SIGINT` or `SIGTERM`.
    #[error("interrupted by {signal}")]
    Interrupted { signal: &'static str },
    #[error(
        "unsupported key {0:?}: signingkeys.json names neither a key file and a certificate file nor a plugin"
    )]
    KeyUnusable(String),
    #[error("{what}: {reason}")]
    File { what: String, reason: String },
    #[error("unsupported store type: {0}")]
    StoreType(String),
    #[error("named store name needs to follow [a-zA-Z0-9_.-]+ format")]
    StoreName,
    #[error("name needs to follow [a-zA-Z0-9_.-]+ format")]
    KeyName,
    #[error(
        "{path} is not the certificate of a test key: its subject is {subject:?} and its issuer {issuer:?}"
    )]
    NotATestKey { path: String, subject: String, issuer: String },
    #[error("RSA key size {0} is not supported: 2048, 3072 or 4096 bits")]
    KeyBits(i64),
    #[error("{what} cannot be made: {reason}")]
    Generate { what: &'static str, reason: String },
    #[error("{0}")]
    Certificates(String),
    #[error("{0}")]
    PolicyAbsent(String),
    #[error("{0} required")]
    CredentialAbsent(&'static str),
    #[error("{0}")]
    Lab(String),
    #[error("the step failed; see the messages above")]
    StepFailed,
    #[error(
        "no credential for {host}: give registry-username and registry-password; only Azure registries are logged in to without them"
    )]
    NothingToLogInWith { host: String },
    #[error("failed to log in to {host}: {fault}")]
    Login { host: String, fault: BoxFault },
    #[error("failed to log in to {host}: failed to validate the credentials for {host}: {fault}")]
    LoginRefused { host: String, fault: BoxFault },
    #[error("failed to log in to {host}: failed to store the credentials for {host}: {fault}")]
    LoginNotStored { host: String, fault: BoxFault },
    #[error("failed to log out of {host}: failed to delete the credential for {host}: {fault}")]
    Logout { host: String, fault: BoxFault },
    /// A tag was written where a digest belongs; `digest` is the reference the tag leads to.
    #[error("{error}")]
    Reference { error: ReferenceError, digest: Option<String> },
    #[error("failed to get manifest descriptor: {0}")]
    Resolve(BoxFault),
    /// Another room's fault, as it is.
    #[error("{0}")]
    Other(BoxFault),
    #[error("at least one signature was skipped and not displayed")]
    SignaturesSkipped,
    #[error("error writing the output: {0}")]
    Output(String),
    #[error("error reading {what}: {reason}")]
    Input { what: &'static str, reason: String },
}

impl CliError {
    /// `required flag(s) "store", "type" not set`.
    pub fn required(names: &[&str]) -> Self {
        let quoted: Vec<String> = names.iter().map(|name| format!("{name:?}")).collect();
        CliError::Required(quoted.join(", "))
    }
}

impl Fault for CliError {
    fn code(&self) -> &'static str {
        match self {
            CliError::UnknownCommand { .. } => "cli-unknown-command",
            CliError::UnknownFlag(_) | CliError::UnknownShorthand { .. } => "cli-unknown-flag",
            CliError::FlagNeedsValue(_) => "cli-flag-needs-value",
            CliError::InvalidValue { .. } | CliError::Arguments(_) => "cli-invalid-argument",
            CliError::Missing(_) => "cli-missing-argument",
            CliError::Required(_) => "cli-required-flag",
            CliError::FlagGroup(_) => "cli-flag-group",
            CliError::KeyValue { .. } => "cli-key-value",
            CliError::MaxSignatures { .. } => "cli-max-signatures",
            CliError::Concurrency { .. } => "cli-concurrency",
            CliError::RenewBefore => "cli-renew-before",
            CliError::WarnBefore => "cli-warn-before",
            CliError::ListLength { .. } | CliError::ListSize { .. } => "cli-list-limit",
            CliError::NoOwnKey => "cli-no-own-key",
            CliError::CertificateUntold => "cli-certificate-untold",
            CliError::Thumbprint(_) => "cli-thumbprint",
            CliError::SomeFailed { .. } => "cli-some-failed",
            CliError::ChecksFailed { .. } => "cli-checks-failed",
            CliError::NotRemoved { .. } => "cli-not-removed",
            CliError::OutputFormat(_) => "cli-output-format",
            CliError::SignatureFormat(_) => "cli-signature-format",
            CliError::NegativeExpiry | CliError::FractionalExpiry => "cli-expiry",
            CliError::ShortLivedWithoutTimestamp => "cli-timestamp-needed",
            CliError::Timeout | CliError::ServerTimeout { .. } => "cli-timeout",
            CliError::TimeOver { .. } => "cli-time-over",
            CliError::NotServed(_) => "cli-plugin-not-served",
            CliError::NativeSetting(_) => "cli-native-setting",
            CliError::PluginSetting { .. } => "cli-plugin-setting",
            CliError::PluginUnknown(_) => "cli-plugin-unknown",
            CliError::Interrupted { .. } => "cli-interrupted",
            CliError::KeyUnusable(_) => "cli-key-unusable",
            CliError::File { .. } => "cli-file",
            CliError::StoreType(_) => "cli-store-type",
            CliError::StoreName => "cli-store-name",
            CliError::KeyName => "cli-key-name",
            CliError::NotATestKey { .. } => "cli-not-a-test-key",
            CliError::KeyBits(_) => "cli-key-bits",
            CliError::Generate { .. } => "cli-generate",
            CliError::Certificates(_) => "cli-certificates",
            CliError::PolicyAbsent(_) => "cli-policy-absent",
            CliError::CredentialAbsent(_) => "cli-credential-absent",
            CliError::Lab(_) => "cli-lab",
            CliError::StepFailed => "cli-step-failed",
            CliError::NothingToLogInWith { .. } => "cli-nothing-to-log-in-with",
            CliError::Login { .. }
            | CliError::LoginRefused { .. }
            | CliError::LoginNotStored { .. } => "cli-login",
            CliError::Logout { .. } => "cli-logout",
            CliError::Reference { error, .. } => error.code(),
            CliError::Plugin { fault, .. } | CliError::Resolve(fault) | CliError::Other(fault) => {
                fault.code()
            }
            CliError::SignaturesSkipped => "cli-signatures-skipped",
            CliError::Output(_) => "cli-output",
            CliError::Input { .. } => "cli-input",
        }
    }

    /// Some texts of notation's have several lines; outside text in these is quoted.
    fn lines(&self) -> Vec<String> {
        let text = self.to_string();
        match self {
            CliError::UnknownCommand { .. }
            | CliError::Missing(_)
            | CliError::SignatureFormat(_)
            | CliError::Certificates(_)
            | CliError::PluginUnknown(_)
            | CliError::PolicyAbsent(_) => text.split('\n').map(str::to_owned).collect(),
            CliError::Plugin { action, fault } => {
                let mut lines = fault.lines();
                if let Some(first) = lines.first_mut() {
                    *first = format!("{action}: {first}");
                }
                lines
            }
            _ => vec![text],
        }
    }

    /// A shell's word for a program that a signal ended is 128 and the signal's number.
    fn exit(&self) -> u8 {
        match self {
            CliError::Interrupted { signal: "SIGTERM" } => 143,
            CliError::Interrupted { .. } => 130,
            _ => 1,
        }
    }

    fn because(&self) -> Vec<String> {
        match self {
            CliError::Login { fault, .. }
            | CliError::LoginRefused { fault, .. }
            | CliError::LoginNotStored { fault, .. }
            | CliError::Logout { fault, .. }
            | CliError::Plugin { fault, .. }
            | CliError::Resolve(fault)
            | CliError::Other(fault) => fault.because(),
            _ => Vec::new(),
        }
    }

    fn hint(&self) -> Option<String> {
        match self {
            CliError::Login { fault, .. }
            | CliError::LoginRefused { fault, .. }
            | CliError::LoginNotStored { fault, .. }
            | CliError::Logout { fault, .. }
            | CliError::Plugin { fault, .. }
            | CliError::Resolve(fault)
            | CliError::Other(fault) => fault.hint(),
            CliError::Reference { error, digest: Some(digest) } => {
                Some(format!("{}\nnow it is {digest}", error.hint()?))
            }
            CliError::Reference { error, digest: None } => error.hint(),
            CliError::NoOwnKey => Some(format!(
                "{PROGRAM} prune --plugin azure-kv --id <key_id> <reference>\n\
                 or by the certificate: {PROGRAM} prune --signer-thumbprint <SHA-256> <reference>"
            )),
            CliError::CertificateUntold => Some(format!(
                "name the certificate: {PROGRAM} prune --signer-thumbprint <SHA-256> <reference>"
            )),
            CliError::Thumbprint(_) => Some(format!(
                "`SHA256 fingerprint` of a signature's first certificate: {PROGRAM} inspect <reference>"
            )),
            CliError::ShortLivedWithoutTimestamp => Some(
                "--timestamp-url http://timestamp.acs.microsoft.com --timestamp-root-cert <file with the authority's root>".to_owned(),
            ),
            CliError::NotATestKey { path, .. } => {
                Some(format!("if nothing needs it any more: rm {}", shell_word(path)))
            }
            CliError::InvalidValue { value, flag, .. } => in_hours(value, flag),
            CliError::PluginUnknown(name) if NativePlugin::named(name).is_some() => {
                Some(format!("{name} is built in, and no other is installed beside it"))
            }
            CliError::NativeSetting(_) | CliError::PluginSetting { .. } => Some(
                "--plugin-config native=false uses the installed plugin in place of the built-in one".to_owned(),
            ),
            CliError::TimeOver { .. } => Some("give it longer: --timeout 30m".to_owned()),
            _ => None,
        }
    }
}

/// Go has no unit for days: what was meant, in hours.
fn in_hours(value: &str, flag: &str) -> Option<String> {
    let (days, unit) = value.split_at(value.find(|c: char| !c.is_ascii_digit())?);
    if !matches!(unit.trim(), "d" | "day" | "days") {
        return None;
    }
    let hours = days.parse::<u32>().ok()?.checked_mul(24)?;
    let flag = flag.rsplit(' ').next().unwrap_or(flag);
    Some(format!("in hours: {flag} {hours}h"))
}

fn did_you_mean(near: &[String]) -> String {
    if near.is_empty() {
        return String::new();
    }
    let mut text = "\n\nDid you mean this?\n".to_owned();
    for name in near {
        text.push_str(&format!("\t{name}\n"));
    }
    text
}
