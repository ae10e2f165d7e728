//! `doctor`: a good lab passes; each prerequisite broken alone is named, with the command that mends it, and
//! `sign` or `verify` fail with the same words.

mod certificate;
mod machine;
mod registry;
mod trust;
mod vault;

use sealwright::lab::{Auth, IssueRequest, Issued, LabOptions};
use serde_json::Value;

use crate::world::World;

/// An Azure registry, a vault with the certificate `wabbit`, its root trusted, Entra credentials.
struct Clinic {
    world: World,
    issued: Issued,
    extra_hosts: String,
}

impl Clinic {
    async fn open() -> Self {
        Self::with(LabOptions::default(), IssueRequest::named("wabbit")).await
    }

    async fn with(options: LabOptions, request: IssueRequest) -> Self {
        let mut world = World::start(LabOptions { auth: Auth::Acr, ..options }).await;
        for line in world.lab.env_lines(&world.home.path("")).expect("written") {
            let (name, value) = line.split_once('=').expect("a variable");
            world.home.set(name, value);
        }
        world.home.set("LANG", "C.UTF-8");
        let issued = world.lab.issue(&request).expect("issued");
        world.home.write("root.crt", &issued.root_pem);
        world.home.write("ca_certs.pem", &issued.ca_bundle_pem);
        for line in [
            "cert delete --type ca --store wabbit --all -y",
            "cert add --type ca --store wabbit $HOME/root.crt",
        ] {
            assert!(world.run(line).ends_with("[exit] 0"), "{line}");
        }
        let extra_hosts = world.lab.extra_hosts();
        Self { world, issued, extra_hosts }
    }

    /// `$KEY` stands for the certificate's id without a version, `$VERSION` for the one with it.
    fn run(&self, line: &str) -> String {
        let key = self.issued.key_id.rsplit_once('/').expect("a version").0;
        let line = line.replace("$KEY", key).replace("$VERSION", &self.issued.key_id);
        self.world.run(&format!("{line} --azure-extra-hosts {}", self.extra_hosts))
    }

    /// What doctor finds, check by check.
    fn examined(&self, flags: &str) -> (Vec<Value>, String) {
        let shown = self.run(&format!("doctor --output json {flags}"));
        let json = shown.strip_prefix("[stdout]\n").expect("findings");
        let end = json.find("\n}\n").expect("an object") + 2;
        let mut found: Value = serde_json::from_str(&json[..end]).expect("JSON");
        assert_eq!(found["version"], 1);
        let mut schema = sealwright::ci::report_schema();
        let definitions = schema["$defs"].take();
        let schema = serde_json::json!({ "$ref": "#/$defs/FindingReport", "$defs": definitions });
        for check in found["checks"].as_array().expect("a list") {
            if let Err(error) = jsonschema::validate(&schema, check) {
                panic!("{error}: {check:#}");
            }
        }
        let failed = found["outcome"] == "failed";
        assert_eq!(shown.ends_with("[exit] 1"), failed, "{shown}");
        assert_eq!(shown.ends_with("[exit] 0"), !failed, "{shown}");
        let Value::Array(checks) = found["checks"].take() else { panic!("{shown}") };
        (checks, shown)
    }

    /// Doctor fails exactly these checks, the first of them with a command that mends it, and the command
    /// that meets it fails with the words of that one.
    fn same_words(&self, broken: &[&str], flags: &str, command: &str) -> Value {
        let (checks, shown) = self.examined(flags);
        let failed: Vec<&Value> = checks.iter().filter(|c| c["outcome"] == "failed").collect();
        let mut names: Vec<&str> = failed.iter().map(|c| c["check"].as_str().unwrap()).collect();
        let mut wanted = broken.to_vec();
        names.sort_unstable();
        wanted.sort_unstable();
        assert_eq!(names, wanted, "{shown}");
        let first = failed.iter().find(|c| c["check"] == broken[0]).expect("it failed");
        let refused = self.run(command);
        assert!(refused.ends_with("[exit] 1"), "{refused}");
        let message = first["message"].as_str().expect("words");
        // the time of asking is another
        let message = message.split(" was invalid at ").next().expect("a first part");
        assert!(refused.contains(message), "{message}\n{refused}");
        let hint = first["hint"].as_str().unwrap_or_else(|| panic!("no command mends {first}"));
        for line in hint.lines() {
            assert!(refused.contains(line), "{line}\n{refused}");
        }
        (*first).clone()
    }

    /// Doctor fails nothing, and notes this.
    fn noted(&self, check: &str, flags: &str) -> Value {
        let (checks, shown) = self.examined(flags);
        assert!(checks.iter().all(|c| c["outcome"] != "failed"), "{shown}");
        let found = checks.iter().find(|c| c["check"] == check).expect("the check");
        assert_eq!(found["outcome"], "noted", "{shown}");
        found.clone()
    }
}

const DOCTOR: &str = "--key $KEY $IMAGE";
const SIGN: &str = "sign --plugin azure-kv --id $KEY $IMAGE";

async fn of(request: IssueRequest) -> Clinic {
    Clinic::with(LabOptions::default(), request).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_good_lab_passes_and_nothing_is_written() {
    let clinic = Clinic::open().await;
    let files = || walk(&clinic.world.home.path(""));
    let before = files();
    clinic.world.lab.control().forget();
    let shown = clinic.run("doctor --key $KEY $IMAGE");
    assert!(shown.ends_with("[exit] 0"), "{shown}");
    for line in [
        "  ✔ signed in to Azure by environment (client secret), object id 0b1ec700-0000-4000-8000-00000000a991, tenant 7e9a917e-0000-4000-8000-000000001ab0\n",
        "  ✔ keys/sign is granted; it signed marked random bytes\n",
        "  ✔ the vault holds certificates only\n",
        "  ✔ push is granted by the registry's token\n",
        "  ✔ a signature by this signer would verify for this image (statement \"p\", level strict)\n",
    ] {
        assert!(shown.contains(line), "{line}{shown}");
    }
    assert!(!shown.contains("✖") && !shown.contains("  ! "), "{shown}");
    assert_eq!(files(), before);
    for exchange in clinic.world.lab.control().requests() {
        let (method, path) = (exchange.method.as_str(), exchange.path.as_str());
        let asks = method == "GET" || path.contains("/oauth2/") || path.ends_with("/sign");
        assert!(asks, "{method} {path}");
    }
    assert_eq!(clinic.world.lab.tags("net-monitor"), ["v1"]);
    assert_eq!(clinic.world.lab.referrers("net-monitor", digest(&clinic)).len(), 0);
    let shown = clinic.run("doctor --key $KEY -d $IMAGE");
    assert!(!shown.contains("eyJ"), "no token is printed: {shown}");
}

fn digest(clinic: &Clinic) -> &str {
    clinic.world.image.split_once('@').expect("by digest").1
}

fn walk(folder: &std::path::Path) -> Vec<(std::path::PathBuf, u64)> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder).expect("a folder").flatten() {
        let found = entry.metadata().expect("there");
        match found.is_dir() {
            true => files.extend(walk(&entry.path())),
            false => files.push((entry.path(), found.len())),
        }
    }
    files.sort();
    files
}

#[tokio::test(flavor = "multi_thread")]
async fn without_utf8_the_marks_are_words() {
    let mut clinic = Clinic::open().await;
    clinic.world.home.set("LC_ALL", "C");
    let shown = clinic.run("doctor --key $KEY");
    assert!(shown.contains("\n  ok   the vault answers\n"), "{shown}");
    assert!(shown.contains("\n  -    pull: not asked, no image is named\n"), "{shown}");
    assert!(shown.is_ascii() && shown.ends_with("[exit] 0"), "{shown}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_in_a_file_has_no_vault_and_a_missing_key_is_named() {
    let world = World::start(LabOptions::default()).await;
    let shown = world.run("doctor $IMAGE");
    assert!(shown.contains("-    keys/sign: not asked, no key of a vault signs"), "{shown}");
    assert!(shown.contains("wabbit.key is ready to sign"), "{shown}");
    let shown = world.run("doctor --key nobody $IMAGE");
    let signed = world.run("sign --key nobody $IMAGE");
    for shown in [&shown, &signed] {
        assert!(shown.contains("signing key nobody not found"), "{shown}");
        assert!(shown.ends_with("[exit] 1"), "{shown}");
    }
    let shown = world.run("doctor a b");
    assert!(shown.contains("Error: doctor examines one image at a time\n"), "{shown}");
}
