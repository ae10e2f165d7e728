//! Artifact Signing against the lab: operations followed, requests counted, refusals, faults.

use sealwright::azure::{ArtifactSigner, ArtifactSigningError, CertificateProfile};
use sealwright::envelope::Sealed;
use sealwright::lab::SigningProfile;

use super::*;

impl World {
    async fn signer(&self, profile: &str) -> Result<ArtifactSigner, ArtifactSigningError> {
        let (endpoint, account) = (self.lab.signing_endpoint(), self.lab.signing_account());
        let profile = CertificateProfile::parse(&endpoint, account, profile, &self.extra)?;
        ArtifactSigner::open(self.http.clone(), self.tokens.clone(), profile).await
    }

    async fn artifact(&self, signer: &ArtifactSigner) -> Result<Sealed, SealError> {
        let target = TargetArtifact {
            media_type: "application/vnd.oci.image.manifest.v1+json".into(),
            digest: Digest::sha256(b"image"),
            size: 5,
            annotations: BTreeMap::new(),
        };
        let (format, now) = (Format::Cose, self.clock.now());
        let request = SealRequest { format, payload: Payload { target }, now, expiry: None };
        seal(&request, signer).await
    }

    /// The last part of the path that was asked for last.
    fn operation(&self) -> String {
        let requests = self.lab.control().requests();
        let path = &requests.last().expect("a request").path;
        path.rsplit('/').next().unwrap_or_default().to_owned()
    }
}

fn role() -> Route {
    Route::on(Role::ArtifactSigning)
}

#[tokio::test]
async fn an_operation_is_followed_to_its_signature_and_the_chain_asked_once() {
    let world = World::start().await;
    for (profile, requests) in [(SigningProfile::Working, 3), (SigningProfile::Published, 2)] {
        world.lab.control().reset();
        let signer = world.signer(profile.name()).await.unwrap();
        assert_eq!(world.count(Role::ArtifactSigning), 1, "the chain");
        let sealed = world.artifact(&signer).await.unwrap();
        assert_eq!(sealed.intact.chain(), signer.chain());
        assert_eq!(sealed.intact.chain().certificates().len(), 3);
        assert!(sealed.intact.signing_agent().unwrap().ends_with(" azure-artifactsigning"));
        world.artifact(&signer).await.unwrap();
        assert_eq!(world.count(Role::ArtifactSigning), 1 + 2 * requests, "{profile:?}");
        let advice = signer.advice(signer.chain());
        assert!(advice.is_empty(), "{advice:?}");
    }
    assert_eq!(world.count(Role::Entra), 0, "one token serves them all");
}

#[tokio::test]
async fn a_certificate_renewed_in_between_signs_with_its_own_chain() {
    let world = World::start().await;
    let signer = world.signer(SigningProfile::Renewing.name()).await.unwrap();
    let sealed = world.artifact(&signer).await.unwrap();
    let (made, opened) = (sealed.intact.chain(), signer.chain());
    assert_ne!(made.leaf(), opened.leaf());
    // the service did not send the root again
    assert_eq!(made.certificates()[1..], opened.certificates()[1..]);
}

#[tokio::test]
async fn what_cannot_sign_is_refused_when_it_is_opened() {
    let world = World::start().await;
    for (profile, code, words) in [
        ("refusing", "azure-artifact-signing-forbidden", "ERROR: the service gave no reason"),
        ("elsewhere", "azure-artifact-signing-not-found", "does not know https://localhost:"),
        ("rootless", "x509-issuer-not-found", "certificateprofiles/rootless"),
        ("small-key", "azure-artifact-signing-key", "has the key RSASSA-PSS-SHA-256"),
        ("a", "azure-artifact-signing-name", "5 to 100"),
    ] {
        let error = world.signer(profile).await.unwrap_err();
        assert_eq!(error.code(), code, "{profile}: {error}");
        assert!(error.to_string().contains(words), "{error}");
    }
    let hint = world.signer("refusing").await.unwrap_err().hint().unwrap();
    for words in [
        "--role \"Artifact Signing Certificate Profile Signer\" --assignee-object-id 0b1ec700-",
        "--role \"Trusted Signing Certificate Profile Signer\"",
        "--name lab-account --query '[0].id' -o tsv)/certificateProfiles/refusing\"",
        "--query properties.accountUri",
    ] {
        assert!(hint.contains(words), "{hint}");
    }
    let hint = world.signer("elsewhere").await.unwrap_err().hint().unwrap();
    assert!(hint.contains("accountUri"), "{hint}");
}

#[tokio::test]
async fn an_operation_that_gives_no_signature_is_told_with_its_id() {
    let world = World::start().await;
    for (profile, code, words) in [
        (
            SigningProfile::Failing,
            "azure-artifact-signing-failed",
            "ended as Failed: CertificateRevoked: The certificate of this profile was revoked.",
        ),
        (SigningProfile::Unending, "azure-artifact-signing-unfinished", "is still InProgress"),
        (SigningProfile::Forging, "azure-artifact-signing-signature", "CN=Lab Publisher"),
    ] {
        let signer = world.signer(profile.name()).await.unwrap();
        let before = world.clock.elapsed();
        let error = world.artifact(&signer).await.err().unwrap();
        assert_eq!(error.code(), code, "{error}");
        let operation = format!("the signing operation {} ", world.operation());
        assert!(error.to_string().contains(&operation), "{operation}: {error}");
        assert!(error.to_string().contains(words), "{error}");
        // nobody waits for what would be told too late
        assert!(world.clock.elapsed() - before < Duration::from_secs(1));
    }
}

#[tokio::test]
async fn the_service_says_when_to_ask_again_and_is_given_two_minutes() {
    let world = World::start().await;
    let signer = world.signer("working").await.unwrap();
    let before = world.clock.elapsed();
    let later = |seconds: &str| Fault::Header("Retry-After".into(), seconds.into());
    world.lab.control().fault(role().method("GET"), later("40"), 1);
    world.artifact(&signer).await.unwrap();
    let waited = world.clock.elapsed() - before;
    assert!((40..42).contains(&waited.as_secs()), "{waited:?}");

    let pending = r#"{"status":"Running"}"#;
    let still = Fault::Body(pending.into());
    world.lab.control().fault(role().method("GET"), still, 1000);
    let before = world.clock.elapsed();
    world.lab.control().forget();
    let error = world.artifact(&signer).await.err().unwrap();
    assert_eq!(error.code(), "azure-artifact-signing-unfinished", "{error}");
    let waited = world.clock.elapsed() - before;
    assert!((118..=120).contains(&waited.as_secs()), "{waited:?}");
    assert!(world.count(Role::ArtifactSigning) < 140, "{}", world.count(Role::ArtifactSigning));
}

#[tokio::test]
async fn an_operation_is_told_before_the_commands_own_time_is_over() {
    let world = World::start().await;
    let signer = world.signer("working").await.unwrap();
    // the command has 600 seconds
    world.clock.advance(Duration::from_millis(599_500));
    let error = world.artifact(&signer).await.err().unwrap();
    assert_eq!(error.code(), "azure-artifact-signing-unfinished", "{error}");
    assert!(world.clock.elapsed() < Duration::from_secs(600));
}

#[tokio::test]
async fn passing_faults_are_survived_at_every_request() {
    let world = World::start().await;
    let faults =
        [Fault::throttled(1), Fault::unavailable(), Fault::Reset, Fault::LostAnswer, status(401)];
    for fault in faults {
        for route in [
            role().path("/certchain"),
            role().method("POST"),
            role().method("GET").path("working/sign/"),
        ] {
            world.lab.control().reset();
            world.lab.control().fault(route, fault.clone(), 1);
            let signer = world.signer("working").await.unwrap();
            world.artifact(&signer).await.unwrap();
        }
    }
}

#[tokio::test]
async fn an_operation_that_cannot_be_followed_keeps_its_id_and_the_reason() {
    let world = World::start().await;
    let signer = world.signer("working").await.unwrap();
    for (fault, words) in [
        (status(403), "refuses asking for the operation with https://localhost"),
        (status(401), "does not accept the token: ERROR: the service gave no reason"),
        (Fault::Error(400, r#"{"error":{"code":"A","message":"b"}}"#.into()), "400"),
        (Fault::Body("{}".into()), "none of the documented"),
        (Fault::Huge, "larger than 262144 bytes"),
    ] {
        world.lab.control().reset();
        world.lab.control().fault(role().method("GET"), fault, 2);
        let error = world.artifact(&signer).await.err().unwrap();
        assert_eq!(error.code(), "azure-artifact-signing-lost", "{error}");
        let operation = format!("the signing operation {} was not", world.operation());
        assert!(error.to_string().contains(&operation), "{operation}: {error}");
        assert!(error.to_string().contains(words), "{error}");
    }
    world.lab.control().reset();
    world.lab.control().fault(role().method("POST"), status(401), 2);
    let error = world.artifact(&signer).await.err().unwrap();
    assert_eq!(error.code(), "azure-artifact-signing-unauthorized");
    world.lab.control().fault(role().method("POST"), status(400), 1);
    let error = world.artifact(&signer).await.err().unwrap();
    assert_eq!(error.code(), "azure-artifact-signing-request");
    world.lab.control().fault(role().path("/certchain"), Fault::Body("junk".into()), 1);
    assert_eq!(world.signer("working").await.unwrap_err().code(), "x509-certificate-malformed");
}

#[tokio::test]
async fn a_bag_with_two_leaves_is_nobodys() {
    let world = World::start().await;
    let two = ["a", "b"].map(|name| world.lab.issue(&IssueRequest::named(name)).unwrap());
    let pem = format!("{}{}", two[0].leaf_pem, two[1].leaf_pem);
    world.lab.control().fault(role().path("/certchain"), Fault::Body(pem.into()), 1);
    let error = world.signer("working").await.unwrap_err();
    assert_eq!(error.code(), "azure-artifact-signing-leaf", "{error}");
}

fn status(code: u16) -> Fault {
    Fault::Status(code, Vec::new())
}
