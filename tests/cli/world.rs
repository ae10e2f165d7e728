//! A home with a key, a trust store and a policy, and a lab with an image.

use sealwright::lab::{Lab, LabOptions};

use super::support::Home;

/// Everything `sign` and `verify` need.
pub struct World {
    pub home: Home,
    pub lab: Lab,
    /// `localhost:PORT/net-monitor@sha256:…`
    pub image: String,
    /// `localhost:PORT/net-monitor:v1`
    pub tagged: String,
}

pub const POLICY: &str = r#"{"version": "1.0", "trustPolicies": [{"name": "p", "registryScopes": ["*"], "signatureVerification": {"level": "strict"}, "trustStores": ["ca:wabbit"], "trustedIdentities": ["*"]}]}"#;

impl World {
    /// An open registry; the port is `5000` in outputs and the image's digest `<image>`.
    pub async fn start(options: LabOptions) -> Self {
        let lab = Lab::start(options).await.expect("a free port");
        let mut home = Home::new();
        assert!(home.run("cert generate-test --default wabbit").ends_with("[exit] 0"));
        home.write(".config/notation/trustpolicy.json", POLICY);
        let digest = lab.push_image("net-monitor", "v1").expect("stored");
        home.replace(&digest, "sha256:<image>");
        let host = lab.registry_host().to_owned();
        home.replace(&host, "localhost:5000");
        let (image, tagged) =
            (format!("{host}/net-monitor@{digest}"), format!("{host}/net-monitor:v1"));
        Self { home, lab, image, tagged }
    }

    /// Runs a command line in which `$IMAGE` and `$TAGGED` stand for the image.
    pub fn run(&self, line: &str) -> String {
        let line = line.replace("$IMAGE", &self.image).replace("$TAGGED", &self.tagged);
        let line = line.replace("$REGISTRY", self.lab.registry_host());
        // The lab serves on this runtime while the process runs.
        tokio::task::block_in_place(|| self.home.run(&line))
    }

    /// Signs once more; outputs show the signature's digest as `name`.
    pub fn sign(&mut self, flags: &str, name: &str) {
        let line = format!("sign {flags} {}", self.image);
        let shown = tokio::task::block_in_place(|| self.home.stdout(&line));
        let digest = shown
            .lines()
            .find_map(|line| line.strip_prefix("Pushed the signature to "))
            .and_then(|reference| reference.split_once('@'))
            .map(|(_, digest)| digest.to_owned())
            .unwrap_or_else(|| panic!("no signature: {shown}"));
        self.home.replace(&digest, &format!("sha256:<{name}>"));
    }

    pub fn policy(&self, change: impl Fn(&str) -> String) {
        self.home.write(".config/notation/trustpolicy.json", change(POLICY));
    }
}
