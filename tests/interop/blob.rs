//! Files: what sealwright signs, notation-go verifies, and the other way round; every suite, both formats.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use crate::cell::{Check, Format, SUITES};
use crate::peer;
use crate::world::World;

/// The digest of a file has the hash of the suite that signs it.
fn hash_of(algorithm: &str) -> &'static str {
    match &algorithm[2..] {
        "256" => "sha256:",
        "384" => "sha384:",
        _ => "sha512:",
    }
}

/// A file, its signature, and who signs it.
struct Case<'a> {
    world: &'a World,
    folder: PathBuf,
    format: Format,
    suite: &'static str,
    algorithm: &'static str,
}

const METADATA: &str = "ünïcode=<b>&amp;</b>";
const MEDIA_TYPE: &str = "application/spdx+json";

impl Case<'_> {
    fn blob(&self) -> String {
        self.folder.join("blob").display().to_string()
    }

    fn signature(&self) -> String {
        let name = format!("blob.{}.sig", self.format.name());
        self.folder.join(name).display().to_string()
    }

    fn write(&self, content: &str) -> Result<(), String> {
        fs::write(self.blob(), content).map_err(|e| e.to_string())
    }

    fn sign(&self) -> Result<(), String> {
        let (format, key) = (self.format.name(), format!("{}-2", self.suite));
        let flags = ["blob", "sign", "--force", "--signature-format", format, "--key", &key];
        let said = ["-m", METADATA, "--media-type", MEDIA_TYPE, &self.blob()].map(str::to_owned);
        let arguments: Vec<String> = flags.map(str::to_owned).into_iter().chain(said).collect();
        let answer = self.world.sealwright(&arguments)?.succeeds()?;
        answer.prints(&format!(
            "Successfully signed {}\n Signature file written to {}\n",
            self.blob(),
            self.signature()
        ))
    }

    fn verify(&self) -> Result<peer::Answer, String> {
        let signature = self.signature();
        let flags = ["blob", "verify", "--media-type", MEDIA_TYPE, "-m", METADATA];
        let named = ["--signature", &signature, &self.blob()].map(str::to_owned);
        let arguments: Vec<String> = flags.map(str::to_owned).into_iter().chain(named).collect();
        self.world.sealwright(&arguments)
    }

    fn peer(&self, command: &str, flags: &[String]) -> Result<peer::Answer, String> {
        let mut arguments = vec![command.to_owned()];
        arguments.extend(flags.iter().cloned());
        arguments.extend([
            format!("--format={}", self.format.name()),
            format!("--media-type={MEDIA_TYPE}"),
            format!("--metadata={METADATA}"),
            format!("--signature={}", self.signature()),
            self.blob(),
        ]);
        peer::run(&self.world.peer, &arguments, &[])
    }

    fn peer_sign(&self) -> Result<(), String> {
        let chain = self.world.chain(&format!("{}-2", self.suite));
        let flag = |name: &str, file: &str| format!("--{name}={}", chain.join(file).display());
        let flags = [flag("key", "key.pem"), flag("certs", "chain.pem")];
        self.peer("blob-sign", &flags)?.succeeds().map(drop)
    }

    fn peer_verify(&self) -> Result<peer::Answer, String> {
        let config = self.world.config().display().to_string();
        self.peer("blob-verify", &[format!("--config={config}")])
    }

    /// Both verify it, and neither another content.
    fn both_agree(&self) -> Result<(), String> {
        self.verify()?.succeeds()?;
        let answer = self.peer_verify()?.succeeds()?;
        let facts: Value = serde_json::from_str(&answer.stdout).map_err(|e| e.to_string())?;
        let digest = facts["digest"].as_str().unwrap_or_default();
        digest.starts_with(hash_of(self.algorithm)).or(|| format!("not its hash: {facts}"))?;
        (facts["algorithm"] == self.algorithm).or(|| format!("another algorithm: {facts}"))?;

        self.write("hell0\n")?;
        self.verify()?.fails_saying(&["Error: signature verification failed: integrity check failed. signature does not match the given blob\n"])?;
        let theirs = self.peer_verify()?;
        theirs.succeeds().is_err().or(|| "the peer verifies another file".to_owned())?;
        self.write("hello\n")?;

        let mut envelope = fs::read(self.signature()).map_err(|e| e.to_string())?;
        let middle = envelope.len() / 2;
        envelope[middle] ^= 1;
        fs::write(self.signature(), envelope).map_err(|e| e.to_string())?;
        self.verify()?.fails_saying(&["Error: signature verification failed: "])?;
        let theirs = self.peer_verify()?;
        theirs.succeeds().is_err().or(|| "the peer verifies another envelope".to_owned())
    }
}

#[test]
fn files_are_verified_on_both_sides_whoever_signed_them() {
    let title = "files, both ways";
    let Some(world) = World::open(title) else { return };
    write_policy(&world.config());
    let folder = tempfile::tempdir().expect("a folder");
    for (suite, algorithm) in SUITES {
        for format in Format::ALL {
            let name = format!("{suite}-{}", format.name());
            let case = Case {
                world: &world,
                folder: folder.path().join(&name),
                format: *format,
                suite,
                algorithm,
            };
            fs::create_dir(&case.folder).expect("made");
            let signed_by = |who: &str, sign: &dyn Fn() -> Result<(), String>| {
                case.write("hello\n")
                    .and_then(|()| sign())
                    .and_then(|()| case.both_agree())
                    .unwrap_or_else(|problem| panic!("{name}, signed by {who}: {problem}"));
            };
            signed_by("sealwright", &|| case.sign());
            signed_by("the peer", &|| case.peer_sign());
        }
    }
}

fn write_policy(config: &Path) {
    let policy = json!({
        "version": "1.0",
        "trustPolicies": [{
            "name": "files",
            "globalPolicy": true,
            "signatureVerification": { "level": "strict" },
            "trustStores": ["ca:peers"],
            "trustedIdentities": ["x509.subject: C=US, ST=WA, O=Peer\\, Inc."],
        }],
    });
    fs::write(config.join("trustpolicy.blob.json"), policy.to_string()).expect("written");
}
