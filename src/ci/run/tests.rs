//! Time, and what is kept before it is written.

use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};

use time::macros::datetime;

use super::*;
use crate::batch::{Member, Once};
use crate::ci::{
    CredentialsReport, Draft, GitHub, LoggedIn, Login, Presence, Provenance, Services, Written,
};
use crate::clock::ManualClock;
use crate::crypto::Digest;
use crate::env::{Env, name};
use crate::envelope::TargetArtifact;
use crate::secret::Secret;
use crate::sign::{Rehearsal, SignError, Signed, SignerSummary};
use crate::verify::VerifyError;

/// Signs at once, except images of the repository `slow`, which it never gets done, and of `lost`,
/// whose tags it never resolves.
#[derive(Default)]
struct Fake {
    stored: AtomicBool,
    state_when_stored: Mutex<String>,
    state: Option<std::path::PathBuf>,
}

#[async_trait::async_trait]
impl Services for Fake {
    async fn prepare(&self) -> Result<(), BoxFault> {
        Ok(())
    }

    async fn resolve(&self, image: &Reference) -> Result<Reference, BoxFault> {
        if image.repository() == "lost" {
            std::future::pending::<()>().await;
        }
        Ok(image.at(&Digest::sha256(b"image")))
    }

    async fn expand(&self, _: &Reference) -> Result<Vec<Member>, BoxFault> {
        unreachable!("nothing is recursive here")
    }

    async fn sign(&self, image: &Reference) -> Result<Once, SignError> {
        if image.repository() == "slow" {
            std::future::pending::<()>().await;
        }
        let digest = Digest::sha256(b"image");
        Ok(Once::Signed(Signed {
            reference: image.at(&digest),
            target: TargetArtifact {
                media_type: "m".into(),
                digest: digest.clone(),
                size: 1,
                annotations: Default::default(),
            },
            signature: Digest::sha256(b"signature"),
            signer: SignerSummary {
                subject: "CN=w".into(),
                thumbprint: "00".into(),
                not_after: datetime!(2030-01-01 00:00 UTC),
            },
            expiry: None,
            timestamp: None,
            lifetime: Default::default(),
            user_metadata: Default::default(),
            revocation: None,
            warnings: Vec::new(),
        }))
    }

    async fn rehearse(&self, _: &Reference) -> Result<Rehearsal, SignError> {
        unreachable!("no dry run here")
    }

    async fn verify(&self, _: &Reference) -> Result<crate::verify::Outcome, VerifyError> {
        unreachable!("nothing is verified here")
    }

    async fn examine(
        &self,
        _: Option<&Reference>,
    ) -> Result<Vec<crate::doctor::Finding>, BoxFault> {
        unreachable!("nothing is examined here")
    }

    fn provenance(&self, _: &Reference) -> Provenance {
        let credentials = CredentialsReport { registry: "anonymous".into(), vault: None };
        Provenance { key: None, credentials }
    }

    fn throttled(&self) -> u64 {
        0
    }

    async fn log_in(&self, registry: &str) -> Result<LoggedIn, BoxFault> {
        Ok(LoggedIn { registry: registry.into(), source: "inputs".into() })
    }

    async fn prove_login(&self, registry: &str) -> Result<Login, BoxFault> {
        Ok(Login {
            entry: Written {
                registry: registry.into(),
                fingerprint: "f".into(),
                notation_config: "/n".into(),
                docker_config: "/d".into(),
            },
            source: "inputs".into(),
            credential: Credential::RefreshToken(Secret::new("t0ken")),
            presence: Presence::Absent,
        })
    }

    async fn store_login(&self, _: &Login) -> Result<String, BoxFault> {
        let state = self.state.as_ref().map(std::fs::read_to_string);
        *self.state_when_stored.lock().unwrap() = state.unwrap().unwrap();
        self.stored.store(true, Ordering::SeqCst);
        Ok("/d/config.json".into())
    }

    fn lacks_credentials(&self, _: &str, _: &dyn Fault) -> bool {
        false
    }
}

struct Job {
    folder: tempfile::TempDir,
    out: Vec<u8>,
}

impl Job {
    fn new() -> Self {
        Self { folder: tempfile::tempdir().unwrap(), out: Vec::new() }
    }

    fn state(&self) -> std::path::PathBuf {
        self.folder.path().join("state")
    }

    async fn run(&mut self, inputs: &[(&str, &str)], services: &Fake) -> Finished {
        let inputs = inputs.iter().map(|(n, v)| (format!("INPUT_{n}"), (*v).to_owned()));
        let step = Draft::from_env(&inputs.collect::<Env>()).0.validate().unwrap();
        let env = Env::default().with(name::GITHUB_STATE, &self.state().to_string_lossy());
        let clock = ManualClock::at(datetime!(2026-01-01 00:00 UTC));
        let report = self.folder.path().join("report.json");
        let files = Files { report, junit: step.junit.clone() };
        let mut host = GitHub::new(&env, &mut self.out, "n0nce");
        run(&step, services, &mut host, &clock, &files).await
    }
}

#[tokio::test]
async fn what_was_done_before_the_time_was_over_is_reported() {
    let images = ("IMAGES", "r.io/a:v1,r.io/slow:v1,r.io/b:v1");
    let inputs = [images, ("KEY", "k"), ("TIMEOUT", "30s"), ("CONCURRENCY", "1")];
    let mut job = Job::new();
    let finished = job.run(&inputs, &Fake::default()).await;
    let outcomes: Vec<Outcome> = finished.report.images.iter().map(|i| i.outcome).collect();
    assert_eq!(outcomes, [Outcome::Signed, Outcome::Failed, Outcome::Failed]);
    for late in &finished.report.images[1..] {
        let error = late.error.as_ref().unwrap();
        assert_eq!(error.code, "ci-time-over");
        assert_eq!(error.message, "the step's time limit of 30 seconds is over");
        assert!(error.hint.as_ref().unwrap().contains("timeout:"));
    }
    assert_eq!(finished.status, 1);
    assert!(job.folder.path().join("report.json").exists());
}

#[tokio::test]
async fn a_tag_that_is_never_resolved_leaves_time_for_the_others() {
    let images = ("IMAGES", "r.io/a:v1,r.io/a:v2,r.io/lost:v1");
    let inputs = [images, ("KEY", "k"), ("TIMEOUT", "30s")];
    let finished = Job::new().run(&inputs, &Fake::default()).await;
    let [signed, lost] = &finished.report.images[..] else { panic!("{:?}", finished.report) };
    let error = lost.error.as_ref().unwrap();
    assert_eq!((error.code, lost.image.as_str()), ("ci-time-over", "r.io/lost:v1"));
    assert!(error.message.contains("half of the step's time limit of 30 seconds"));
    assert_eq!((signed.outcome, signed.tags.len()), (Outcome::Signed, 2));
}

#[tokio::test]
async fn what_is_to_be_undone_is_kept_before_it_is_written() {
    let mut job = Job::new();
    let fake = Fake { state: Some(job.state()), ..Fake::default() };
    let finished = job.run(&[("COMMAND", "login"), ("REGISTRY", "a.io")], &fake).await;
    assert_eq!(finished.status, 0);
    assert!(fake.stored.load(Ordering::SeqCst));
    let kept = fake.state_when_stored.lock().unwrap().clone();
    assert!(kept.contains(r#""registry":"a.io""#), "{kept}");
    assert!(!kept.contains("t0ken"), "{kept}");
    assert!(job.out.starts_with(b"::add-mask::t0ken\n"));
}

#[tokio::test]
async fn a_report_that_cannot_be_written_fails_the_step() {
    let mut job = Job::new();
    std::fs::create_dir(job.folder.path().join("report.json")).unwrap();
    let finished = job.run(&[("IMAGES", "r.io/a:v1"), ("KEY", "k")], &Fake::default()).await;
    assert_eq!((finished.report.outcome, finished.status), (Outcome::Signed, 1));
    let log = String::from_utf8(job.out).unwrap();
    assert!(log.contains("::error title=sealwright::cannot write the report"), "{log}");
}
