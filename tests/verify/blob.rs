//! Files: the checks of images, and what is read of a file and when.

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::time::Duration;

use sealwright::clock::ManualClock;
use sealwright::crypto::{Digest, Hash};
use sealwright::envelope::{Blob, Format, MANIFEST_MEDIA_TYPES, Measured, TargetArtifact};
use sealwright::fault::{BoxFault, Fault};
use sealwright::sign::{BlobSignRequest, Manifests, sign_blob};
use sealwright::trust::BlobPolicy;
use sealwright::verify::{BlobOutcome, BlobVerifyError, BlobVerifyRequest, verify_blob};
use time::OffsetDateTime;

use crate::world::{Leaf, NOW, World, policy, sealed_as, signer};

/// A file in memory, and the hashes it was read under.
#[derive(Default)]
struct Memory {
    content: &'static [u8],
    unreadable: Option<&'static str>,
    read: Mutex<Vec<Hash>>,
}

#[derive(Debug, thiserror::Error)]
#[error("{0}")]
struct Unreadable(&'static str);

impl Fault for Unreadable {
    fn code(&self) -> &'static str {
        "test-unreadable"
    }
}

#[async_trait::async_trait]
impl Blob for Memory {
    async fn measure(&self, hash: Hash) -> Result<Measured, BoxFault> {
        self.read.lock().unwrap().push(hash);
        match self.unreadable {
            Some(reason) => Err(Unreadable(reason).into()),
            None => Ok(Measured {
                digest: Digest::of(hash, self.content),
                size: self.content.len() as u64,
            }),
        }
    }
}

const CONTENT: &[u8] = b"the file";

fn file() -> Memory {
    Memory { content: CONTENT, ..Memory::default() }
}

fn target(media_type: &str) -> TargetArtifact {
    let (digest, size) = (Digest::sha256(CONTENT), CONTENT.len() as u64);
    Measured { digest, size }.target(media_type, BTreeMap::new())
}

struct Case {
    world: World,
    policy: String,
    envelope: Vec<u8>,
    format: Format,
    now: OffsetDateTime,
}

impl Case {
    async fn of(target: TargetArtifact, leaf: Leaf, expiry: Option<Duration>) -> Self {
        let format = Format::Jws;
        let envelope = sealed_as(format, target, leaf, expiry).await;
        let policy = policy("strict", "", "*")
            .replace("\"registryScopes\":[\"r.io/app\"]", "\"globalPolicy\":true");
        Self { world: World::new(), policy, envelope, format, now: NOW }
    }

    async fn verify(
        &self,
        file: &Memory,
        asked: Option<&str>,
    ) -> Result<BlobOutcome, BlobVerifyError> {
        let policy = BlobPolicy::from_json(self.policy.as_bytes()).expect("valid");
        let request = BlobVerifyRequest {
            name: "file.jws.sig",
            format: self.format,
            envelope: &self.envelope,
            policy_name: self.policy.contains("\"skip\"").then_some("p"),
            media_type: asked,
            user_metadata: BTreeMap::new(),
        };
        let (world, clock) = (&self.world, ManualClock::at(self.now));
        verify_blob(file, &policy, world, world, &world.plugins, &clock, &request).await
    }
}

#[tokio::test]
async fn a_good_file_passes_every_check_and_is_read_once() {
    let case = Case::of(target("text/plain"), Leaf::Plain, None).await;
    for asked in [None, Some("text/plain")] {
        let file = file();
        let outcome = case.verify(&file, asked).await.expect("good");
        assert_eq!((outcome.policy.as_str(), outcome.level), ("p", "strict"));
        let good = outcome.good.as_ref().expect("a signature");
        assert_eq!((good.digest.as_str(), good.results.len()), ("file.jws.sig", 5));
        assert!(outcome.lifetime.is_some() && outcome.warnings().is_empty());
        assert_eq!(*file.read.lock().unwrap(), [Hash::Sha256]);
    }
}

#[tokio::test]
async fn another_file_or_media_type_is_no_match() {
    let case = Case::of(target("text/plain"), Leaf::Plain, None).await;
    let other = Memory { content: b"the pile", ..Memory::default() };
    let longer = Memory { content: b"the file and more", ..Memory::default() };
    for (file, asked) in [(other, None), (longer, None), (file(), Some("text/html"))] {
        let error = case.verify(&file, asked).await.expect_err("no match");
        assert_eq!(error.code(), "verify-blob-mismatch");
        assert_eq!(error.because().len(), 2);
    }
}

#[tokio::test]
async fn a_manifests_media_type_is_refused_unless_asked_for() {
    for media_type in MANIFEST_MEDIA_TYPES {
        let case = Case::of(target(media_type), Leaf::Plain, None).await;
        for asked in [None, Some("application/octet-stream"), Some(&*media_type.to_uppercase())] {
            let file = file();
            let error = case.verify(&file, asked).await.expect_err("a manifest");
            assert_eq!(error.code(), "verify-blob-manifest");
            assert!(error.hint().is_some_and(|hint| hint.contains("sealwright verify ")));
            assert!(file.read.lock().unwrap().is_empty());
        }
        assert!(case.verify(&file(), Some(media_type)).await.is_ok());
    }
}

#[tokio::test]
async fn nothing_is_read_where_the_policy_skips_or_the_envelope_is_broken() {
    let mut case = Case::of(target("text/plain"), Leaf::Plain, None).await;
    let file = file();
    case.format = Format::Cose;
    let error = case.verify(&file, None).await.expect_err("no such envelope");
    assert!(error.code().starts_with("envelope-"), "{}", error.code());
    assert!(error.to_string().starts_with("signature verification failed: "), "{error}");
    assert!(error.tried().is_some_and(|tried| tried.results.is_empty()));
    case.policy = r#"{"version":"1.0","trustPolicies":[{"name":"p","signatureVerification":{"level":"skip"}}]}"#.to_owned();
    let outcome = case.verify(&file, None).await.expect("skipped");
    assert!(outcome.good.is_none() && outcome.level == "skip");
    assert!(file.read.lock().unwrap().is_empty());
}

#[tokio::test]
async fn a_file_that_cannot_be_read_says_why() {
    let case = Case::of(target("text/plain"), Leaf::Plain, None).await;
    let file = Memory { unreadable: Some("changed"), ..file() };
    let error = case.verify(&file, None).await.expect_err("unreadable");
    assert_eq!((error.code(), error.to_string().as_str()), ("test-unreadable", "changed"));
    assert!(error.tried().is_none());
}

#[tokio::test]
async fn advice_is_about_files() {
    let mut case = Case::of(target("text/plain"), Leaf::Plain, Some(Duration::from_secs(60))).await;
    case.now = NOW + Duration::from_secs(60);
    let error = case.verify(&file(), None).await.expect_err("expired");
    assert_eq!(error.code(), "verify-expired");
    assert_eq!(
        error.hint().as_deref(),
        Some("sign the file again: sealwright blob sign --expiry <duration> <blob_path>")
    );
    let case = Case::of(target("text/plain"), Leaf::Stranger, None).await;
    let error = case.verify(&file(), None).await.expect_err("a stranger");
    assert_eq!(error.code(), "verify-not-trusted");
    let case = Case::of(target("text/plain"), Leaf::NamesCrl, None).await;
    let error = case.verify(&file(), None).await.expect_err("nobody tells");
    assert_eq!(error.code(), "verify-revocation-unknown");
    assert_eq!(*case.world.asked.lock().unwrap(), 1);
}

#[tokio::test]
async fn a_file_is_read_under_the_signers_hash_and_signed_when_it_was_read() {
    let request = BlobSignRequest {
        name: "file.jws.sig",
        media_type: "text/plain; charset=utf-8",
        manifests: Manifests::Refused,
        format: Format::Jws,
        expiry: None,
        user_metadata: BTreeMap::new(),
        countersigner: None,
        own_revocation: None,
    };
    let clock = ManualClock::at(NOW);
    let open = || -> sealwright::sign::OpenSigner<'static> {
        Box::pin(async {
            Ok(std::sync::Arc::new(signer(Leaf::Plain))
                as std::sync::Arc<dyn sealwright::envelope::Signer>)
        })
    };
    let file = file();
    let signed = sign_blob(&file, open(), &clock, &request).await.expect("signed");
    assert_eq!(*file.read.lock().unwrap(), [Hash::Sha256]);
    assert_eq!(signed.target, target("text/plain; charset=utf-8"));
    let mut case = Case::of(target("text/plain"), Leaf::Plain, None).await;
    case.envelope = signed.envelope;
    assert!(case.verify(&file, None).await.is_ok());

    let unreadable = Memory { unreadable: Some("changed"), ..Memory::default() };
    let error = sign_blob(&unreadable, open(), &clock, &request).await.expect_err("unreadable");
    assert_eq!(error.code(), "test-unreadable");
}
