//! `blob`

mod inspect;
mod keys;
mod manifest;
mod policy;
mod sign;
mod verify;

use super::support::Home;

/// A home with a key, a trust store, a policy for files and a file.
pub struct World {
    pub home: Home,
}

pub const POLICY: &str = r#"{"version": "1.0", "trustPolicies": [{"name": "p", "globalPolicy": true, "signatureVerification": {"level": "strict"}, "trustStores": ["ca:wabbit"], "trustedIdentities": ["*"]}]}"#;

impl World {
    pub fn new() -> Self {
        let home = Home::new();
        assert!(home.run("cert generate-test --default wabbit").ends_with("[exit] 0"));
        home.write("file.bin", "hello\n");
        let world = Self { home };
        world.policy(POLICY);
        world
    }

    /// Runs a command line that must succeed.
    pub fn ok(&self, line: &str) -> String {
        let shown = self.home.run(line);
        assert!(shown.ends_with("[exit] 0"), "{line}\n{shown}");
        shown
    }

    /// Runs `blob verify` of the file by one of its signatures.
    pub fn verify(&self, signature: &str, flags: &str) -> String {
        self.home.run(&format!("blob verify {flags} --signature $HOME/{signature} $HOME/file.bin"))
    }

    /// The code of the error in what a command line with `-o json` prints.
    pub fn code(&self, line: &str) -> String {
        let report = serde_json::from_str(&self.home.stdout(line));
        let report: serde_json::Value = report.expect("one document");
        report["error"]["code"].as_str().unwrap_or_default().to_owned()
    }

    pub fn policy(&self, document: &str) {
        self.home.write(".config/notation/trustpolicy.blob.json", document);
    }
}
