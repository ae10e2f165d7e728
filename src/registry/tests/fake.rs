//! A small OCI registry in the test's process; every answer can be replaced.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use serde_json::{Value, json};
use time::macros::datetime;

use crate::clock::ManualClock;
use crate::credentials::{Credential, CredentialSource, Found};
use crate::crypto::Digest;
use crate::envelope::{Format, TargetArtifact};
use crate::fault::BoxFault;
use crate::http::test_server::{Reply, Seen, TestServer};
use crate::http::{Deadline, FixedJitter, Http, HttpOptions};
use crate::registry::*;

pub const INDEX: &str = "application/vnd.oci.image.index.v1+json";
pub const MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";
pub const IMAGE: &[u8] =
    br#"{"schemaVersion":2,"mediaType":"application/vnd.oci.image.manifest.v1+json","layers":[]}"#;

/// What a registry can do.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Api {
    Referrers,
    TagOnly,
}

#[derive(Default)]
pub struct State {
    pub manifests: HashMap<String, (String, Vec<u8>)>,
    pub tags: BTreeMap<String, String>,
    pub blobs: HashMap<String, Vec<u8>>,
    sessions: u64,
}

type Hook = Box<dyn Fn(&Seen) -> Option<Reply> + Send + Sync>;

pub struct Fake {
    pub server: TestServer,
    pub state: Arc<Mutex<State>>,
    hook: Arc<Mutex<Hook>>,
}

impl Fake {
    /// Holds the image `team/app:v1`.
    pub async fn start(api: Api) -> Self {
        let mut state = State::default();
        let digest = state.put(IMAGE.to_vec(), MANIFEST);
        state.tags.insert("v1".into(), digest);
        let state = Arc::new(Mutex::new(state));
        let hook: Arc<Mutex<Hook>> = Arc::new(Mutex::new(Box::new(|_| None)));
        let (held, hooked) = (state.clone(), hook.clone());
        let server = TestServer::start(move |seen| {
            let replaced = hooked.lock().expect("no panic holds this lock")(seen);
            replaced
                .unwrap_or_else(|| held.lock().expect("no panic holds this lock").answer(seen, api))
        })
        .await;
        Self { server, state, hook }
    }

    /// Looks at every request first; `Some` replaces the answer.
    pub fn hook(&self, hook: impl Fn(&Seen) -> Option<Reply> + Send + Sync + 'static) {
        *self.hook.lock().expect("no panic holds this lock") = Box::new(hook);
    }

    pub fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().expect("no panic holds this lock")
    }

    pub fn reference(&self, version: &str) -> Reference {
        Reference::parse(&format!("{}/team/app{version}", self.server.host())).expect("a reference")
    }

    pub fn client(&self, access: Access) -> RegistryClient {
        self.client_with(access, Credential::Anonymous, Kind::Other, &[])
    }

    pub fn client_with(
        &self,
        access: Access,
        credential: Credential,
        kind: Kind,
        auth_realms: &[String],
    ) -> RegistryClient {
        let connection = Connection::new(ConnectionOptions {
            http: http(Vec::new()),
            host: self.server.host(),
            scheme: Scheme::PlainHttp,
            kind,
            credentials: Arc::new(Given(credential)),
            auth_realms: auth_realms.to_vec(),
        });
        let connection = Arc::new(connection.expect("a connection"));
        RegistryClient::new(connection, "team/app", access).expect("a client")
    }

    /// The entries behind the tag of the image's index.
    pub fn tag_entries(&self) -> Vec<String> {
        let state = self.state();
        let Some(digest) = state.tags.get(&image().as_str().replace(':', "-")) else {
            return Vec::new();
        };
        let index: Value = serde_json::from_slice(&state.manifests[digest].1).expect("JSON");
        let entries = index["manifests"].as_array().expect("entries");
        entries.iter().map(|e| e["digest"].as_str().expect("a digest").to_owned()).collect()
    }
}

pub fn http(extra_roots: Vec<Vec<u8>>) -> Http {
    let clock = Arc::new(ManualClock::at(datetime!(2026-11-22 12:00:00 UTC)));
    let options = HttpOptions {
        clock,
        deadline: Deadline(Duration::from_secs(600)),
        user_agent: "sealwright/test".into(),
        extra_roots,
    };
    Http::new(options).expect("a client").with_jitter(Arc::new(FixedJitter(0.5)))
}

pub struct Given(pub Credential);

#[async_trait::async_trait]
impl CredentialSource for Given {
    async fn find(&self, _: &str) -> Result<Option<Found>, BoxFault> {
        Ok(Some(Found { credential: self.0.clone(), source: "flags".into() }))
    }
}

pub fn image() -> Digest {
    Digest::sha256(IMAGE)
}

pub fn target() -> TargetArtifact {
    TargetArtifact {
        media_type: MANIFEST.into(),
        digest: image(),
        size: IMAGE.len() as u64,
        annotations: BTreeMap::new(),
    }
}

pub fn push<'a>(
    target: &'a TargetArtifact,
    envelope: &'a [u8],
    mode: ReferrersMode,
) -> SignaturePush<'a> {
    let annotations = BTreeMap::from([("a".to_owned(), "b".to_owned())]);
    SignaturePush { subject: target, format: Format::Cose, envelope, annotations, mode }
}

pub fn error(status: u16, code: &str) -> Reply {
    let body = json!({"errors": [{"code": code, "message": "told by the registry"}]});
    Reply::body(status, body.to_string())
}

impl State {
    pub fn put(&mut self, bytes: Vec<u8>, media_type: &str) -> String {
        let digest = Digest::sha256(&bytes).to_string();
        self.manifests.insert(digest.clone(), (media_type.to_owned(), bytes));
        digest
    }

    fn answer(&mut self, seen: &Seen, api: Api) -> Reply {
        let Some(rest) = seen.path().strip_prefix("/v2/team/app/") else {
            return if seen.path() == "/v2/" {
                Reply::status(200)
            } else {
                error(404, "NAME_UNKNOWN")
            };
        };
        let (area, name) = rest.split_once('/').unwrap_or((rest, ""));
        match (seen.method.as_str(), area) {
            ("GET", "manifests") => {
                let digest = self.tags.get(name).cloned().unwrap_or_else(|| name.to_owned());
                match self.manifests.get(&digest) {
                    Some((media_type, bytes)) => Reply::body(200, bytes.clone())
                        .with("content-type", media_type)
                        .with("docker-content-digest", digest),
                    None => error(404, "MANIFEST_UNKNOWN"),
                }
            }
            ("PUT", "manifests") => {
                let media_type = seen.header("content-type").unwrap_or_default().to_owned();
                let value: Value = serde_json::from_slice(&seen.body).expect("JSON");
                let blobs =
                    value["layers"].as_array().into_iter().flatten().chain([&value["config"]]);
                for blob in blobs.filter_map(|blob| blob["digest"].as_str()) {
                    if !self.blobs.contains_key(blob) {
                        return error(404, "MANIFEST_BLOB_UNKNOWN");
                    }
                }
                let digest = self.put(seen.body.to_vec(), &media_type);
                if !name.starts_with("sha256:") {
                    self.tags.insert(name.to_owned(), digest.clone());
                }
                let reply = Reply::status(201).with("docker-content-digest", digest);
                match value["subject"]["digest"].as_str() {
                    Some(subject) if api == Api::Referrers => reply.with("oci-subject", subject),
                    _ => reply,
                }
            }
            ("DELETE", "manifests") => match self.manifests.remove(name) {
                Some(_) => Reply::status(202),
                None => error(404, "MANIFEST_UNKNOWN"),
            },
            ("GET" | "HEAD", "blobs") => match self.blobs.get(name) {
                Some(bytes) => Reply::body(200, bytes.clone()),
                None => error(404, "BLOB_UNKNOWN"),
            },
            ("POST", "blobs") => {
                self.sessions += 1;
                let location = format!("/v2/team/app/blobs/uploads/{}?state=x%2By", self.sessions);
                Reply::status(202).with("location", location)
            }
            ("PUT", "blobs") => {
                assert_eq!(seen.query("state").as_deref(), Some("x+y"), "the query is kept");
                let digest = seen.query("digest").expect("a digest");
                assert_eq!(Digest::sha256(&seen.body).as_str(), digest);
                self.blobs.insert(digest, seen.body.to_vec());
                Reply::status(201)
            }
            ("DELETE", "blobs") => Reply::status(204),
            ("GET", "referrers") if api == Api::Referrers => self.referrers(name),
            _ => Reply::status(404),
        }
    }

    fn referrers(&self, subject: &str) -> Reply {
        let mut entries = Vec::new();
        for (digest, (media_type, bytes)) in &self.manifests {
            let value: Value = serde_json::from_slice(bytes).expect("JSON");
            if value["subject"]["digest"] == subject {
                entries.push(json!({
                    "mediaType": media_type, "digest": digest, "size": bytes.len(),
                    "artifactType": value["config"]["mediaType"],
                }));
            }
        }
        page(&entries)
    }
}

/// A page of the Referrers API.
pub fn page(entries: &[Value]) -> Reply {
    let index = json!({"schemaVersion": 2, "mediaType": INDEX, "manifests": entries});
    Reply::body(200, index.to_string()).with("content-type", INDEX)
}
