//! `key add` of a private key and its chain: files that stay where they are, or variables of the
//! environment that become files.

use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use clap::{ArgMatches, Command};
use zeroize::Zeroizing;

use super::Done;
use crate::cli::error::CliError;
use crate::cli::local_key::{read, write_new};
use crate::cli::parse::flags;
use crate::cli::session::Session;
use crate::config::{MarkDefault, SigningKey, SigningKeys};
use crate::crypto::{KeyError, PrivateKey};
use crate::envelope::{LocalSigner, Signer as _, SignerError};
use crate::fault::{BoxFault, Fault, os_reason};
use crate::secret::Secret;
use crate::trust::is_store_name;
use crate::x509::certificates_from_pem_or_der;

const KEY_FILE: &str = "key-file";
const KEY_ENV: &str = "key-env";
const CERT_FILE: &str = "cert-file";
const CERT_ENV: &str = "cert-env";

/// Largest value of a variable that is read: 1 MiB, as of a file.
const LIMIT: usize = 1024 * 1024;

#[derive(Debug, thiserror::Error)]
pub enum LocalKeyError {
    /// The name is not repeated: whoever mistakes name and value has put the value there.
    #[error("the environment variable that --{flag} names is not set")]
    NotSet { flag: &'static str },
    #[error("{place} is neither PEM text nor base64 of PEM text")]
    Encoding { place: String },
    #[error("{place} has more than {LIMIT} bytes")]
    TooLarge { place: String },
    #[error("{place}: {error}")]
    Key { place: String, error: KeyError },
    #[error("{place}: {reason}")]
    Certificates { place: String, reason: String },
    /// Key and chain do not go together, or the chain breaks the rules.
    #[error("{0}")]
    Pair(SignerError),
}

impl Fault for LocalKeyError {
    fn code(&self) -> &'static str {
        match self {
            Self::NotSet { .. } => "cli-key-variable-not-set",
            Self::Encoding { .. } => "cli-key-encoding",
            Self::TooLarge { .. } => "cli-key-too-large",
            Self::Key { error, .. } => error.code(),
            Self::Certificates { .. } => "cli-key-certificates",
            Self::Pair(error) => error.code(),
        }
    }

    fn hint(&self) -> Option<String> {
        match self {
            Self::NotSet { flag } => {
                Some(format!("give the variable's name, not its value: --{flag} SIGNING_KEY"))
            }
            Self::Encoding { .. } => Some("base64 -w0 <file>".to_owned()),
            Self::Key { error, .. } => error.hint(),
            Self::Pair(SignerError::Chain(error)) => error.hint(),
            Self::Certificates { .. } | Self::Pair(_) => Some(
                "PEM, the certificate of the key first and its root last: cat leaf.pem intermediate.pem root.pem > chain.pem"
                    .to_owned(),
            ),
            Self::TooLarge { .. } => None,
        }
    }
}

/// `--key-file`, `--cert-file`, `--key-env`, `--cert-env`.
pub fn with_local_key(command: Command) -> Command {
    command
        .arg(flags::text(KEY_FILE, "path", "private key in PEM, unencrypted; it stays where it is"))
        .arg(flags::text(CERT_FILE, "path", "certificate chain of that key in PEM, leaf first"))
        .arg(flags::text(
            KEY_ENV,
            "name",
            "environment variable with the private key: PEM, or base64 of PEM; it is written below localkeys",
        ))
        .arg(flags::text(
            CERT_ENV,
            "name",
            "environment variable with the certificate chain: PEM, or base64 of PEM",
        ))
}

/// Whether any of the flags was given.
pub fn is_asked(values: &ArgMatches) -> bool {
    [KEY_FILE, KEY_ENV, CERT_FILE, CERT_ENV].iter().any(|f| flags::text_of(values, f).is_some())
}

/// One private key and one chain, and nothing of a plugin's.
pub fn check(values: &ArgMatches) -> Result<(), CliError> {
    flags::exclusive(values, &[KEY_ENV, KEY_FILE])?;
    flags::exclusive(values, &[CERT_ENV, CERT_FILE])?;
    for own in [KEY_FILE, KEY_ENV, CERT_FILE, CERT_ENV] {
        for other in ["id", "plugin", "plugin-config"] {
            flags::exclusive(values, &[other, own])?;
        }
    }
    let given = |names: [&str; 2]| names.iter().any(|name| flags::text_of(values, name).is_some());
    let missing = match (given([KEY_FILE, KEY_ENV]), given([CERT_FILE, CERT_ENV])) {
        (true, false) => "the private key needs its certificate chain: --cert-file or --cert-env",
        (false, true) => "the certificate chain needs its private key: --key-file or --key-env",
        _ => return Ok(()),
    };
    Err(CliError::FlagGroup(missing.to_owned()))
}

pub fn run(values: &ArgMatches, session: &mut Session) -> Done {
    let name = flags::first_of(values);
    let dirs = session.dirs()?;
    let mut keys = SigningKeys::load(&dirs)?;
    let own = |ending| dirs.local_keys().join(format!("{name}.{ending}"));
    let key = Part::read(values, [KEY_FILE, KEY_ENV], own("key"), session)?;
    let chain = Part::read(values, [CERT_FILE, CERT_ENV], own("crt"), session)?;
    if (key.is_new || chain.is_new) && !is_store_name(name) {
        return Err(CliError::KeyName.into());
    }
    let mark = match flags::is_on(values, "default") {
        true => MarkDefault::Yes,
        false => MarkDefault::No,
    };
    keys.add(SigningKey::local(name, shown(&key.path), shown(&chain.path)), mark)?;
    let signer = pair(&key, &chain)?;
    if !key.is_new {
        warn_of_readers(&key.path, session);
    }
    for sentence in signer.advice(signer.chain()) {
        session.streams.warn(&sentence);
    }
    if let Err(error) = signer.chain().check_valid_at(session.clock.now()) {
        session.streams.warn(&error.to_string());
    }
    let lines = install(&key, &chain, &signer, &keys)?;
    for line in lines {
        session.streams.line(&line)?;
    }
    Ok(session.streams.line(&match mark {
        MarkDefault::Yes => format!("{name}: marked as default"),
        MarkDefault::No => name.to_owned(),
    })?)
}

/// A private key or a chain as it was given.
struct Part {
    bytes: Zeroizing<Vec<u8>>,
    /// For messages.
    place: String,
    /// Where `sign` will find it.
    path: PathBuf,
    /// It came from a variable and is yet to be written.
    is_new: bool,
}

impl Part {
    /// `flags` are those of a file and of a variable; `own` is where a variable's value goes.
    fn read(
        values: &ArgMatches,
        [file, variable]: [&'static str; 2],
        own: PathBuf,
        session: &Session,
    ) -> Result<Self, BoxFault> {
        if let Some(path) = flags::text_of(values, file) {
            let bytes = Zeroizing::new(read(Path::new(path))?);
            let path = absolute(path)?;
            return Ok(Self { bytes, place: shown(&path), path, is_new: false });
        }
        let place = format!("the environment variable of --{variable}");
        let name = flags::text_of(values, variable).unwrap_or_default();
        let value = session.env.value(name);
        let value = value.ok_or(LocalKeyError::NotSet { flag: variable })?;
        let bytes = text_of(value, &place)?;
        Ok(Self { bytes, place, path: own, is_new: true })
    }
}

/// Writes what came from variables, the key's mode 0600, and the list; nothing is overwritten, and all of
/// it is taken back where a part fails.
fn install(
    key: &Part,
    chain: &Part,
    signer: &LocalSigner,
    keys: &SigningKeys,
) -> Result<Vec<String>, BoxFault> {
    let mut written: Vec<&Path> = Vec::new();
    let mut lines = Vec::new();
    let mut write = || -> Result<(), BoxFault> {
        if key.is_new {
            let text = private_key(key)?.pkcs8_pem()?;
            write_new("failed to write key file", &key.path, text.expose().as_bytes(), 0o600)?;
            written.push(&key.path);
            lines.push(format!("wrote key: {}", shown(&key.path)));
        }
        if chain.is_new {
            let unix = pem::EncodeConfig::new().set_line_ending(pem::LineEnding::LF);
            let block = |der| pem::encode_config(&pem::Pem::new("CERTIFICATE", der), unix);
            let certificates = signer.chain().certificates().iter();
            let text: String = certificates.map(|c| block(c.der())).collect();
            let what = "failed to write certificate file";
            write_new(what, &chain.path, text.as_bytes(), 0o644)?;
            written.push(&chain.path);
            lines.push(format!("wrote certificate: {}", shown(&chain.path)));
        }
        Ok(keys.save()?)
    };
    let done = write();
    if done.is_err() {
        for path in written {
            // the first error is the one to tell
            let _ = std::fs::remove_file(path);
        }
    }
    done.map(|()| lines)
}

/// The PEM text of a variable.
fn text_of(value: &str, place: &str) -> Result<Zeroizing<Vec<u8>>, LocalKeyError> {
    if value.len() > LIMIT {
        return Err(LocalKeyError::TooLarge { place: place.to_owned() });
    }
    if value.contains(PEM_BEGIN) {
        return Ok(Zeroizing::new(value.as_bytes().to_vec()));
    }
    let packed: Zeroizing<String> =
        Zeroizing::new(value.chars().filter(|c| !c.is_ascii_whitespace()).collect());
    let bytes = STANDARD.decode(packed.as_bytes()).map(Zeroizing::new).ok();
    let is_pem = |bytes: &Zeroizing<Vec<u8>>| {
        bytes.windows(PEM_BEGIN.len()).any(|window| window == PEM_BEGIN.as_bytes())
    };
    bytes.filter(is_pem).ok_or_else(|| LocalKeyError::Encoding { place: place.to_owned() })
}

const PEM_BEGIN: &str = "-----BEGIN ";

fn private_key(part: &Part) -> Result<PrivateKey, LocalKeyError> {
    let refused = |error| LocalKeyError::Key { place: part.place.clone(), error };
    let text = std::str::from_utf8(&part.bytes).map_err(|_| refused(KeyError::Missing))?;
    PrivateKey::from_pem(&Secret::new(text)).map_err(refused)
}

/// The key with its chain: it is unencrypted, belongs to the leaf, and the chain keeps the rules.
fn pair(key: &Part, chain: &Part) -> Result<LocalSigner, BoxFault> {
    let key = private_key(key)?;
    let refused = |reason| LocalKeyError::Certificates { place: chain.place.clone(), reason };
    let certificates =
        certificates_from_pem_or_der(&chain.bytes).map_err(|error| refused(error.to_string()))?;
    if certificates.is_empty() {
        return Err(refused("it holds no certificate".to_owned()).into());
    }
    Ok(LocalSigner::new(key, certificates).map_err(LocalKeyError::Pair)?)
}

#[cfg(unix)]
fn warn_of_readers(key: &Path, session: &mut Session) {
    use std::os::unix::fs::PermissionsExt as _;

    use crate::fault::shell_word;

    let Ok(found) = std::fs::metadata(key) else { return };
    let mode = found.permissions().mode() & 0o777;
    if mode & 0o077 != 0 {
        session.streams.warn(&format!(
            "others than its owner have rights on the key file (mode {mode:04o}): chmod 600 {}",
            shell_word(&shown(key))
        ));
    }
}

#[cfg(not(unix))]
fn warn_of_readers(_key: &Path, _session: &mut Session) {}

/// signingkeys.json is read from anywhere.
fn absolute(path: &str) -> Result<PathBuf, CliError> {
    std::path::absolute(path)
        .map_err(|error| CliError::File { what: format!("open {path}"), reason: os_reason(&error) })
}

fn shown(path: &Path) -> String {
    path.display().to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_variable_is_bounded() {
        let long = format!("{PEM_BEGIN}{}", "x".repeat(LIMIT));
        let error = text_of(&long, "the environment variable of --key-env").expect_err("too long");
        assert_eq!(error.code(), "cli-key-too-large");
        assert!(!error.to_string().contains("xx"));
    }
}
