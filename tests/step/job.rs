//! A job against a lab: an Azure registry with an image, a vault with a certificate, Entra.

use sealwright::lab::{Auth, IssueRequest, Issued, Lab, LabOptions};

use crate::runner::{Runner, Step};

pub struct Job {
    pub runner: Runner,
    pub lab: Lab,
    pub issued: Issued,
    pub digest: String,
    extra_hosts: String,
}

/// The repository of the image that is there.
pub const REPOSITORY: &str = "app";

impl Job {
    pub fn start() -> Self {
        Self::with(LabOptions::default(), IssueRequest::named("wabbit"))
    }

    /// The certificate is in the vault; Entra credentials are in the environment.
    pub fn with(options: LabOptions, request: IssueRequest) -> Self {
        Self::in_lab(LabOptions { auth: Auth::Acr, ..options }, request)
    }

    /// A registry that is not Azure's and asks for the lab's user.
    pub fn with_basic_registry() -> Self {
        let options = LabOptions { auth: Auth::Basic, ..LabOptions::default() };
        Self::in_lab(options, IssueRequest::named("wabbit"))
    }

    fn in_lab(options: LabOptions, request: IssueRequest) -> Self {
        let lab = Lab::start_apart(options).expect("the lab starts");
        let issued = lab.issue(&request).expect("issued");
        let digest = lab.push_image(REPOSITORY, "v1").expect("pushed");
        let mut runner = Runner::new();
        for line in lab.env_lines(runner.folder()).expect("written") {
            let (name, value) = line.split_once('=').expect("a variable");
            runner.set(name, value);
        }
        let extra_hosts = lab.extra_hosts();
        Self { runner, lab, issued, digest, extra_hosts }
    }

    /// `HOST:PORT/app@sha256:…`
    pub fn image(&self) -> String {
        self.named(&format!("{REPOSITORY}@{}", self.digest))
    }

    /// A reference in the lab's registry.
    pub fn named(&self, rest: &str) -> String {
        format!("{}/{rest}", self.lab.registry_host())
    }

    /// The action with these inputs and the lab's hosts.
    pub fn uses(&self, inputs: &[(&str, &str)]) -> Step<'_> {
        let mut all = vec![("azure-extra-hosts", self.extra_hosts.as_str())];
        all.extend_from_slice(inputs);
        self.runner.uses(&all)
    }

    /// Signing the image with the vault's key, and more inputs.
    pub fn signs(&self, inputs: &[(&str, &str)]) -> Step<'_> {
        let image = self.image();
        let mut all = vec![("key", self.issued.key_id.as_str()), ("images", &image)];
        all.extend_from_slice(inputs);
        self.uses(&all)
    }

    /// Verifying the image with the policy and store of [`Job::trust`].
    pub fn verifies(&self, inputs: &[(&str, &str)]) -> Step<'_> {
        let image = self.image();
        let mut all = vec![
            ("command", "verify"),
            ("images", image.as_str()),
            ("trust-policy", "trust/trustpolicy.json"),
            ("trust-store", "trust/store"),
        ];
        all.extend_from_slice(inputs);
        self.uses(&all)
    }

    /// The vault's key and chain as `local` of signingkeys.json.
    pub fn local_key(&self) {
        let home = self.runner.home(".config/notation");
        std::fs::create_dir_all(&home).expect("made");
        let [key, chain] = ["local.key", "local.crt"].map(|file| home.join(file));
        std::fs::write(&key, self.issued.key.private_key_pem()).expect("written");
        let pem = format!("{}{}", self.issued.leaf_pem, self.issued.ca_bundle_pem);
        std::fs::write(&chain, pem).expect("written");
        let keys = serde_json::json!({
            "default": "local",
            "keys": [{ "name": "local", "keyPath": key, "certPath": chain }]
        });
        std::fs::write(home.join("signingkeys.json"), keys.to_string()).expect("written");
    }

    /// A policy that trusts the certificate's root, in the workspace.
    pub fn trust(&self) {
        self.trust_at("strict");
        self.runner.write("trust/store/x509/ca/lab/root.pem", &self.issued.root_pem);
    }

    /// A policy of this level, without a store.
    pub fn trust_at(&self, level: &str) {
        let stores = match level {
            "skip" => String::new(),
            _ => r#","trustStores":["ca:lab"],"trustedIdentities":["*"]"#.to_owned(),
        };
        let policy = format!(
            r#"{{"version":"1.0","trustPolicies":[{{"name":"lab","registryScopes":["*"],"signatureVerification":{{"level":"{level}"}}{stores}}}]}}"#
        );
        self.runner.write("trust/trustpolicy.json", policy);
    }

    /// How many signatures the image has.
    pub fn signatures(&self) -> usize {
        self.lab.referrers(REPOSITORY, &self.digest).len()
    }

    /// What changes from run to run, by name.
    pub fn redacted(&self, text: &str) -> String {
        text.replace(self.lab.registry_host(), "r.azurecr.io")
            .replace(self.lab.vault_host(), "v.vault.azure.net")
            .replace(&self.issued.version, "<version>")
            .replace(&self.digest, "sha256:<image>")
            .replace(&self.runner.folder().display().to_string(), "$RUNNER")
    }
}
