//! The registry client against the lab: round trips, ways to log in, signers at once.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use sealwright::clock::SystemClock;
use sealwright::credentials::{Credential, CredentialSource, Found};
use sealwright::crypto::Digest;
use sealwright::envelope::{Format, TargetArtifact};
use sealwright::fault::BoxFault;
use sealwright::http::{Deadline, Http, HttpOptions};
use sealwright::lab::{Auth, Blobs, Deletes, Lab, LabOptions, Referrers};
use sealwright::registry::{
    Access, Connection, ConnectionOptions, Kind, Reference, ReferrersMode, Registry,
    RegistryClient, Scheme, SignaturePush,
};

struct Given(Credential);

#[async_trait::async_trait]
impl CredentialSource for Given {
    async fn find(&self, _: &str) -> Result<Option<Found>, BoxFault> {
        Ok(Some(Found { credential: self.0.clone(), source: "flags".into() }))
    }
}

struct World {
    lab: Lab,
    image: Digest,
}

impl World {
    async fn start(options: LabOptions) -> Self {
        let lab = Lab::start(options).await.expect("a lab");
        let image = lab.push_image("team/app", "v1").expect("an image");
        Self { lab, image: Digest::parse(&image).expect("a digest") }
    }

    async fn of(referrers: Referrers) -> Self {
        Self::start(LabOptions { referrers, ..LabOptions::default() }).await
    }

    fn reference(&self, version: &str) -> Reference {
        let text = format!("{}/team/app{version}", self.lab.registry_host());
        Reference::parse(&text).expect("a reference")
    }

    fn by_digest(&self) -> Reference {
        self.reference(&format!("@{}", self.image))
    }

    fn client(&self, access: Access) -> RegistryClient {
        let http = Http::new(HttpOptions {
            clock: Arc::new(SystemClock::new()),
            deadline: Deadline(Duration::from_secs(120)),
            user_agent: "sealwright/test".into(),
            extra_roots: vec![self.lab.ca_pem().as_bytes().to_vec()],
        })
        .expect("a client");
        let host = self.lab.registry_host().to_owned();
        let connection = Connection::new(ConnectionOptions {
            http,
            scheme: sealwright::registry::scheme_for(&host, &[]),
            host,
            kind: Kind::Other,
            credentials: Arc::new(Given(Credential::Basic {
                username: self.lab.username().to_owned(),
                password: self.lab.password().clone(),
            })),
            auth_realms: Vec::new(),
        });
        let connection = Arc::new(connection.expect("a connection"));
        RegistryClient::new(connection, "team/app", access).expect("a client")
    }

    /// Requests of the longest chain while `work` runs, each answered a while after it arrived.
    async fn chain(&self, work: impl Future<Output = ()>) -> Vec<String> {
        self.lab.control().reset();
        self.lab.control().hold_each(Duration::from_millis(150));
        work.await;
        let counted = self.lab.control().chain_where(|exchange| exchange.method != "DELETE");
        self.lab.control().reset();
        counted.into_iter().map(|e| format!("{} {}", e.method, e.path)).collect()
    }
}

async fn sign(
    client: &RegistryClient,
    reference: &Reference,
    mode: ReferrersMode,
    envelope: &[u8],
) {
    let (target, prepared) = tokio::join!(client.resolve(reference), client.prepare_push());
    prepared.expect("prepared");
    let target: TargetArtifact = target.expect("resolved");
    let annotations = BTreeMap::new();
    let push =
        SignaturePush { subject: &target, format: Format::Cose, envelope, annotations, mode };
    client.push_signature(push).await.expect("pushed");
}

/// As `verify` does: a reference by digest is listed beside its resolving.
async fn verify(client: &RegistryClient, reference: &Reference, image: &Digest) -> usize {
    let listing = match reference.to_string().contains('@') {
        true => {
            let (target, listing) =
                tokio::join!(client.resolve(reference), client.signatures(image, 100));
            target.expect("resolved");
            listing
        }
        false => {
            let target = client.resolve(reference).await.expect("resolved");
            client.signatures(&target.digest, 100).await
        }
    };
    let listing = listing.expect("listed");
    client.fetch_signature(image, &listing.signatures[0]).await.expect("fetched");
    listing.signatures.len()
}

#[tokio::test]
async fn round_trips_are_as_few_as_promised() {
    for (referrers, mode, signing, verifying) in [
        (Referrers::Api, ReferrersMode::Auto, 3, 3),
        (Referrers::Api, ReferrersMode::ForceTag, 5, 3),
        (Referrers::TagSchema, ReferrersMode::ForceTag, 5, 4),
        (Referrers::TagSchema, ReferrersMode::Auto, 5, 4),
    ] {
        let world = World::of(referrers).await;
        let (client, by_digest) = (world.client(Access::PullPush), world.by_digest());
        let first = world.chain(sign(&client, &by_digest, mode, b"first")).await;
        assert_eq!(first.len(), signing + 1, "{first:?}");
        let client = world.client(Access::PullPush);
        let second = world.chain(sign(&client, &by_digest, mode, b"second")).await;
        assert_eq!(second.len(), signing, "{second:?}");

        let client = world.client(Access::Pull);
        let chain = world
            .chain(async {
                assert_eq!(verify(&client, &by_digest, &world.image).await, 2);
            })
            .await;
        assert_eq!(chain.len(), verifying, "{chain:?}");
        let (client, by_tag) = (world.client(Access::Pull), world.reference(":v1"));
        let chain = world
            .chain(async {
                verify(&client, &by_tag, &world.image).await;
            })
            .await;
        assert_eq!(chain.len(), verifying + 1, "{chain:?}");
    }
}

#[tokio::test]
async fn every_way_to_log_in_signs_and_verifies() {
    for auth in [Auth::Open, Auth::Basic, Auth::Bearer] {
        let options = LabOptions { auth, blobs: Blobs::Redirected, ..LabOptions::default() };
        let world = World::start(options).await;
        let (signer, verifier) = (world.client(Access::PullPush), world.client(Access::Pull));
        sign(&signer, &world.reference(":v1"), ReferrersMode::ForceTag, b"x").await;
        assert_eq!(verify(&verifier, &world.by_digest(), &world.image).await, 1);
        assert_eq!(
            sealwright::registry::scheme_for(world.lab.registry_host(), &[]),
            Scheme::PlainHttp
        );
    }
}

#[tokio::test]
async fn a_delete_the_role_does_not_carry_costs_no_more_than_a_warning() {
    for (auth, deletes) in [
        (Auth::Open, Deletes::Unsupported),
        (Auth::Basic, Deletes::Refused),
        (Auth::Bearer, Deletes::Refused),
    ] {
        let options =
            LabOptions { auth, deletes, referrers: Referrers::TagSchema, ..LabOptions::default() };
        let world = World::start(options).await;
        let client = world.client(Access::PullPush);
        for envelope in [b"a", b"b"] {
            sign(&client, &world.by_digest(), ReferrersMode::ForceTag, envelope).await;
        }
        let verifier = world.client(Access::Pull);
        assert_eq!(verify(&verifier, &world.by_digest(), &world.image).await, 2);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn sixteen_signers_at_once_leave_sixteen_entries() {
    let world = Arc::new(World::of(Referrers::TagSchema).await);
    let signers: Vec<_> = (0..16u8)
        .map(|n| {
            let world = world.clone();
            tokio::spawn(async move {
                let client = world.client(Access::PullPush);
                sign(&client, &world.by_digest(), ReferrersMode::ForceTag, &[n]).await;
            })
        })
        .collect();
    for signer in signers {
        signer.await.expect("signed");
    }
    assert_eq!(verify(&world.client(Access::Pull), &world.by_digest(), &world.image).await, 16);
}
