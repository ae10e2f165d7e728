//! A lab's registry, OpenSSL's authority, its server, and a signed image.

use std::sync::Arc;

use sealwright::lab::LabOptions;
use serde_json::{Value, json};

use crate::authority::{Authority, Wanted};
use crate::program::{Answer, Program};
use crate::server::Server;

pub struct World {
    pub program: Program,
    pub authority: Arc<Authority>,
    pub server: Server,
    pub image: String,
    verified: usize,
}

/// OpenSSL starts anew for each answer, on a machine that may be busy.
pub const PATIENT: &str = "--ocsp-timeout 60s --crl-timeout 60s";

/// Of a code-signing certificate.
const SIGNING: &str = "basicConstraints = critical,CA:FALSE
keyUsage = critical,digitalSignature
extendedKeyUsage = codeSigning
";

impl World {
    /// Trusts the authority's root; nothing is signed yet.
    pub async fn open(title: &str) -> Option<Self> {
        let authority = Authority::open(title)?;
        let program = Program::start_now(LabOptions::default()).await;
        program
            .write(".config/notation/truststore/x509/ca/lab/root.pem", &authority.text("root.pem"));
        let image = program.image("v1");
        let (authority, server) = (Arc::new(authority), Server::start());
        Some(Self { program, authority, server, image, verified: 0 })
    }

    /// A signing certificate with these further extensions becomes the default key.
    pub fn signer(&self, name: &str, key: &str, extensions: &str) {
        let extensions = format!("{SIGNING}{extensions}");
        self.authority.issue(Wanted { key, extensions: &extensions, ..Wanted::named(name) });
        let chain = ["root.pem"].map(|root| self.authority.text(root));
        let chain = [self.authority.text(&format!("{name}.pem")), chain.concat()].concat();
        let chain = self.program.write(&format!("{name}-chain.pem"), &chain);
        let key = self.authority.path(&format!("{name}.key"));
        let keys = json!({
            "default": name,
            "keys": [{ "name": name, "keyPath": key, "certPath": chain }],
        });
        self.program.write(".config/notation/signingkeys.json", &keys.to_string());
    }

    /// The program's answer to `sign`, as a process.
    pub async fn sign(&self, flags: &str) -> Answer {
        self.program.spawn(&format!("sign {flags} {}", self.image)).await
    }

    /// The same for `verify`, with a cache that nothing was kept in.
    pub async fn verify(&mut self, flags: &str) -> Answer {
        self.verified += 1;
        let cache = self.program.path(&format!("cache-{}", self.verified));
        self.program.set("NOTATION_CACHE", &cache.display().to_string());
        self.program.spawn(&format!("verify {PATIENT} {flags} {}", self.image)).await
    }

    /// The status of the signing certificate, with the reason or the problem of the last server asked.
    pub async fn status(&mut self) -> String {
        let answer = self.verify("--output json").await;
        said(&answer)
    }
}

/// What a report in JSON says of the signing certificate's revocation.
pub fn said(answer: &Answer) -> String {
    let report: Value = serde_json::from_str(&answer.stdout)
        .unwrap_or_else(|error| panic!("{error}: {}{}", answer.stdout, answer.stderr));
    let leaf = &report["signatures"][0]["revocation"][0];
    let servers = leaf["servers"].as_array();
    let problem = servers.and_then(|servers| servers.last()).map(|server| &server["problem"]);
    let detail = [Some(&leaf["reason"]), problem].into_iter().flatten().find_map(Value::as_str);
    let status = leaf["status"].as_str().unwrap_or_else(|| panic!("no status: {report}"));
    assert_eq!(answer.code == 0, status == "good", "{status}: {}", answer.stderr);
    detail.map_or_else(|| status.to_owned(), |detail| format!("{status}: {detail}"))
}
