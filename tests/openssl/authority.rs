//! A certification authority of OpenSSL's: a folder with `openssl ca`'s database, keys and certificates.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// Every command runs in the folder, so that names of files are names only.
pub struct Authority {
    program: PathBuf,
    folder: tempfile::TempDir,
}

/// From long ago to long from now: OpenSSL's clock and the program's are this machine's.
pub const ALWAYS: (&str, &str) = ("20000101000000Z", "20991231235959Z");

pub const P256: &str = "EC -pkeyopt ec_paramgen_curve:P-256";
pub const P384: &str = "EC -pkeyopt ec_paramgen_curve:P-384";
pub const P521: &str = "EC -pkeyopt ec_paramgen_curve:P-521";
pub const RSA: &str = "RSA -pkeyopt rsa_keygen_bits:2048";

/// A certificate wanted.
#[derive(Clone, Copy)]
pub struct Wanted<'a> {
    /// Of the files `NAME.key` and `NAME.pem`, and the common name.
    pub name: &'a str,
    pub issuer: &'a str,
    pub key: &'a str,
    /// Lines of OpenSSL's configuration.
    pub extensions: &'a str,
    pub validity: (&'a str, &'a str),
}

const CONFIGURATION: &str = "\
[ca]
default_ca = own
[own]
database = index.txt
serial = serial
crlnumber = crlnumber
new_certs_dir = .
certificate = root.pem
private_key = root.key
default_md = sha256
policy = any
unique_subject = no
[any]
countryName = supplied
stateOrProvinceName = supplied
organizationName = supplied
commonName = supplied
[req]
distinguished_name = name
[name]
";

pub const CA: &str = "basicConstraints = critical,CA:TRUE
keyUsage = critical,keyCertSign,cRLSign,digitalSignature";

impl Authority {
    /// With a root named `root`; none, and a word about it, where no OpenSSL is named.
    pub fn open(title: &str) -> Option<Self> {
        let program = program(title)?;
        let authority = Self { program, folder: tempfile::tempdir().expect("a folder") };
        for (name, content) in
            [("ca.cnf", CONFIGURATION), ("index.txt", ""), ("serial", "1000"), ("crlnumber", "01")]
        {
            authority.write(name, content);
        }
        authority.issue(Wanted { extensions: CA, ..Wanted::named("root") });
        Some(authority)
    }

    pub fn issue(&self, wanted: Wanted<'_>) {
        let Wanted { name, issuer, key, extensions, validity: (from, to) } = wanted;
        self.write(&format!("{name}.ext"), extensions);
        self.run(&format!("genpkey -algorithm {key} -out {name}.key"));
        self.run(&format!(
            "req -new -config ca.cnf -key {name}.key -subj /C=US/ST=WA/O=Peer/CN={name} -out {name}.csr"
        ));
        let by = match issuer == name {
            true => format!("-selfsign -keyfile {name}.key"),
            false => format!("-cert {issuer}.pem -keyfile {issuer}.key"),
        };
        self.run(&format!(
            "ca -batch -config ca.cnf {by} -in {name}.csr -extfile {name}.ext -notext -out {name}.pem \
             -startdate {from} -enddate {to}"
        ));
    }

    /// Runs `openssl` with these words and returns what it prints.
    #[track_caller]
    pub fn run(&self, words: &str) -> Vec<u8> {
        self.attempt(words).unwrap_or_else(|problem| panic!("{problem}"))
    }

    pub fn attempt(&self, words: &str) -> Result<Vec<u8>, String> {
        let output = self.command(words).output().map_err(|error| error.to_string())?;
        match output.status.success() {
            true => Ok(output.stdout),
            false => Err(format!("openssl {words}: {}", String::from_utf8_lossy(&output.stderr))),
        }
    }

    /// The command, with an environment of its own.
    pub fn command(&self, words: &str) -> Command {
        let mut command = Command::new(&self.program);
        command
            .args(words.split_whitespace())
            .current_dir(self.folder.path())
            .env_clear()
            .env("HOME", self.folder.path())
            .stdin(Stdio::null());
        command
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub fn write(&self, name: &str, content: impl AsRef<[u8]>) {
        std::fs::write(self.path(name), content).expect("written");
    }

    pub fn read(&self, name: &str) -> Vec<u8> {
        std::fs::read(self.path(name)).expect("it was made")
    }

    pub fn text(&self, name: &str) -> String {
        String::from_utf8(self.read(name)).expect("text")
    }
}

impl<'a> Wanted<'a> {
    /// Issued by the root, for a P-256 key, valid always, without extensions.
    pub fn named(name: &'a str) -> Self {
        Self { name, issuer: "root", key: P256, extensions: "", validity: ALWAYS }
    }
}

#[allow(clippy::disallowed_methods)] // the test's own environment, not the program's
fn program(title: &str) -> Option<PathBuf> {
    const VARIABLE: &str = "SEALWRIGHT_OPENSSL";
    let program = std::env::var_os(VARIABLE).map(PathBuf::from);
    if program.is_none() {
        let ci = std::env::var("CI").is_ok_and(|value| value == "true");
        assert!(!ci, "CI may not skip {title}: {VARIABLE} is not set");
        // the harness keeps what macros print to itself
        let words = format!("SKIPPED {title}: set {VARIABLE} to OpenSSL's command line\n");
        let _ = std::io::stderr().write_all(words.as_bytes());
    }
    // it runs in another folder
    program.map(|path| if path.components().count() > 1 { absolute(&path) } else { path })
}

fn absolute(path: &Path) -> PathBuf {
    path.canonicalize().unwrap_or_else(|_| path.to_owned())
}
