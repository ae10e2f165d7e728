//! Whom the step trusts: text, addresses with checksums, vault certificates, what lies in `.github`.

use std::process::Command;

use sealwright::ci::Draft;
use sealwright::crypto::Digest;
use sealwright::lab::{Chain, Fault, IssueRequest, Issued, LabOptions, Role, Route};

use crate::job::Job;
use crate::runner::Done;

pub const POLICY: &str = r#"{"version":"1.0","trustPolicies":[{"name":"lab","registryScopes":["*"],"signatureVerification":{"level":"strict"},"trustStores":["ca:lab"],"trustedIdentities":["*"]}]}"#;

impl Job {
    /// `command: verify` for the image, with these inputs alone.
    pub fn verifies_by(&self, inputs: &[(&str, &str)]) -> Done {
        let image = self.image();
        let mut all = vec![("command", "verify"), ("images", image.as_str())];
        all.extend_from_slice(inputs);
        self.uses(&all).done()
    }

    /// The lab serves `text` there, this many times; the address without a checksum.
    pub fn serves(&self, path: &str, text: &str, times: usize) -> String {
        self.answers(path, Fault::Error(200, text.to_owned()), times)
    }

    pub fn answers(&self, path: &str, fault: Fault, times: usize) -> String {
        self.lab.control().fault(Route::on(Role::Registry).path(path), fault, times);
        format!("https://{}{path}", self.lab.registry_https_host())
    }

    /// A job on a GitHub runner, whose workspace is known.
    fn in_workspace(&mut self) {
        let workspace = self.runner.folder().join("work");
        self.runner.set("GITHUB_WORKSPACE", workspace.to_str().unwrap());
    }

    fn self_signed(&self, name: &str) -> Issued {
        self.lab.issue(&IssueRequest::named(name).chain(Chain::SelfSigned)).unwrap()
    }
}

pub fn checksum(text: &str) -> String {
    Digest::sha256(text.as_bytes()).hex().to_owned()
}

/// A signed image, its certificate self-signed.
fn self_signed_job() -> Job {
    let request = IssueRequest::named("wabbit").chain(Chain::SelfSigned);
    let job = Job::with(LabOptions::default(), request);
    job.signs(&[("self-signed", "true")]).done().succeeded();
    job
}

#[test]
fn inline_policy_and_certificates_verify() {
    let job = Job::start();
    job.signs(&[]).done().succeeded();
    let pem = &job.issued.root_pem;
    for certificates in [
        format!("ca:lab=\n{pem}"),
        // a folded scalar of YAML
        format!("ca:lab={}", pem.replace('\n', " ")),
    ] {
        let inputs = [("trust-policy", POLICY), ("trusted-certificates", &certificates)];
        let done = job.verifies_by(&inputs).succeeded();
        assert_eq!(done.output("outcome"), "verified");
        assert!(done.stdout.contains("installed trust policy the inline text"), "{}", done.log());
        let line = done.stdout.lines().find(|l| l.starts_with("trusted as ca:lab: CN=")).unwrap();
        assert!(line.ends_with(", from the inline text of ca:lab"), "{line}");
    }
    // another store is another store
    let other = format!("ca:other={pem}");
    let inputs = [("trust-policy", POLICY), ("trusted-certificates", &other)];
    let done = job.verifies_by(&inputs).failed();
    assert!(done.log().contains("the trust store \"lab\" of type \"ca\" does not exist"));
    let warning = done.commands("warning").join("\n");
    assert!(warning.contains("no statement of the trust policy names ca:other"), "{}", done.log());
}

#[test]
fn addresses_with_checksums_are_fetched_without_credentials() {
    let job = Job::start();
    job.signs(&[]).done().succeeded();
    let pem = &job.issued.root_pem;
    let policy = job.serves("/files/trustpolicy.json", POLICY, 1);
    let root = job.serves("/files/root.crt", pem, 1);
    let moved = vec![("Location".to_owned(), root.clone())];
    let latest = job.answers("/files/latest", Fault::Status(302, moved), 1);
    let policy = format!("{policy}?sig=s3cret#sha256={}", checksum(POLICY));
    let certificates = format!("ca:lab={latest}#sha256={}", checksum(pem).to_uppercase());
    job.lab.control().forget();
    let inputs = [("trust-policy", &*policy), ("trusted-certificates", &certificates)];
    let done = job.verifies_by(&inputs).succeeded();
    assert_eq!(done.output("outcome"), "verified");
    assert!(!done.log().contains("s3cret"), "{}", done.log());
    let requests = job.lab.control().requests();
    let files: Vec<_> = requests.iter().filter(|e| e.path.starts_with("/files/")).collect();
    assert_eq!(files.len(), 3);
    assert!(files.iter().all(|e| !e.authorized));
    assert_eq!(files[0].query, "sig=s3cret");
}

#[test]
fn a_vault_certificate_is_read_by_its_public_part_alone() {
    let job = self_signed_job();
    let id = &job.issued.certificate_id;
    let latest = id.rsplit_once('/').unwrap().0;
    for id in [id.as_str(), latest] {
        job.lab.control().forget();
        let certificates = format!("ca:lab={id}");
        let inputs = [("trust-policy", POLICY), ("trusted-certificates", &*certificates)];
        let done = job.verifies_by(&inputs).succeeded();
        assert_eq!(done.output("outcome"), "verified");
        // the log says which version
        assert!(done.stdout.contains(&format!(", from {}\n", job.issued.certificate_id)));
        let requests = job.lab.control().requests();
        let vault: Vec<_> = requests.iter().filter(|e| e.role == Role::Vault).collect();
        assert_eq!(vault.len(), 1, "{vault:?}");
        assert!(vault[0].path.starts_with("/certificates/wabbit"));
    }
}

#[test]
fn later_steps_trust_what_setup_took_from_a_vault_and_sealwright_yml() {
    let mut job = self_signed_job();
    let path = "trust.yml";
    let id = &job.issued.certificate_id;
    let other = job.self_signed("other").leaf_pem.replace('\n', "\n      ");
    let yml = format!(
        "command: setup\ntrust-policy: |\n  {POLICY}\ntrusted-certificates:\n  ca:lab:\n    - {id}\n    - |\n      {other}\n"
    );
    job.runner.write(path, yml);
    let done = job.uses(&[("config", path)]).done().succeeded();
    assert_eq!(done.stdout.matches("trusted as ca:lab: ").count(), 2, "{}", done.log());
    for (name, value) in &done.variables {
        job.runner.set(name, value);
    }
    assert_eq!(job.verifies_by(&[]).succeeded().output("outcome"), "verified");
    let line = format!("verify --azure-extra-hosts {} {}", job.lab.extra_hosts(), job.image());
    job.runner.runs(&line).done().succeeded();
    let listed = job.runner.runs("cert ls").done().succeeded();
    assert!(listed.stdout.contains("trusted-certificates-2.pem"), "{}", listed.log());

    // another setup replaces the store: nobody is trusted any more who is not named
    let certificates = format!("ca:lab={}", job.issued.certificate_id);
    let inputs = [("command", "setup"), ("trusted-certificates", certificates.as_str())];
    job.uses(&inputs).done().succeeded();
    let listed = job.runner.runs("cert ls").done().succeeded();
    assert!(!listed.stdout.contains("trusted-certificates-2.pem"), "{}", listed.log());
}

#[test]
fn a_folder_and_single_certificates_go_together() {
    let job = self_signed_job();
    job.trust_at("strict");
    let other = job.self_signed("other");
    job.runner.write("trust/store/x509/ca/lab/trusted-certificates-1.pem", &other.leaf_pem);
    let certificates = format!("ca:lab={}", job.runner.write("root.crt", &job.issued.leaf_pem));
    let done = job.verifies(&[("trusted-certificates", &certificates)]).done().succeeded();
    assert_eq!(done.output("outcome"), "verified");
}

#[test]
fn what_lies_below_github_is_found_and_said() {
    let mut job = Job::start();
    job.signs(&[]).done().succeeded();
    job.runner.write(".github/trustpolicy/trustpolicy.json", POLICY);
    job.runner.write(".github/trustpolicy/other.json", "{}");
    job.runner.write(".github/truststore/x509/ca/lab/root.crt", &job.issued.root_pem);
    let workspace = job.runner.folder().join("work").to_str().unwrap().to_owned();
    let image = job.image();
    let inputs = [("command", "verify"), ("images", image.as_str())];
    for variable in ["GITHUB_WORKSPACE", "BUILD_SOURCESDIRECTORY", "SYSTEM_DEFAULTWORKINGDIRECTORY"]
    {
        let done = job.uses(&inputs).env(variable, &workspace).done().succeeded();
        assert_eq!(done.output("outcome"), "verified");
        for found in [
            "found the trust policy .github/trustpolicy/trustpolicy.json",
            "found the trust store .github/truststore",
        ] {
            assert!(done.stdout.lines().any(|l| l == found), "{}", done.log());
        }
        assert_eq!(done.commands("warning").len(), 0, "{}", done.log());
    }
    // nobody says where the workspace is
    assert!(!job.uses(&inputs).done().failed().stdout.contains("found the trust"));
    job.in_workspace();
    // what somebody chose goes before it: an input, or NOTATION_CONFIG
    let done = job.verifies_by(&[("trust-policy", POLICY)]).failed();
    assert!(!done.stdout.contains("found the trust"), "{}", done.log());
    let config = job.runner.home("notation");
    let done = job.uses(&inputs).env("NOTATION_CONFIG", config.to_str().unwrap()).done().failed();
    assert!(done.stdout.contains("NOTATION_CONFIG is set: the trust below"), "{}", done.log());
    // setup finds it too
    let done = job.uses(&[("command", "setup")]).done().succeeded();
    assert!(done.stdout.contains("found the trust store .github/truststore"), "{}", done.log());
    let home = std::path::Path::new(&done.variables["NOTATION_CONFIG"]);
    assert!(home.join("truststore/x509/ca/lab/root.crt").is_file());
}

#[test]
fn the_only_policy_may_have_any_name_and_half_a_pair_is_told() {
    let mut job = Job::start();
    job.in_workspace();
    job.signs(&[]).done().succeeded();
    job.runner.write(".github/trustpolicy/verify.json", POLICY);
    job.runner.write(".github/trustpolicy/README.md", "how to");
    let store = job.runner.home(".config/notation/truststore/x509/ca/lab");
    std::fs::create_dir_all(&store).unwrap();
    std::fs::write(store.join("root.crt"), &job.issued.root_pem).unwrap();
    let done = job.verifies_by(&[]).succeeded();
    assert_eq!(done.output("outcome"), "verified");
    let warning = done.commands("warning").join("\n");
    assert!(warning.contains("no trust store (.github/truststore)"), "{}", done.log());
    assert!(warning.contains("notation's own store serves"), "{}", done.log());

    let done = job.uses(&[("command", "setup")]).done().succeeded();
    let warning = done.commands("warning").join("\n");
    assert!(warning.contains("later steps will find no trust store"), "{}", done.log());
}

/// Steps before this one chose: an imported policy, certificates for its stores. A pull request can
/// write below `.github` and chooses nothing instead.
#[test]
fn what_lies_below_github_does_not_go_before_an_imported_policy() {
    let mut job = Job::start();
    job.in_workspace();
    job.signs(&[]).done().succeeded();
    let own = job.runner.home(".config/notation/trustpolicy.json");
    std::fs::create_dir_all(own.parent().unwrap().join("truststore/x509/ca/lab")).unwrap();
    std::fs::write(&own, POLICY).unwrap();
    job.runner.write(".github/truststore/x509/ca/lab/root.crt", &job.issued.root_pem);
    let done = job.verifies_by(&[]).failed();
    let warning = done.commands("warning").join("\n");
    assert!(warning.contains("the trust store below .github is left aside"), "{}", done.log());

    let skip = POLICY.replace("strict", "skip");
    job.runner.write(".github/trustpolicy/trustpolicy.json", skip);
    let done = job.verifies_by(&[]).failed();
    let warning = done.commands("warning").join("\n");
    assert!(warning.contains(&format!("{} is taken, not", own.display())), "{}", done.log());
    // the step may choose it
    let done = job.verifies_by(&[("trust-policy", POLICY), ("trust-store", ".github/truststore")]);
    assert_eq!(done.succeeded().output("outcome"), "verified");
}

#[test]
fn setup_puts_the_program_on_path_with_or_without_trust() {
    let mut job = Job::start();
    job.trust();
    job.signs(&[]).done().succeeded();
    let done = job.uses(&[("command", "setup")]).done().succeeded();
    assert_eq!(done.variables.len(), 0, "{:?}", done.variables);
    let bin = job.runner.temp().join("sealwright/bin");
    assert_eq!(done.paths, [bin.to_str().unwrap()]);
    assert!(bin.join("sealwright").is_file() && !bin.join("notation").exists());

    let inputs = [
        ("command", "setup"),
        ("install-as-notation", "true"),
        ("trust-policy", "trust/trustpolicy.json"),
        ("trust-store", "trust/store"),
    ];
    let dry = job.uses(&[&inputs[..], &[("dry-run", "true")]].concat()).done().succeeded();
    assert_eq!((dry.paths.len(), bin.join("notation").exists()), (0, false));
    let done = job.uses(&inputs).done().succeeded();
    assert!(done.stdout.contains("on PATH for later steps: sealwright, notation"));
    for (name, value) in &done.variables {
        job.runner.set(name, value);
    }
    let notation = |arguments: &[&str]| {
        let output = Command::new("notation")
            .args(arguments)
            .env_clear()
            .env("PATH", &done.paths[0])
            .env("HOME", job.runner.home(""))
            .env("NOTATION_CONFIG", &done.variables["NOTATION_CONFIG"])
            .env("SSL_CERT_FILE", job.runner.folder().join("lab-ca.pem"))
            .env("AZURE_TENANT_ID", &job.lab.identity().tenant_id)
            .env("AZURE_CLIENT_ID", &job.lab.identity().client_id)
            .env("AZURE_CLIENT_SECRET", job.lab.identity().client_secret.expose())
            .env("AZURE_AUTHORITY_HOST", format!("https://{}", job.lab.authority_host()))
            .output()
            .unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    };
    assert!(notation(&["version"]).contains("\nVersion:     1.3.2\n"));
    let hosts = job.lab.extra_hosts();
    let verified = notation(&["verify", "--azure-extra-hosts", &hosts, &job.image()]);
    assert!(verified.contains("Successfully verified signature"), "{verified}");
}

#[test]
fn the_examples_of_the_readme_are_valid() {
    let readme = include_str!("../../README.md");
    let (_, trust) = readme.split_once("\n## Trust\n").unwrap();
    let (trust, _) = trust.split_once("\n## ").unwrap();
    let blocks: Vec<&str> =
        trust.split("```yaml\n").skip(1).map(|b| b.split_once("```").unwrap().0).collect();
    let [step, file] = blocks[..] else { panic!("{blocks:?}") };
    let steps: serde_json::Value = serde_yaml::from_str(step).unwrap();
    let inputs = steps[0]["with"].as_object().unwrap().iter();
    let env = inputs.map(|(name, value)| {
        let digest = format!("sha256:{}", checksum(""));
        let value = value.as_str().unwrap().replace("${{ inputs.digest }}", &digest);
        (format!("INPUT_{}", name.to_uppercase()), value)
    });
    let (draft, warnings) = Draft::from_env(&env.collect());
    assert_eq!(warnings, []);
    assert_eq!(draft.validate().unwrap().trust.certificates.len(), 4);
    let draft = Draft::from_yaml("sealwright.yml", &format!("command: setup\n{file}")).unwrap();
    assert_eq!(draft.validate().unwrap().trust.certificates.len(), 3);
}
