//! Signatures that name a verification plugin: which plugin runs, when, and what it is told.

use std::sync::{Arc, Mutex};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sealwright::envelope::Format;
use sealwright::plugin::{
    Capability, DescribeKeyRequest, DescribeKeyResponse, GenerateEnvelopeRequest,
    GenerateEnvelopeResponse, GenerateSignatureRequest, GenerateSignatureResponse, Metadata,
    Plugin, PluginConfig, PluginError, PluginName, Plugins, VerificationResult,
    VerifySignatureRequest, VerifySignatureResponse,
};
use sealwright::verify::{Consulted, Verdict, VerificationPlugins};
use serde_json::{Value, json};

use crate::codes;
use crate::forge::{Cose, array, bytes, int, read, tag, text};
use crate::forged::{PLUGIN, PLUGIN_VERSION, SCHEME, accepted, code, cose, jws, refused};
use crate::world::{World, policy, policy_with};

pub const BOTH: [Capability; 2] = [Capability::TrustedIdentity, Capability::RevocationCheck];

/// A plugin that answers as it is told, and notes what it was asked.
pub struct Fake {
    name: PluginName,
    pub metadata: Result<Metadata, PluginError>,
    pub answer: Result<VerifySignatureResponse, PluginError>,
    runs: Mutex<Vec<String>>,
}

impl Fake {
    /// `acme` 1.2.0 with these capabilities, which says yes.
    pub fn with(capabilities: &[Capability]) -> Self {
        let answer = VerifySignatureResponse {
            verification_results: capabilities
                .iter()
                .map(|capability| (capability.as_str().to_owned(), said(true)))
                .collect(),
            processed_attributes: Vec::new(),
        };
        let mut names = vec!["SIGNATURE_GENERATOR.RAW".to_owned(), "OF_TOMORROW".to_owned()];
        names.extend(capabilities.iter().map(|capability| capability.as_str().to_owned()));
        Self {
            name: PluginName::parse("acme").unwrap(),
            metadata: Ok(Metadata {
                name: "acme".into(),
                version: "1.2.0".into(),
                capabilities: names,
                ..Metadata::default()
            }),
            answer: Ok(answer),
            runs: Mutex::default(),
        }
    }

    pub fn version(mut self, version: &str) -> Self {
        if let Ok(metadata) = &mut self.metadata {
            metadata.version = version.to_owned();
        }
        self
    }

    pub fn processes(mut self, attributes: Value) -> Self {
        if let Ok(answer) = &mut self.answer {
            answer.processed_attributes = attributes.as_array().unwrap().clone();
        }
        self
    }

    /// `metadata`, or the request of `verify-signature`.
    pub fn runs(&self) -> Vec<String> {
        self.runs.lock().unwrap().clone()
    }

    fn ran(&self, what: String) {
        self.runs.lock().unwrap().push(what);
    }
}

pub fn said(success: bool) -> VerificationResult {
    VerificationResult { success, reason: (!success).then(|| "no".to_owned()) }
}

pub fn refused_by_itself() -> PluginError {
    let (code, message) = ("ERROR".to_owned(), "broken".to_owned());
    PluginError::Refused { code, message, metadata: Default::default() }
}

/// The plugins there are: this one.
struct Installed(Arc<Fake>);

#[async_trait::async_trait]
impl Plugins for Installed {
    async fn find(&self, name: &PluginName) -> Result<Arc<dyn Plugin>, PluginError> {
        match *name == self.0.name {
            true => Ok(self.0.clone()),
            false => Err(PluginError::NotFound { path: format!("plugins/{name}") }),
        }
    }
}

#[async_trait::async_trait]
impl Plugin for Fake {
    fn name(&self) -> &PluginName {
        &self.name
    }

    async fn metadata(&self, config: &PluginConfig) -> Result<Metadata, PluginError> {
        self.ran(format!("metadata {config:?}"));
        self.metadata.clone()
    }

    async fn describe_key(
        &self,
        _: &DescribeKeyRequest,
    ) -> Result<DescribeKeyResponse, PluginError> {
        unreachable!("verifying signs nothing")
    }

    async fn generate_signature(
        &self,
        _: &GenerateSignatureRequest,
    ) -> Result<GenerateSignatureResponse, PluginError> {
        unreachable!("verifying signs nothing")
    }

    async fn generate_envelope(
        &self,
        _: &GenerateEnvelopeRequest,
    ) -> Result<GenerateEnvelopeResponse, PluginError> {
        unreachable!("verifying signs nothing")
    }

    async fn verify_signature(
        &self,
        request: &VerifySignatureRequest,
    ) -> Result<VerifySignatureResponse, PluginError> {
        self.ran(serde_json::to_string(request).unwrap());
        self.answer.clone()
    }
}

impl World {
    /// The one plugin installed, with `config` for each of its runs.
    pub fn with_plugin(mut self, fake: Fake, config: &[(&str, &str)]) -> (Self, Arc<Fake>) {
        let fake = Arc::new(fake);
        let config = config.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect();
        self.plugins = VerificationPlugins::new(Arc::new(Installed(fake.clone())), config);
        (self, fake)
    }
}

/// A JWS that names `acme`, with these attributes besides; those with `!` are critical.
pub fn naming(attributes: &[(&str, Value)]) -> World {
    let mut marked = vec![SCHEME, PLUGIN];
    let mut changes = vec![(PLUGIN, json!("acme"))];
    for (key, value) in attributes {
        let name = key.trim_start_matches('!');
        if name != *key {
            marked.push(name);
        }
        changes.push((name, value.clone()));
    }
    changes.push(("crit", json!(marked)));
    jws(&changes)
}

/// The same as COSE, without attributes.
pub fn naming_in(format: Format) -> World {
    match format {
        Format::Jws => naming(&[]),
        Format::Cose => {
            let marked = array(vec![text(SCHEME), text(PLUGIN)]);
            cose([(text(PLUGIN), text("acme")), (int(2), marked)])
        }
    }
}

#[tokio::test]
async fn a_plugin_that_says_yes_verifies_and_is_reported() {
    for format in [Format::Jws, Format::Cose] {
        let (world, fake) = naming_in(format).with_plugin(Fake::with(&BOTH), &[]);
        let outcome = world.verify().await.unwrap();
        assert_eq!(outcome.verdict, Verdict::Verified(0));
        let consulted = Consulted {
            name: PluginName::parse("acme").unwrap(),
            version: "1.2.0".into(),
            decided: BOTH.to_vec(),
        };
        assert_eq!(outcome.good().unwrap().plugin, Some(consulted));
        assert_eq!(fake.runs().len(), 2);
    }
}

#[tokio::test]
async fn the_attributes_that_name_a_plugin_are_critical_texts() {
    let expected = "verify-plugin-attribute";
    let marked = || json!([SCHEME, PLUGIN]);
    for name in [json!(" "), json!(""), json!(1), json!(["acme"])] {
        let why = name.to_string();
        refused(jws(&[(PLUGIN, name.clone()), ("crit", marked())]), expected, &why).await;
    }
    refused(jws(&[(PLUGIN, json!("acme"))]), expected, "not critical").await;
    for version in [json!(1), json!(""), json!("1.0"), json!("v1.0.0"), json!("01.0.0")] {
        let why = version.to_string();
        let key = format!("!{PLUGIN_VERSION}");
        refused(naming(&[(&key, version)]), expected, &why).await;
    }
    refused(naming(&[(PLUGIN_VERSION, json!("1.0.0"))]), expected, "version not critical").await;
    // CBOR knows byte strings and tags, which JSON does not
    let marked = || array(vec![text(SCHEME), text(PLUGIN)]);
    for name in [bytes(b"acme"), tag(32, text("acme")), int(1)] {
        let envelope = Cose::with_all([(text(PLUGIN), name), (int(2), marked())]);
        assert!(read(Format::Cose, &envelope.seal()).is_err());
    }
}

#[tokio::test]
async fn a_name_that_leads_elsewhere_is_looked_up_nowhere() {
    for name in ["../acme", "..", "a/b", "a\\b", "acme\n"] {
        let world = jws(&[(PLUGIN, json!(name)), ("crit", json!([SCHEME, PLUGIN]))]);
        let (world, fake) = world.with_plugin(Fake::with(&BOTH), &[]);
        assert_eq!(code(world.verify().await), "plugin-name", "{name}");
        assert!(fake.runs().is_empty());
    }
}

#[tokio::test]
async fn a_plugin_that_is_not_installed_fails_at_every_level() {
    refused(naming(&[]), "plugin-not-found", "none is installed").await;
    let marked = json!([SCHEME, PLUGIN]);
    let world = jws(&[(PLUGIN, json!("other")), ("crit", marked)]);
    let (world, fake) = world.with_plugin(Fake::with(&BOTH), &[]);
    let error = world.verify().await.unwrap_err();
    assert_eq!(codes(&error), ["plugin-not-found"]);
    let hint = sealwright::fault::Fault::hint(&error).unwrap();
    assert!(hint.contains("sealwright plugin install"), "{hint}");
    assert!(fake.runs().is_empty());
}

#[tokio::test]
async fn a_plugin_that_does_not_fit_fails_at_every_level() {
    let refused_by = async |fake: Fake, world: World, expected: &str| {
        let (world, fake) = world.with_plugin(fake, &[]);
        refused(world, expected, expected).await;
        assert_eq!(fake.runs(), ["metadata {}"], "its metadata, once");
    };
    let needs = |version: &str| naming(&[(&format!("!{PLUGIN_VERSION}"), json!(version))]);
    let both = || Fake::with(&BOTH);
    refused_by(both().version("1.2"), naming(&[]), "verify-plugin-version").await;
    refused_by(both(), needs("1.2.1"), "verify-plugin-older").await;
    refused_by(both().version("1.2.0-rc.1"), needs("1.2.0"), "verify-plugin-older").await;
    refused_by(Fake::with(&[]), naming(&[]), "verify-plugin-incapable").await;
    let broken = Fake { metadata: Err(refused_by_itself()), ..both() };
    refused_by(broken, naming(&[]), "plugin-refused").await;
    for version in ["1.2.0", "1.1.9", "1.2.0+7", "1.2.0-rc.1"] {
        let (world, _) = needs(version).with_plugin(both(), &[]);
        accepted(world, version).await;
    }
}

#[tokio::test]
async fn nobody_untrusted_makes_a_plugin_run() {
    for level in ["strict", "permissive", "audit"] {
        let stranger = World::new().stores.into_values().next().unwrap();
        let ca = (sealwright::trust::StoreType::Ca, "acme".to_owned());
        let world = naming(&[]).with_policy(policy(level, "", "*")).with_store(ca, Some(stranger));
        let (mut world, fake) = world.with_plugin(Fake::with(&BOTH), &[]);
        for _ in 0..99 {
            world.signatures.push(world.signatures[0].clone());
        }
        let error = world.verify().await.unwrap_err();
        let expected =
            if level == "audit" { "verify-plugin-not-run" } else { "verify-not-trusted" };
        assert_eq!(codes(&error), [expected; 100], "{level}");
        assert!(fake.runs().is_empty(), "{level}");
    }
}

#[tokio::test]
async fn an_identity_that_is_not_trusted_is_not_put_before_a_plugin_that_leaves_it_to_the_policy() {
    let other = "x509.subject: C=US, ST=WA, O=Other";
    for (level, expected) in
        [("strict", "trust-identity-subject"), ("audit", "verify-plugin-not-run")]
    {
        let world = naming(&[]).with_policy(policy(level, "", other));
        let (world, fake) = world.with_plugin(Fake::with(&[Capability::RevocationCheck]), &[]);
        assert_eq!(code(world.verify().await), expected, "{level}");
        assert_eq!(fake.runs(), ["metadata {}"], "{level}");
        let (world, fake) = world.with_plugin(Fake::with(&BOTH), &[]);
        accepted(world, "the plugin decides on identities").await;
        assert_eq!(fake.runs().len(), 2);
    }
}

#[tokio::test]
async fn identities_of_other_prefixes_are_for_plugins() {
    let identity = "com.example.team: release";
    let world = naming(&[]).with_policy(policy("strict", "", identity));
    let (world, _) = world.with_plugin(Fake::with(&[Capability::RevocationCheck]), &[]);
    assert_eq!(code(world.verify().await), "trust-identity-none");
    let (world, fake) = world.with_plugin(Fake::with(&BOTH), &[]);
    accepted(world, "a plugin reads it").await;
    let request: Value = serde_json::from_str(&fake.runs()[1]).unwrap();
    assert_eq!(request["trustPolicy"]["trustedIdentities"], json!([identity]));
}

#[tokio::test]
async fn a_signature_that_fails_before_is_not_put_to_the_plugin() {
    let mut world = naming(&[]);
    world.now = time::macros::datetime!(2045-01-01 0:00 UTC);
    let (world, fake) = world.with_plugin(Fake::with(&BOTH), &[]);
    let error = world.verify().await.unwrap_err();
    assert_eq!(codes(&error), ["verify-certificate-expired"]);
    assert_eq!(fake.runs(), ["metadata {}"]);
    let consulted = error.tried()[0].plugin.as_ref().unwrap();
    assert_eq!((consulted.name.as_str(), consulted.decided.len()), ("acme", 0));
}

#[tokio::test]
async fn every_extended_attribute_must_be_processed_critical_or_not() {
    let expected = "verify-plugin-unprocessed";
    for key in ["x", "!x"] {
        let with = |processed: Value| {
            let fake = Fake::with(&BOTH).processes(processed);
            naming(&[(key, json!({"y": [1]}))]).with_plugin(fake, &[]).0
        };
        for processed in [json!([]), json!(["y", "X"]), json!([["x"], {"x": 1}, 7, null])] {
            refused(with(processed.clone()), expected, &format!("{key} {processed}")).await;
        }
        accepted(with(json!([1, "x", "y"])), key).await;
    }
}

#[tokio::test]
async fn an_attribute_with_an_integer_label_is_nobodys() {
    let with = |crit: Vec<Vec<u8>>| {
        let marked = array([vec![text(SCHEME), text(PLUGIN)], crit].concat());
        let changes = [(text(PLUGIN), text("acme")), (int(99), bytes(b"x")), (int(2), marked)];
        cose(changes).with_plugin(Fake::with(&BOTH).processes(json!(["99", 99])), &[])
    };
    let (world, fake) = with(vec![int(99)]);
    refused(world, "verify-critical-attribute", "critical").await;
    assert!(fake.runs().is_empty());
    let (world, fake) = with(Vec::new());
    accepted(world, "not critical").await;
    assert!(fake.runs()[1].contains(r#""unprocessedAttributes":null"#));
}

#[tokio::test]
async fn a_plugin_that_has_nothing_to_say_is_not_asked_and_leaves_critical_attributes() {
    let skip = || policy("strict", r#","override":{"revocation":"skip"}"#, "*");
    let fake = || Fake::with(&[Capability::RevocationCheck]).processes(json!(["x"]));
    let (world, one) = naming(&[]).with_policy(skip()).with_plugin(fake(), &[]);
    accepted(world, "nothing critical").await;
    let (world, other) = naming(&[("x", json!(1))]).with_policy(skip()).with_plugin(fake(), &[]);
    accepted(world, "not critical").await;
    let (world, third) = naming(&[("!x", json!(1))]).with_policy(skip()).with_plugin(fake(), &[]);
    assert_eq!(code(world.verify().await), "verify-critical-attribute");
    for fake in [one, other, third] {
        assert_eq!(fake.runs(), ["metadata {}"]);
    }
    // one that also decides on identities is asked for those alone
    let world = naming(&[("!x", json!(1))]).with_policy(skip());
    let (world, fake) = world.with_plugin(Fake::with(&BOTH).processes(json!(["x"])), &[]);
    accepted(world, "asked for identities").await;
    let request: Value = serde_json::from_str(&fake.runs()[1]).unwrap();
    let asked = json!(["SIGNATURE_VERIFIER.TRUSTED_IDENTITY"]);
    assert_eq!(request["trustPolicy"]["signatureVerification"], asked);
}

#[tokio::test]
async fn a_plugin_is_met_once_for_all_signatures_and_asked_once_for_each() {
    let (mut world, fake) = naming(&[]).with_plugin(Fake::with(&BOTH), &[]);
    let Ok(signature) = world.signatures[0].1.clone() else { panic!("it is listed") };
    for _ in 0..4 {
        world = world.listed(&signature.envelope_media_type, signature.envelope.clone());
    }
    world.target.size += 1;
    let error = world.verify().await.unwrap_err();
    assert_eq!(codes(&error), ["verify-descriptor"; 5]);
    world.verify().await.unwrap_err();
    let runs = fake.runs();
    assert_eq!(runs.iter().filter(|run| run.starts_with("metadata")).count(), 1);
    assert_eq!(runs.len(), 1 + 5 + 5);
}

/// The bytes notation sends, member by member in its order.
#[tokio::test]
async fn the_request_is_the_one_notation_sends() {
    let identity = "x509.subject: C=US, ST=WA, O=Other\", \"com.example: y";
    let world = naming(&[("!com.example.b", json!({"k": [1, "v"]}))]);
    let fake = Fake::with(&BOTH).processes(json!(["com.example.b"]));
    let world = world.with_policy(policy("strict", "", identity));
    let (world, fake) = world.with_plugin(fake, &[("b", "2"), ("a", "1")]);
    let outcome = world.verify().await.unwrap();
    let intact = outcome.good().unwrap().intact.as_ref().unwrap();
    let chain = intact.chain().certificates();
    let chain: Vec<String> = chain.iter().map(|c| STANDARD.encode(c.der())).collect();
    let expected = format!(
        r#"{{"contractVersion":"1.0","signature":{{"criticalAttributes":{{"contentType":"application/vnd.cncf.notary.payload.v1+json","signingScheme":"notary.x509","expiry":"0001-01-01T00:00:00Z","extendedAttributes":{{"com.example.b":{{"k":[1,"v"]}}}}}},"unprocessedAttributes":["com.example.b"],"certificateChain":["{}","{}"]}},"trustPolicy":{{"trustedIdentities":["x509.subject: C=US, ST=WA, O=Other","com.example: y"],"signatureVerification":["SIGNATURE_VERIFIER.TRUSTED_IDENTITY","SIGNATURE_VERIFIER.REVOCATION_CHECK"]}},"pluginConfig":{{"a":"1","b":"2"}}}}"#,
        chain[0], chain[1]
    );
    assert_eq!(fake.runs(), [r#"metadata {"a": "1", "b": "2"}"#.to_owned(), expected]);
}

#[tokio::test]
async fn a_signing_authoritys_time_and_the_expiry_are_told_as_they_were_signed() {
    let stores = r#""signingAuthority:acme""#;
    let (world, fake) = jws(&[
        (SCHEME, json!("notary.x509.signingAuthority")),
        ("io.cncf.notary.signingTime", Value::Null),
        ("io.cncf.notary.authenticSigningTime", json!("2025-01-01T02:00:00+02:00")),
        ("io.cncf.notary.expiry", json!("2030-01-01T00:00:00.5Z")),
        (PLUGIN, json!("acme")),
        (
            "crit",
            json!([SCHEME, PLUGIN, "io.cncf.notary.expiry", "io.cncf.notary.authenticSigningTime"]),
        ),
    ])
    .with_policy(policy_with("strict", "", "*", stores))
    .with_plugin(Fake::with(&BOTH), &[]);
    accepted(world, "").await;
    let request: Value = serde_json::from_str(&fake.runs()[1]).unwrap();
    assert_eq!(
        request["signature"]["criticalAttributes"],
        json!({
            "contentType": "application/vnd.cncf.notary.payload.v1+json",
            "signingScheme": "notary.x509.signingAuthority",
            "expiry": "2030-01-01T00:00:00.5Z",
            "authenticSigningTime": "2025-01-01T02:00:00+02:00",
        })
    );
    assert!(request["signature"]["unprocessedAttributes"].is_null());
}
