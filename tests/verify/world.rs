//! One artifact, its signatures in memory, a policy and a trust store: what `verify` sees.

use std::collections::BTreeMap;
use std::sync::Mutex;

use rcgen::{
    BasicConstraints, CertificateParams, CrlDistributionPoint, DnType, IsCa, Issuer, KeyPair,
    KeyUsagePurpose,
};
use sealwright::clock::ManualClock;
use sealwright::crypto::{Digest, PrivateKey};
use sealwright::envelope::{Format, LocalSigner, Payload, SealRequest, TargetArtifact, seal};
use sealwright::fault::{BoxFault, Fault};
use sealwright::registry::{
    Child, FetchedSignature, Listing, PushPermission, Pushed, Reference, Registry, Resolved,
    SignatureDescriptor, SignaturePush,
};
use sealwright::revocation::{
    Answers, Asked, CertificateStatus, RevocationCheck, RevocationError, Status,
};
use sealwright::trust::{Policy, StoreError, StoreType, TrustStore};
use sealwright::verify::{Outcome, VerificationPlugins, VerifyError, VerifyRequest, verify};
use sealwright::x509::Certificate;
use time::OffsetDateTime;
use time::macros::datetime;

pub const NOW: OffsetDateTime = datetime!(2026-06-01 12:00 UTC);
pub const THUMBPRINTS: &str = "io.cncf.notary.x509chain.thumbprint#S256";
const MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";

/// How the signing certificate differs from a plain one.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Leaf {
    Plain,
    NamesCrl,
    /// From another root with the same names.
    Stranger,
}

pub struct World {
    pub target: TargetArtifact,
    pub signatures: Vec<(SignatureDescriptor, Result<FetchedSignature, String>)>,
    pub policy: String,
    pub stores: BTreeMap<(StoreType, String), Vec<Certificate>>,
    pub now: OffsetDateTime,
    pub fetched: Mutex<Vec<String>>,
    /// Of a certificate that names a server.
    pub status: Status,
    /// Why it is unknown, where it is.
    pub problem: RevocationError,
    /// Times revocation was asked about.
    pub asked: Mutex<usize>,
    pub plugins: VerificationPlugins,
}

#[derive(Debug, thiserror::Error)]
#[error("{0}")]
struct Refused(String);

impl Fault for Refused {
    fn code(&self) -> &'static str {
        "test-refused"
    }
}

impl World {
    pub fn new() -> Self {
        let (root, _) = authority("root.pem");
        Self {
            target: artifact(b"the image"),
            signatures: Vec::new(),
            policy: policy("strict", "", "*"),
            stores: BTreeMap::from([((StoreType::Ca, "acme".to_owned()), vec![root])]),
            now: NOW,
            fetched: Mutex::default(),
            status: Status::Unknown,
            problem: RevocationError::Fetch("http://crl.example is unreachable".into()),
            asked: Mutex::default(),
            plugins: VerificationPlugins::none(),
        }
    }

    pub fn with_policy(mut self, text: String) -> Self {
        self.policy = text;
        self
    }

    /// A trust store with these certificates, or none of this name.
    pub fn with_store(
        mut self,
        store: (StoreType, String),
        certificates: Option<Vec<Certificate>>,
    ) -> Self {
        match certificates {
            Some(certificates) => self.stores.insert(store, certificates),
            None => self.stores.remove(&store),
        };
        self
    }

    /// Where a status is unknown, the server does not know it.
    pub fn not_known(self) -> Self {
        Self { problem: RevocationError::NotKnown, ..self }
    }

    /// Signs the artifact and lists the signature.
    pub async fn signed(self, leaf: Leaf) -> Self {
        let target = self.target.clone();
        let bytes = sealed(&target, leaf, &[], None).await;
        self.listed("application/cose", bytes)
    }

    /// Lists an envelope whatever it holds.
    pub fn listed(mut self, media_type: &str, envelope: Vec<u8>) -> Self {
        let digest = Digest::sha256(&envelope);
        let fetched = FetchedSignature {
            manifest_media_type: MANIFEST.to_owned(),
            manifest_digest: digest.clone(),
            envelope_media_type: media_type.to_owned(),
            envelope,
        };
        self.signatures.push((descriptor(&digest), Ok(fetched)));
        self
    }

    pub fn unfetchable(self) -> Self {
        self.unfetchable_for("the registry answered 503")
    }

    pub fn unfetchable_for(mut self, reason: &str) -> Self {
        let digest = Digest::sha256(&self.signatures.len().to_be_bytes());
        self.signatures.push((descriptor(&digest), Err(reason.to_owned())));
        self
    }

    /// The last signature's listing claims these thumbprints.
    pub fn claiming(mut self, thumbprints: &str) -> Self {
        let annotations = BTreeMap::from([(THUMBPRINTS.to_owned(), thumbprints.to_owned())]);
        self.signatures.last_mut().unwrap().0.annotations = Some(annotations);
        self
    }

    pub async fn verify(&self) -> Result<Outcome, VerifyError> {
        self.verify_with(100, &[]).await
    }

    pub async fn verify_with(
        &self,
        max_signatures: usize,
        metadata: &[(&str, &str)],
    ) -> Result<Outcome, VerifyError> {
        self.verify_at(&self.target.digest, max_signatures, metadata).await
    }

    /// Asks for a digest, whatever the registry resolves it to.
    pub async fn verify_at(
        &self,
        digest: &Digest,
        max_signatures: usize,
        metadata: &[(&str, &str)],
    ) -> Result<Outcome, VerifyError> {
        let policy = Policy::from_json(self.policy.as_bytes()).unwrap();
        let reference = Reference::parse(&format!("r.io/app@{digest}")).unwrap();
        let request =
            VerifyRequest { reference: &reference, max_signatures, user_metadata: pairs(metadata) };
        let clock = ManualClock::at(self.now);
        verify(self, &policy, self, self, &self.plugins, &clock, &request).await
    }
}

#[async_trait::async_trait]
impl Registry for World {
    async fn resolve(&self, _reference: &Reference) -> Result<TargetArtifact, BoxFault> {
        Ok(self.target.clone())
    }

    async fn resolve_with_children(
        &self,
        _reference: &Reference,
        _stated: Option<&Child>,
    ) -> Result<Resolved, BoxFault> {
        unreachable!("one artifact is verified at a time")
    }

    async fn signatures(&self, _subject: &Digest, _limit: usize) -> Result<Listing, BoxFault> {
        let signatures = self.signatures.iter().map(|(d, _)| d.clone()).collect();
        Ok(Listing { signatures, exceeded: false })
    }

    async fn fetch_signature(
        &self,
        _subject: &Digest,
        signature: &SignatureDescriptor,
    ) -> Result<FetchedSignature, BoxFault> {
        self.fetched.lock().unwrap().push(signature.digest.clone());
        let found = self.signatures.iter().find(|(d, _)| d.digest == signature.digest).unwrap();
        found.1.clone().map_err(|text| Refused(text).into())
    }

    async fn prepare_push(&self) -> Result<(), BoxFault> {
        Ok(())
    }

    async fn push_signature(&self, _push: SignaturePush<'_>) -> Result<Pushed, BoxFault> {
        unreachable!("verifying pushes nothing")
    }

    async fn delete_signature(&self, _: &Digest) -> Result<(), BoxFault> {
        unreachable!("verifying removes nothing")
    }

    async fn unlist_signatures(&self, _: &Digest, _: &[Digest]) -> Result<Vec<String>, BoxFault> {
        unreachable!("verifying removes nothing")
    }

    async fn check_push(&self) -> Result<PushPermission, BoxFault> {
        unreachable!("verifying pushes nothing")
    }
}

impl TrustStore for World {
    fn certificates(&self, kind: StoreType, name: &str) -> Result<Vec<Certificate>, StoreError> {
        match self.stores.get(&(kind, name.to_owned())) {
            Some(certificates) => Ok(certificates.clone()),
            None => Err(StoreError::Missing {
                kind: kind.name().to_owned(),
                name: name.to_owned(),
                reason: "not there".to_owned(),
            }),
        }
    }
}

#[async_trait::async_trait]
impl RevocationCheck for World {
    async fn check(&self, asked: &Asked<'_>) -> Answers {
        *self.asked.lock().unwrap() += 1;
        let statuses = asked.certificates.iter().map(|certificate| {
            let named = certificate.names_revocation_source();
            let status = if named { self.status.clone() } else { Status::NonRevokable };
            CertificateStatus {
                subject: certificate.subject().to_string(),
                problem: (status == Status::Unknown).then(|| self.problem.clone()),
                status,
                servers: Vec::new(),
            }
        });
        let named = asked.certificates.iter().any(Certificate::names_revocation_source);
        let warnings = if named { vec!["the cache is full".to_owned()] } else { Vec::new() };
        Answers { certificates: statuses.collect(), warnings }
    }
}

pub fn policy(level: &str, overrides: &str, identity: &str) -> String {
    policy_with(level, overrides, identity, r#""ca:acme""#)
}

pub fn policy_with(level: &str, overrides: &str, identity: &str, stores: &str) -> String {
    format!(
        r#"{{"version":"1.0","trustPolicies":[{{"name":"p","registryScopes":["r.io/app"],
        "signatureVerification":{{"level":"{level}"{overrides}}},
        "trustStores":[{stores}],"trustedIdentities":["{identity}"]}}]}}"#
    )
}

pub fn artifact(content: &[u8]) -> TargetArtifact {
    TargetArtifact {
        media_type: MANIFEST.to_owned(),
        digest: Digest::sha256(content),
        size: content.len() as u64,
        annotations: BTreeMap::new(),
    }
}

pub async fn sealed(
    target: &TargetArtifact,
    leaf: Leaf,
    metadata: &[(&str, &str)],
    expiry: Option<std::time::Duration>,
) -> Vec<u8> {
    let mut target = target.clone();
    target.annotations = pairs(metadata);
    sealed_as(Format::Cose, target, leaf, expiry).await
}

/// The same in either format.
pub async fn sealed_as(
    format: Format,
    target: TargetArtifact,
    leaf: Leaf,
    expiry: Option<std::time::Duration>,
) -> Vec<u8> {
    let request = SealRequest { format, payload: Payload { target }, now: NOW, expiry };
    seal(&request, &signer(leaf)).await.unwrap().bytes
}

pub fn signer(leaf: Leaf) -> LocalSigner {
    let mut params = named("signer");
    params.is_ca = IsCa::ExplicitNoCa;
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    if leaf == Leaf::NamesCrl {
        let uris = vec!["http://crl.example/ca.crl".to_owned()];
        params.crl_distribution_points = vec![CrlDistributionPoint { uris }];
    }
    let key_pem = fixture("p256.pem");
    let key = KeyPair::from_pem(&key_pem).unwrap();
    let from = if leaf == Leaf::Stranger { "intermediate.pem" } else { "root.pem" };
    let (root, issuer) = authority(from);
    let certificate = params.signed_by(&key, &issuer).unwrap();
    let chain = vec![Certificate::from_der(certificate.der()).unwrap(), root];
    LocalSigner::new(PrivateKey::from_pem(&key_pem.into()).unwrap(), chain).unwrap()
}

/// The root whose key is this fixture; every root has the same name.
fn authority(name: &str) -> (Certificate, Issuer<'static, KeyPair>) {
    let key = KeyPair::from_pem(&fixture(name)).unwrap();
    let mut params = named("root");
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    // ECDSA signatures differ each time: one certificate per root and process
    static ROOTS: Mutex<BTreeMap<String, Vec<u8>>> = Mutex::new(BTreeMap::new());
    let der = ROOTS
        .lock()
        .unwrap()
        .entry(name.to_owned())
        .or_insert_with(|| params.self_signed(&key).unwrap().der().to_vec())
        .clone();
    (Certificate::from_der(&der).unwrap(), Issuer::new(params, key))
}

fn fixture(name: &str) -> String {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/envelope/");
    std::fs::read_to_string(format!("{folder}{name}")).unwrap()
}

fn named(name: &str) -> CertificateParams {
    let mut params = CertificateParams::default();
    params.not_before = datetime!(2026-01-01 0:00 UTC);
    params.not_after = datetime!(2027-01-01 0:00 UTC);
    params.distinguished_name = rcgen::DistinguishedName::new();
    params.distinguished_name.push(DnType::CountryName, "US");
    params.distinguished_name.push(DnType::StateOrProvinceName, "WA");
    params.distinguished_name.push(DnType::OrganizationName, "Acme");
    params.distinguished_name.push(DnType::CommonName, name);
    params
}

fn descriptor(digest: &Digest) -> SignatureDescriptor {
    SignatureDescriptor {
        media_type: MANIFEST.to_owned(),
        digest: digest.to_string(),
        size: 500,
        ..SignatureDescriptor::default()
    }
}

fn pairs(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
    pairs.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect()
}
