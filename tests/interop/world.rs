//! What a test works in: keys, trust, two registries; all in a temporary folder and on loopback.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use crate::cell::{self, Registry};
use crate::peer::{self, Served};

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

    /// Runs sealwright as a user with this world's configuration and nothing else.
    pub fn sealwright(&self, arguments: &[String]) -> Result<peer::Answer, String> {
        let home = self.folder.path().join("home");
        let environment = [
            ("HOME", home.as_path()),
            ("DOCKER_CONFIG", &home.join(".docker")),
            ("NOTATION_CONFIG", &self.config()),
            ("PATH", &home.join("bin")),
        ];
        peer::run(sealwright(), arguments, &environment)
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

    fn write_files(&self) -> Result<(), String> {
        let home = self.folder.path().join("home");
        let store = self.config().join("truststore/x509/ca/peers");
        for folder in [home.join("bin"), store.clone()] {
            fs::create_dir_all(&folder).map_err(|e| format!("{}: {e}", folder.display()))?;
        }
        self.write_chains()?;

        let mut keys = Vec::new();
        for (suite, length) in cell::chains() {
            let name = format!("{suite}-{length}");
            let chain = self.chain(&name);
            let (root, stored) = (chain.join("root.pem"), store.join(format!("{name}.pem")));
            fs::copy(&root, stored).map_err(|e| format!("{}: {e}", root.display()))?;
            keys.push(json!({
                "name": name,
                "keyPath": chain.join("key.pem"),
                "certPath": chain.join("chain.pem"),
            }));
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

    /// RSA keys take seconds to make, so they stay with the build; certificates are made anew.
    fn write_chains(&self) -> Result<(), String> {
        let (out, keys) =
            (self.chain(""), Path::new(env!("CARGO_TARGET_TMPDIR")).join("peer-keys"));
        let arguments = [
            "gen-chain",
            "--suite",
            &cell::SUITES.map(|(name, _)| name).join(","),
            "--length",
            "1,2,3",
            "--out",
            &out.to_string_lossy(),
            "--keys",
            &keys.to_string_lossy(),
        ];
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
