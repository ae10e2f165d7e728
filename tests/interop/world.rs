//! What a test works in: keys, trust, two registries; all in a temporary folder and on loopback.

use std::fs;
use std::io::Cursor;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use sealwright::cli::{Streams, run_at};
use sealwright::clock::Clock;
use serde_json::{Value, json};

use crate::cell::{self, Registry};
use crate::peer::{self, Served};
use crate::program::Sink;

pub struct World {
    pub peer: PathBuf,
    folder: tempfile::TempDir,
    with_api: Served,
    tags_only: Served,
}

impl World {
    /// None, and a word about it, when the peer has not been built.
    pub fn open(title: &str) -> Option<Self> {
        let Some(peer) = peer::program() else {
            skipped(title, "build tests/peers first (tests/peers/build needs Go)");
            return None;
        };
        Some(Self::build(peer).unwrap_or_else(|problem| panic!("{title}: {problem}")))
    }

    fn build(peer: PathBuf) -> Result<Self, String> {
        let folder = tempfile::tempdir().map_err(|e| e.to_string())?;
        let with_api = Served::start(&peer, &["--kind", "ggcr", "--oci-subject"])?;
        let tags_only = Served::start(&peer, &["--kind", "distribution", "--delete"])?;
        let world = Self { peer, folder, with_api, tags_only };
        world.write_files()?;
        Ok(world)
    }

    /// Notation's configuration directory, which both programs read.
    pub fn config(&self) -> PathBuf {
        self.folder.path().join("config")
    }

    /// `key.pem` and `chain.pem` are in here.
    pub fn chain(&self, name: &str) -> PathBuf {
        self.folder.path().join("chains").join(name)
    }

    pub fn address(&self, registry: Registry) -> &str {
        match registry {
            Registry::ReferrersApi => &self.with_api.address,
            Registry::TagSchema => &self.tags_only.address,
        }
    }

    /// Pushes one random image; `registry/repository@digest`.
    pub fn image(&self, registry: Registry, repository: &str) -> Result<String, String> {
        let mut images = self.images(&[(registry, repository.to_owned())])?;
        images.pop().ok_or_else(|| "push-image printed nothing".to_owned())
    }

    /// Pushes a random image to each repository.
    pub fn images(&self, repositories: &[(Registry, String)]) -> Result<Vec<String>, String> {
        let mut arguments = vec!["push-image".to_owned()];
        for (registry, repository) in repositories {
            arguments.push(format!("{}/{repository}:v1", self.address(*registry)));
        }
        let answer = peer::run(&self.peer, &arguments, &[])?.succeeds()?;
        Ok(answer.stdout.lines().map(str::to_owned).collect())
    }

    /// A path of its own for a test's files.
    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Runs sealwright as a user with this world's configuration and nothing else.
    pub fn sealwright(&self, arguments: &[String]) -> Result<peer::Answer, String> {
        let environment = self.environment();
        let environment: Vec<_> =
            environment.iter().map(|(name, p)| (*name, p.as_path())).collect();
        peer::run(sealwright(), arguments, &environment)
    }

    /// The same with what notation calls experimental.
    pub fn experimental(&self, arguments: &[String]) -> Result<peer::Answer, String> {
        let environment = self.environment();
        let mut environment: Vec<_> =
            environment.iter().map(|(name, p)| (*name, p.as_path())).collect();
        environment.push(("NOTATION_EXPERIMENTAL", Path::new("1")));
        peer::run(sealwright(), arguments, &environment)
    }

    /// The same in this process, whose clock may say what it likes.
    pub fn sealwright_at(
        &self,
        clock: Arc<dyn Clock>,
        arguments: &[String],
    ) -> Result<String, String> {
        let pairs = self.environment();
        let pairs =
            pairs.iter().map(|(name, path)| ((*name).to_owned(), path.display().to_string()));
        let (stdout, stderr) = (Sink::default(), Sink::default());
        let streams = Streams::piped(Cursor::new(Vec::new()), stdout.clone(), stderr.clone());
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        let runtime = runtime.map_err(|e| e.to_string())?;
        let code = runtime.block_on(run_at(arguments.to_vec(), pairs.collect(), streams, clock));
        match code {
            0 => Ok(stdout.text()),
            _ => Err(format!("{arguments:?}\n[exit {code}]\n{}{}", stdout.text(), stderr.text())),
        }
    }

    fn environment(&self) -> [(&'static str, PathBuf); 4] {
        let home = self.folder.path().join("home");
        [
            ("DOCKER_CONFIG", home.join(".docker")),
            ("NOTATION_CONFIG", self.config()),
            ("PATH", home.join("bin")),
            ("HOME", home),
        ]
    }

    /// Chains that were valid between these times (RFC 3339); from now on they are the keys there are, and
    /// their roots are trusted. The folder they are in.
    pub fn chains_of_the_past(
        &self,
        from: &str,
        to: &str,
        chains: &[(&str, u8)],
    ) -> Result<PathBuf, String> {
        let out = self.folder.path().join("past");
        let mut keys = Vec::new();
        for (suite, length) in chains {
            let validity = [format!("--not-before={from}"), format!("--not-after={to}")];
            self.write_chain(&out, suite, &length.to_string(), &validity)?;
            let name = format!("{suite}-{length}");
            keys.push(self.key(&out.join(&name), &name, "past")?);
        }
        write_json(&self.config().join("signingkeys.json"), &json!({ "keys": keys }))?;
        Ok(out)
    }

    /// From now on the policy asks for a timestamp of the authority with this root; the root's path.
    pub fn trust_timestamps(&self, root: &str, rule: &str) -> Result<String, String> {
        let store = self.config().join("truststore/x509/tsa/clock");
        let path = store.join("root.pem");
        fs::create_dir_all(&store)
            .and_then(|()| fs::write(&path, root))
            .map_err(|e| format!("{}: {e}", path.display()))?;
        let verification = json!({ "level": "strict", "verifyTimestamp": rule });
        self.write_policy(&verification, &["ca:peers", "tsa:clock"])?;
        Ok(path.display().to_string())
    }

    /// The entry of signingkeys.json for a chain, whose root is trusted from now on.
    fn key(&self, chain: &Path, name: &str, kind: &str) -> Result<Value, String> {
        let root = chain.join("root.pem");
        let store = self.config().join("truststore/x509/ca/peers");
        fs::copy(&root, store.join(format!("{kind}-{name}.pem")))
            .map_err(|e| format!("{}: {e}", root.display()))?;
        let (key, chain) = (chain.join("key.pem"), chain.join("chain.pem"));
        Ok(json!({ "name": name, "keyPath": key, "certPath": chain }))
    }

    fn write_files(&self) -> Result<(), String> {
        let home = self.folder.path().join("home");
        let store = self.config().join("truststore/x509/ca/peers");
        for folder in [home.join("bin"), store] {
            fs::create_dir_all(&folder).map_err(|e| format!("{}: {e}", folder.display()))?;
        }
        self.write_chains()?;

        let mut keys = Vec::new();
        for (suite, length) in cell::chains() {
            let name = format!("{suite}-{length}");
            keys.push(self.key(&self.chain(&name), &name, "now")?);
        }
        write_json(&self.config().join("signingkeys.json"), &json!({ "keys": keys }))?;
        self.write_policy(&json!({ "level": "strict" }), &["ca:peers"])
    }

    fn write_policy(&self, verification: &Value, stores: &[&str]) -> Result<(), String> {
        let policy = json!({
            "version": "1.0",
            "trustPolicies": [{
                "name": "peers",
                "registryScopes": ["*"],
                "signatureVerification": verification,
                "trustStores": stores,
                "trustedIdentities": ["x509.subject: C=US, ST=WA, O=Peer\\, Inc."],
            }],
        });
        write_json(&self.config().join("trustpolicy.json"), &policy)
    }

    fn write_chains(&self) -> Result<(), String> {
        let suites = cell::SUITES.map(|(name, _)| name).join(",");
        self.write_chain(&self.chain(""), &suites, "1,2,3", &[])
    }

    /// RSA keys take seconds to make, so they stay with the build; certificates are made anew.
    fn write_chain(
        &self,
        out: &Path,
        suites: &str,
        lengths: &str,
        flags: &[String],
    ) -> Result<(), String> {
        let keys = Path::new(env!("CARGO_TARGET_TMPDIR")).join("peer-keys");
        let (out, keys) = (out.to_string_lossy(), keys.to_string_lossy());
        let mut arguments: Vec<&str> = vec!["gen-chain", "--suite", suites, "--length", lengths];
        arguments.extend(["--out", &out, "--keys", &keys]);
        arguments.extend(flags.iter().map(String::as_str));
        peer::run(&self.peer, &arguments, &[])?.succeeds().map(drop)
    }
}

/// The binary under test.
fn sealwright() -> &'static Path {
    Path::new(env!("CARGO_BIN_EXE_sealwright"))
}

/// Says what was skipped and why.
///
/// # Panics
/// With `CI=true`: there a skip is a failure.
#[allow(clippy::disallowed_methods)] // the test's own environment, not the program's
pub fn skipped(title: &str, why: &str) {
    assert!(std::env::var("CI").as_deref() != Ok("true"), "CI may not skip {title}: {why}");
    peer::say(&format!("SKIPPED {title}: {why}"));
}

fn write_json(path: &Path, value: &Value) -> Result<(), String> {
    fs::write(path, value.to_string()).map_err(|e| format!("{}: {e}", path.display()))
}
