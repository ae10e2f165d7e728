//! The program against a lab: what a user runs, and what the lab saw of it.
#![allow(dead_code)] // each test uses its part

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use sealwright::cli::{Streams, run_at};
use sealwright::clock::{Clock, ManualClock, SystemClock};
use sealwright::env::Env;
use sealwright::lab::{Auth, Exchange, IssueRequest, Issued, Lab, LabOptions};
use serde_json::json;
use time::OffsetDateTime;
use time::macros::datetime;

pub const NOW: OffsetDateTime = datetime!(2026-06-01 12:00 UTC);
pub const REPOSITORY: &str = "net-monitor";

/// The program's own `--timeout` when none is given.
const LIMIT: Duration = Duration::from_secs(600);

/// A lab, and a home whose default key is a local one that the trust policy trusts.
pub struct Program {
    pub lab: Lab,
    pub clock: Arc<dyn Clock>,
    home: tempfile::TempDir,
    variables: Vec<(&'static str, String)>,
}

/// What one command left behind.
pub struct Answer {
    pub line: String,
    pub code: u8,
    pub stdout: String,
    pub stderr: String,
}

impl Program {
    /// At a fixed time, and without real waits.
    pub async fn start(options: LabOptions) -> Self {
        Self::start_at(options, hurried(NOW)).await
    }

    /// At the time of this machine, for processes.
    pub async fn start_now(options: LabOptions) -> Self {
        Self::start_at(options, Arc::new(SystemClock::new())).await
    }

    async fn start_at(options: LabOptions, clock: Arc<dyn Clock>) -> Self {
        let auth = options.auth;
        let lab = Lab::start(LabOptions { clock: clock.clone(), ..options }).await;
        let lab = lab.expect("loopback has free ports");
        let home = tempfile::tempdir().expect("a temporary folder");
        let variables = environment(&lab, auth, &home.path().display().to_string());
        let program = Self { lab, clock, home, variables };
        let issued = program.issue("local");
        let key = program.write("key.pem", &issued.key.private_key_pem());
        let chain = [issued.leaf_pem.as_str(), &issued.ca_bundle_pem].concat();
        let chain = program.write("chain.pem", &chain);
        let keys = json!({
            "default": "local",
            "keys": [{ "name": "local", "keyPath": key, "certPath": chain }],
        });
        let policy = json!({ "version": "1.0", "trustPolicies": [{
            "name": "lab",
            "registryScopes": ["*"],
            "signatureVerification": { "level": "strict" },
            "trustStores": ["ca:lab"],
            "trustedIdentities": ["*"],
        }] });
        program.write(".config/notation/signingkeys.json", &keys.to_string());
        program.write(".config/notation/trustpolicy.json", &policy.to_string());
        program.write("lab-ca.pem", program.lab.ca_pem());
        program
    }

    /// A certificate in the lab's vault whose root the trust store holds.
    pub fn issue(&self, name: &str) -> Issued {
        let issued = self.lab.issue(&IssueRequest::named(name)).expect("issued");
        let root = format!(".config/notation/truststore/x509/ca/lab/{name}.pem");
        self.write(&root, &issued.root_pem);
        issued
    }

    /// A path below the home.
    pub fn path(&self, below: &str) -> PathBuf {
        self.home.path().join(below)
    }

    /// Writes a file below the home and returns its path.
    pub fn write(&self, below: &str, content: &str) -> PathBuf {
        let path = self.path(below);
        std::fs::create_dir_all(path.parent().expect("below the home")).expect("made");
        std::fs::write(&path, content).expect("written");
        path
    }

    /// Lets time pass, where it is not this machine's.
    pub async fn wait(&self, duration: Duration) {
        let mut left = duration;
        while !left.is_zero() {
            let step = left.min(LIMIT / 2);
            self.clock.sleep(step).await;
            left -= step;
        }
    }

    /// Pushes an image of its own and names it by digest.
    pub fn image(&self, tag: &str) -> String {
        self.image_in(REPOSITORY, tag)
    }

    /// The same in another repository.
    pub fn image_in(&self, repository: &str, tag: &str) -> String {
        let digest = self.lab.push_image(repository, tag).expect("pushed");
        format!("{}/{repository}@{digest}", self.lab.registry_host())
    }

    /// Runs one command line in this process; words are parted at spaces.
    pub async fn run(&self, line: &str) -> Answer {
        self.run_in(line, |streams| streams, "").await
    }

    /// The same at a terminal, where this is typed.
    pub async fn type_in(&self, line: &str, typed: &'static str) -> Answer {
        self.run_in(line, Streams::at_terminal, typed).await
    }

    async fn run_in(
        &self,
        line: &str,
        place: fn(Streams) -> Streams,
        typed: &'static str,
    ) -> Answer {
        let (stdout, stderr) = (Sink::default(), Sink::default());
        let streams = place(Streams::piped(typed.as_bytes(), stdout.clone(), stderr.clone()));
        let words = line.split_whitespace().map(str::to_owned).collect();
        let variables = self.variables.iter().cloned();
        let env: Env = variables.map(|(name, value)| (name.to_owned(), value)).collect();
        let code = run_at(words, env, streams, self.clock.clone()).await;
        Answer { line: line.to_owned(), code, stdout: stdout.text(), stderr: stderr.text() }
    }

    /// Sets a variable for the commands that follow; an empty value counts as absent.
    pub fn set(&mut self, name: &'static str, value: &str) {
        self.variables.retain(|(known, _)| *known != name);
        self.variables.push((name, value.to_owned()));
    }

    /// A process with this home and nothing else of the environment.
    pub fn process(&self, path: &Path) -> tokio::process::Command {
        let mut command = tokio::process::Command::new(path);
        command.env_clear().envs(self.variables.iter().map(|(name, value)| (name, value)));
        command
    }

    /// Runs one command line as a process of its own.
    pub async fn spawn(&self, line: &str) -> Answer {
        let output = self
            .process(env!("CARGO_BIN_EXE_sealwright").as_ref())
            .args(line.split_whitespace())
            .stdin(std::process::Stdio::null())
            .output()
            .await
            .expect("the program starts");
        let text = |bytes| String::from_utf8(bytes).expect("text");
        Answer {
            line: line.to_owned(),
            code: output.status.code().and_then(|code| code.try_into().ok()).expect("no signal"),
            stdout: text(output.stdout),
            stderr: text(output.stderr),
        }
    }

    /// Runs a command that succeeds and returns what the lab saw of it, in order of arrival.
    pub async fn seen(&self, line: &str) -> Vec<Exchange> {
        self.lab.control().forget();
        self.run(line).await.succeeds();
        self.lab.control().requests()
    }

    /// Digests of the signatures that the registry holds for an image by digest.
    pub fn signatures(&self, image: &str) -> Vec<String> {
        self.lab.referrers(repository_of(image), digest_of(image))
    }

    /// Digests that the image's tag index holds; none when there is no such tag.
    pub fn indexed(&self, image: &str) -> Option<Vec<String>> {
        let tag = digest_of(image).replace(':', "-");
        let (_, bytes) = self.lab.manifest(repository_of(image), &tag)?;
        let index: serde_json::Value = serde_json::from_slice(&bytes).expect("an index");
        let entries = index["manifests"].as_array().expect("entries");
        Some(entries.iter().map(|e| e["digest"].as_str().expect("a digest").to_owned()).collect())
    }
}

impl Answer {
    /// The digest of the signature that `sign` reports.
    #[track_caller]
    pub fn signature(&self) -> &str {
        self.stdout.trim_end().rsplit_once('@').expect("the line that names the signature").1
    }

    #[track_caller]
    pub fn succeeds(self) -> Self {
        let Answer { line, code, stdout, stderr } = &self;
        assert_eq!(*code, 0, "sealwright {line}\n{stdout}{stderr}");
        self
    }
}

/// The part of `registry/repository@digest` after the `@`.
pub fn digest_of(image: &str) -> &str {
    image.split_once('@').expect("by digest").1
}

/// The part of `registry/repository@digest` between host and `@`.
pub fn repository_of(image: &str) -> &str {
    let name = image.split_once('@').expect("by digest").0;
    name.split_once('/').expect("a host").1
}

/// `GET /v2/…` of each, for messages.
pub fn told(requests: &[Exchange]) -> String {
    let lines = requests.iter().map(|e| {
        let status = e.status.map_or_else(|| "cut".to_owned(), |status| status.to_string());
        format!("\n  {:?} {} {} {status}", e.role, e.method, e.path)
    });
    lines.collect()
}

/// A clock that stands still but for waits, which take no time.
pub fn hurried(at: OffsetDateTime) -> Arc<dyn Clock> {
    Arc::new(Hurried(ManualClock::at(at)))
}

/// A clock whose waits take no time. The wait for the end of a whole command never ends.
struct Hurried(ManualClock);

#[async_trait::async_trait]
impl Clock for Hurried {
    fn now(&self) -> OffsetDateTime {
        self.0.now()
    }

    fn elapsed(&self) -> Duration {
        self.0.elapsed()
    }

    async fn sleep(&self, duration: Duration) {
        if duration >= LIMIT {
            std::future::pending::<()>().await;
        }
        self.0.sleep(duration).await;
    }
}

/// What was written to a stream.
#[derive(Clone, Default)]
pub struct Sink(Arc<Mutex<Vec<u8>>>);

impl Sink {
    pub fn text(&self) -> String {
        String::from_utf8(self.0.lock().expect("no writer panics").clone()).expect("text")
    }
}

impl std::io::Write for Sink {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().expect("no writer panics").extend_from_slice(bytes);
        Ok(bytes.len())
    }
    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

fn environment(lab: &Lab, auth: Auth, home: &str) -> Vec<(&'static str, String)> {
    let identity = lab.identity();
    let mut pairs = vec![
        ("HOME", home.to_owned()),
        ("PATH", format!("{home}/bin")),
        ("SEALWRIGHT_REVOCATION_LOOPBACK", "1".to_owned()),
        ("SSL_CERT_FILE", format!("{home}/lab-ca.pem")),
        ("AZURE_TENANT_ID", identity.tenant_id.clone()),
        ("AZURE_CLIENT_ID", identity.client_id.clone()),
        ("AZURE_CLIENT_SECRET", identity.client_secret.expose().to_owned()),
        ("AZURE_AUTHORITY_HOST", format!("https://{}", lab.authority_host())),
    ];
    if matches!(auth, Auth::Basic | Auth::Bearer) {
        pairs.push(("NOTATION_USERNAME", lab.username().to_owned()));
        pairs.push(("NOTATION_PASSWORD", lab.password().expose().to_owned()));
    }
    pairs
}
