//! `cert cleanup-test`: takes away what `cert generate-test` made.

use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use clap::ArgMatches;

use super::{CommandSpec, Done, is_file_name};
use crate::cli::error::CliError;
use crate::cli::local_key::read;
use crate::cli::parse::flags;
use crate::cli::session::Session;
use crate::config::{Dirs, KeySource, SigningKeys};
use crate::fault::{BoxFault, os_reason};
use crate::trust::{StoreType, TrustStoreDir};
use crate::x509::certificates_from_pem_or_der;

pub const CLEANUP_TEST: CommandSpec = CommandSpec {
    path: &["cert", "cleanup-test"],
    usage: "cert cleanup-test [flags] <common_name>",
    build: |command| {
        command
            .about("Clean up a test RSA key and its corresponding certificate")
            .after_help("Example:\n  sealwright cert cleanup-test wabbit-networks.io")
            .arg(flags::switch("yes", "do not prompt for confirmation").short('y'))
            .arg(flags::positionals("common_name"))
    },
    check: |values| match flags::positionals_of(values).is_empty() {
        true => Err(CliError::Missing("missing certificate common_name".to_owned())),
        false => Ok(()),
    },
    run: |values, session| Box::pin(async move { run(values, session) }),
};

fn run(values: &ArgMatches, session: &mut Session) -> Done {
    let name = flags::first_of(values);
    if !is_file_name(name) {
        return Err(CliError::KeyName.into());
    }
    let dirs = session.dirs()?;
    let made = Made::of(name, &dirs);
    made.check()?;
    let keys = SigningKeys::load(&dirs)?;
    let listed = made.listed(&keys);
    if !flags::is_on(values, "yes") {
        for line in made.changes(listed) {
            session.streams.line(&line)?;
        }
        if !session.streams.confirm("Are you sure you want to continue?")? {
            return Ok(());
        }
    }
    let store = session.trust_store()?;
    session.streams.line(&made.leave_the_store(&store)?)?;
    session.streams.line(&made.leave_the_list(keys, listed)?)?;
    session.streams.line(&removed("key file", &made.key)?)?;
    session.streams.line(&removed("certificate file", &made.certificate)?)?;
    Ok(session.streams.line("Cleanup completed successfully")?)
}

/// The things `cert generate-test` makes.
struct Made<'a> {
    name: &'a str,
    key: PathBuf,
    certificate: PathBuf,
    stored: PathBuf,
}

/// What the key list has under the name.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Listed {
    No,
    TestKey,
    /// A key of another place, such as a vault.
    OtherKey,
}

impl<'a> Made<'a> {
    fn of(name: &'a str, dirs: &Dirs) -> Self {
        Self {
            name,
            key: dirs.local_keys().join(format!("{name}.key")),
            certificate: dirs.local_keys().join(format!("{name}.crt")),
            stored: dirs.trust_store().join("x509/ca").join(name).join(format!("{name}.crt")),
        }
    }

    /// Keys that were not made for trying things out lie beside the test keys: a certificate of another
    /// kind is left alone, and so is its key. One that cannot be read is nobody's.
    fn check(&self) -> Result<(), CliError> {
        let Ok(bytes) = read(&self.certificate) else { return Ok(()) };
        let found = certificates_from_pem_or_der(&bytes).unwrap_or_default();
        let Some(leaf) = found.first() else { return Ok(()) };
        let (subject, issuer) = (leaf.subject().to_string(), leaf.issuer().to_string());
        let expected = format!("CN={},O=Notary,L=Seattle,ST=WA,C=US", self.name);
        match subject == expected && issuer == expected {
            true => Ok(()),
            false => Err(CliError::NotATestKey {
                path: self.certificate.display().to_string(),
                subject,
                issuer,
            }),
        }
    }

    fn listed(&self, keys: &SigningKeys) -> Listed {
        match keys.key(self.name).map(|key| key.source()) {
            Err(_) => Listed::No,
            Ok(KeySource::Local { key_path, .. }) if Path::new(key_path) == self.key => {
                Listed::TestKey
            }
            Ok(_) => Listed::OtherKey,
        }
    }

    /// What is said before the question; the last line is empty.
    fn changes(&self, listed: Listed) -> Vec<String> {
        let name = self.name;
        let mut lines = vec![
            format!(
                "The test key {name} and its corresponding certificate will be cleaned up with the following changes:"
            ),
            format!("- Delete certificate {name}.crt from trust store {name} of type ca"),
        ];
        if listed != Listed::OtherKey {
            lines.push(format!("- Remove key {name} from the key list"));
        }
        lines.push(format!("- Delete key file: {}", self.key.display()));
        lines.push(format!("- Delete certificate file: {}", self.certificate.display()));
        lines.push(String::new());
        lines
    }

    fn leave_the_store(&self, store: &TrustStoreDir) -> Result<String, CliError> {
        let (name, file) = (self.name, format!("{}.crt", self.name));
        if is_absent(&self.stored) {
            return Ok(format!(
                "Certificate {file} does not exist in trust store {name} of type ca"
            ));
        }
        store.delete_file(StoreType::Ca, name, &file).map_err(|error| CliError::File {
            what: format!("failed to delete certificate {file} from trust store {name} of type ca"),
            reason: error.to_string(),
        })?;
        Ok(format!("Successfully deleted {file} from trust store {name} of type ca"))
    }

    fn leave_the_list(&self, mut keys: SigningKeys, listed: Listed) -> Result<String, BoxFault> {
        let name = self.name;
        Ok(match listed {
            Listed::No => format!("Key {name} does not exist in the key list"),
            Listed::OtherKey => {
                format!("Key {name} of the key list is no test key and stays there")
            }
            Listed::TestKey => {
                keys.remove(&[name])?;
                keys.save()?;
                format!("Successfully removed key {name} from the key list")
            }
        })
    }
}

fn is_absent(path: &Path) -> bool {
    fs::symlink_metadata(path).is_err_and(|error| error.kind() == ErrorKind::NotFound)
}

/// Deletes a file that may be gone already; the line that says so.
fn removed(what: &str, path: &Path) -> Result<String, CliError> {
    let shown = path.display();
    match fs::remove_file(path) {
        Ok(()) => Ok(format!("Successfully deleted {what}: {shown}")),
        Err(error) if error.kind() == ErrorKind::NotFound => {
            let mut letters = what.chars();
            let first = letters.next().map(|c| c.to_ascii_uppercase()).unwrap_or_default();
            Ok(format!("{first}{} {shown} does not exist", letters.as_str()))
        }
        Err(error) => Err(CliError::File {
            what: format!("failed to delete {what} {shown}"),
            reason: os_reason(&error),
        }),
    }
}
