//! A plugin in memory: what it can do, what it answers, and what it was asked.

use std::sync::{Arc, Mutex};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sealwright::crypto::{Digest, Suite};
use sealwright::envelope::{Format, Payload, SealRequest, Signer, TargetArtifact};
use sealwright::plugin::{
    DescribeKeyRequest, DescribeKeyResponse, GenerateEnvelopeRequest, GenerateEnvelopeResponse,
    GenerateSignatureRequest, GenerateSignatureResponse, Metadata, Plugin, PluginConfig,
    PluginError, PluginName, PluginSignerError, VerifySignatureRequest, VerifySignatureResponse,
    open_signer,
};
use serde_json::{Value, json};

use crate::forge::DIGEST;
use crate::pki::{self, Length, NOW};

type Describe = dyn Fn(&mut DescribeKeyResponse) + Send + Sync;
type Sign = dyn Fn(&mut GenerateSignatureResponse) + Send + Sync;
type Make = dyn Fn(&GenerateEnvelopeRequest) -> GenerateEnvelopeResponse + Send + Sync;

pub struct Fake {
    pub name: PluginName,
    pub capabilities: Vec<&'static str>,
    pub suite: Suite,
    /// DER, leaf first.
    pub chain: Vec<Vec<u8>>,
    pub describe: Box<Describe>,
    pub sign: Box<Sign>,
    pub make: Box<Make>,
    /// Says of everything but its metadata.
    pub refusal: Option<PluginError>,
    /// Requests in their order, as they go over the wire.
    pub asked: Mutex<Vec<(&'static str, Value)>>,
}

pub const RAW: &str = "SIGNATURE_GENERATOR.RAW";
pub const ENVELOPE: &str = "SIGNATURE_GENERATOR.ENVELOPE";

impl Fake {
    pub fn raw(suite: Suite) -> Self {
        Self {
            name: PluginName::parse("tester").unwrap(),
            capabilities: vec![RAW],
            suite,
            chain: pki::chain(suite, Length::Two),
            describe: Box::new(|_| {}),
            sign: Box::new(|_| {}),
            make: Box::new(|_| unreachable!("no envelope was ordered")),
            refusal: None,
            asked: Mutex::default(),
        }
    }

    pub fn whole(
        make: impl Fn(&GenerateEnvelopeRequest) -> GenerateEnvelopeResponse + Send + Sync + 'static,
    ) -> Self {
        let make = Box::new(make);
        Self { capabilities: vec![ENVELOPE], make, ..Self::raw(Suite::EcdsaP256) }
    }

    pub fn refusing(self, code: &str) -> Self {
        let (code, message) = (code.to_owned(), "no".to_owned());
        let refusal = PluginError::Refused { code, message, metadata: Default::default() };
        Self { refusal: Some(refusal), ..self }
    }

    pub fn commands(&self) -> Vec<&'static str> {
        self.asked.lock().unwrap().iter().map(|(command, _)| *command).collect()
    }

    fn note(&self, command: &'static str, request: Value) -> Result<(), PluginError> {
        self.asked.lock().unwrap().push((command, request));
        match &self.refusal {
            Some(refusal) if command != "get-plugin-metadata" => Err(refusal.clone()),
            _ => Ok(()),
        }
    }
}

#[async_trait::async_trait]
impl Plugin for Fake {
    fn name(&self) -> &PluginName {
        &self.name
    }

    async fn metadata(&self, config: &PluginConfig) -> Result<Metadata, PluginError> {
        self.note("get-plugin-metadata", json!(config))?;
        Ok(Metadata {
            name: self.name.to_string(),
            version: "1.2.0".into(),
            capabilities: self.capabilities.iter().map(|name| (*name).to_owned()).collect(),
            ..Default::default()
        })
    }

    async fn describe_key(
        &self,
        request: &DescribeKeyRequest,
    ) -> Result<DescribeKeyResponse, PluginError> {
        self.note("describe-key", json!(request))?;
        let key_spec = self.suite.key_spec().to_owned();
        let mut answer = DescribeKeyResponse { key_id: request.key_id.clone(), key_spec };
        (self.describe)(&mut answer);
        Ok(answer)
    }

    async fn generate_signature(
        &self,
        request: &GenerateSignatureRequest,
    ) -> Result<GenerateSignatureResponse, PluginError> {
        self.note("generate-signature", json!(request))?;
        let message = STANDARD.decode(&request.payload).unwrap();
        let signature = pki::key(self.suite).sign(&message).unwrap();
        let mut answer = GenerateSignatureResponse {
            key_id: request.key_id.clone(),
            signature: STANDARD.encode(signature),
            signing_algorithm: "whatever it says".into(),
            certificate_chain: self.chain.iter().map(|der| STANDARD.encode(der)).collect(),
        };
        (self.sign)(&mut answer);
        Ok(answer)
    }

    async fn generate_envelope(
        &self,
        request: &GenerateEnvelopeRequest,
    ) -> Result<GenerateEnvelopeResponse, PluginError> {
        self.note("generate-envelope", json!(request))?;
        Ok((self.make)(request))
    }

    async fn verify_signature(
        &self,
        _: &VerifySignatureRequest,
    ) -> Result<VerifySignatureResponse, PluginError> {
        unreachable!("nothing is verified")
    }
}

/// The signer of the key `k` with the setting `a=b`.
pub async fn opened(fake: &Arc<Fake>) -> Result<Arc<dyn Signer>, PluginSignerError> {
    let config = [("a".to_owned(), "b".to_owned())].into();
    open_signer(fake.clone(), "k", &config).await
}

/// An artifact with the annotation `build`, to be signed without expiry.
pub fn request(format: Format) -> SealRequest {
    let annotations = [("build".to_owned(), "<1>".to_owned())].into();
    let target = TargetArtifact {
        media_type: "application/vnd.oci.image.manifest.v1+json".into(),
        digest: Digest::parse(DIGEST).unwrap(),
        size: 942,
        annotations,
    };
    SealRequest { format, payload: Payload { target }, now: NOW, expiry: None }
}
