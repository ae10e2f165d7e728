//! `doctor`: a good lab passes; each prerequisite broken alone is named, with the command that mends it, and
//! `sign` or `verify` fail with the same words.

use sealwright::clock::{Clock as _, SystemClock};
use sealwright::lab::{
    Auth, Chain, ChainInVault, ChainOrder, Deletes, Export, Fault, Flaw, IssueRequest, Issued,
    LabOptions, Permission, Pushes, Referrers, Role, Route, Stamp, Validity, Wording,
};
use serde_json::Value;

use super::world::World;

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
        if let Some(hint) = first["hint"].as_str() {
            for line in hint.lines() {
                assert!(refused.contains(line), "{line}\n{refused}");
            }
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

fn flawed(flaw: Flaw) -> IssueRequest {
    IssueRequest { flaw, ..IssueRequest::named("wabbit") }
}

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
async fn each_rule_for_the_leaf_is_named() {
    for (flaw, check) in [
        (Flaw::LeafIsCa, "certificate-basic-constraints"),
        (Flaw::LeafKeyUsageSoft, "certificate-key-usage"),
        (Flaw::LeafKeyUsageMore, "certificate-key-usage"),
        (Flaw::LeafKeyUsageNone, "certificate-key-usage"),
        (Flaw::LeafForServers, "certificate-extended-key-usage"),
        (Flaw::LeafKeyType, "certificate-key-type"),
    ] {
        let clinic = of(flawed(flaw)).await;
        let found = clinic.same_words(&[check], DOCTOR, SIGN);
        assert!(found["hint"].is_string(), "{found}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn each_rule_for_authorities_is_named() {
    for (flaw, broken) in [
        (Flaw::RootConstraintsNone, ["chain-complete", "authority-basic-constraints"].as_slice()),
        (Flaw::RootSignsCrlsOnly, &["chain-complete", "authority-key-usage"]),
        (Flaw::RootKeyUsageSoft, &["authority-key-usage"]),
    ] {
        let request = flawed(flaw);
        let found = of(request).await.same_words(broken, DOCTOR, SIGN);
        assert!(found["hint"].is_string(), "{found}");
    }
    let soft = of(flawed(Flaw::RootConstraintsSoft)).await;
    let found = soft.noted("authority-basic-constraints", DOCTOR);
    let signed = soft.run(SIGN);
    assert!(signed.contains(found["message"].as_str().unwrap()), "{signed}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_article_asks_beyond_the_rules_is_noted() {
    let subject = "CN=wabbit,O=Wabbit,C=US".to_owned();
    let short = of(IssueRequest { subject, ..IssueRequest::named("wabbit") }).await;
    let found = short.noted("certificate-subject", DOCTOR);
    assert!(short.run(SIGN).contains(found["message"].as_str().unwrap()), "{found}");

    let open = of(IssueRequest { export: Export::Yes, ..IssueRequest::named("wabbit") }).await;
    let found = open.noted("certificate-key-exportable", DOCTOR);
    assert!(found["hint"].as_str().unwrap().contains("az keyvault certificate import"), "{found}");

    let pfx = of(IssueRequest::named("wabbit").chain_in_vault(ChainInVault::Pfx)).await;
    let found = pfx.noted("certificate-content-type", DOCTOR);
    assert!(found["message"].as_str().unwrap().contains("Image Integrity"), "{found}");
    assert!(found["hint"].as_str().unwrap().contains("application/x-pem-file"), "{found}");

    let shuffled =
        IssueRequest { chain_order: ChainOrder::Shuffled, ..IssueRequest::named("wabbit") };
    let shuffled = of(shuffled.chain(Chain::Three)).await.run("doctor --key $KEY $IMAGE");
    assert!(shuffled.contains("✔ the chain is complete"), "{shuffled}");
    assert!(shuffled.ends_with("[exit] 0"), "{shuffled}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_chain_without_its_root_is_completed_by_a_file() {
    let request = IssueRequest::named("wabbit").chain_in_vault(ChainInVault::LeafOnly);
    let clinic = of(request).await;
    clinic.same_words(&["chain-complete"], DOCTOR, SIGN);
    let given = "--plugin-config ca_certs=$HOME/ca_certs.pem";
    let (checks, shown) = clinic.examined(&format!("{DOCTOR} {given}"));
    assert!(shown.ends_with("[exit] 0"), "{shown}");
    assert!(checks.iter().any(|c| c["check"] == "chain-complete" && c["outcome"] == "passed"));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_days_are_counted() {
    for validity in [Validity::expired(), Validity::future()] {
        let clinic = of(IssueRequest { validity, ..IssueRequest::named("wabbit") }).await;
        let found = clinic.same_words(&["certificate-days-left"], DOCTOR, SIGN);
        assert!(found["hint"].is_string(), "{found}");
    }
    let validity = Validity { ends: time::Duration::days(9), ..Validity::default() };
    let clinic = of(IssueRequest { validity, ..IssueRequest::named("wabbit") }).await;
    let found = clinic.noted("certificate-days-left", DOCTOR);
    assert!(found["message"].as_str().unwrap().starts_with("8 days left"), "{found}");
}

#[tokio::test(flavor = "multi_thread")]
async fn each_permission_of_the_vault_is_named_with_its_role_or_policy() {
    for (permission, check, role, policy) in [
        (
            Permission::CertificateGet,
            "vault-certificate-get",
            "Key Vault Certificate User",
            "--certificate-permissions get",
        ),
        (
            Permission::SecretGet,
            "vault-secret-get",
            "Key Vault Secrets User",
            "--secret-permissions get",
        ),
        (Permission::KeySign, "vault-key-sign", "Key Vault Crypto User", "--key-permissions sign"),
    ] {
        for (wording, mends, other) in [
            (Wording::Rbac, format!("--role \"{role}\""), "set-policy"),
            (Wording::AccessPolicy, policy.to_owned(), "role assignment"),
        ] {
            let clinic = Clinic::open().await;
            clinic.world.lab.deny(permission, wording);
            let found = clinic.same_words(&[check], DOCTOR, SIGN);
            let hint = found["hint"].as_str().expect("a command");
            assert!(hint.contains(&mends) && hint.contains("0b1ec700"), "{hint}");
            assert!(!hint.contains(other), "{hint}");
        }
    }
    // with a version the secret alone tells all
    let clinic = Clinic::open().await;
    clinic.world.lab.deny(Permission::CertificateGet, Wording::Rbac);
    clinic.noted("vault-certificate-get", "--key $VERSION $IMAGE");
    let signed = clinic.run("sign --plugin azure-kv --id $VERSION $IMAGE");
    assert!(signed.ends_with("[exit] 0"), "{signed}");
}

#[tokio::test(flavor = "multi_thread")]
async fn other_secrets_and_newer_versions_are_noted() {
    let clinic = Clinic::open().await;
    clinic.world.lab.put_secret("database-password");
    let found = clinic.noted("vault-contents", DOCTOR);
    assert!(found["message"].as_str().unwrap().contains("1 keys or secrets"), "{found}");
    clinic.world.lab.deny(Permission::List, Wording::Rbac);
    let (checks, _) = clinic.examined(DOCTOR);
    assert!(checks.iter().any(|c| c["check"] == "vault-contents" && c["outcome"] == "not-asked"));
    let newer = clinic.world.lab.issue(&IssueRequest::named("wabbit")).expect("issued");
    let found = clinic.noted("vault-versions", "--key $VERSION $IMAGE");
    assert!(found["message"].as_str().unwrap().contains(&newer.version), "{found}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_vault_that_is_not_there_is_told_from_one_that_refuses() {
    let mut clinic = Clinic::open().await;
    let elsewhere = "localhost:9";
    clinic.issued.key_id = clinic.issued.key_id.replace(clinic.world.lab.vault_host(), elsewhere);
    let hosts = clinic.world.lab.extra_hosts().replace(clinic.world.lab.vault_host(), elsewhere);
    clinic.extra_hosts = hosts;
    let (checks, shown) = clinic.examined(DOCTOR);
    let failed: Vec<&Value> = checks.iter().filter(|c| c["outcome"] == "failed").collect();
    let [vault] = failed.as_slice() else { panic!("{shown}") };
    assert_eq!(vault["check"], "vault-reachable");
    assert_eq!(vault["code"], "http-transport");
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_signed_in_and_a_wrong_secret_are_named() {
    let mut clinic = Clinic::open().await;
    clinic.world.home.set("AZURE_CLIENT_SECRET", "wrong");
    let (checks, shown) = clinic.examined(DOCTOR);
    let identity = checks.iter().find(|c| c["check"] == "identity").expect("the check");
    assert_eq!(identity["outcome"], "failed", "{shown}");
    let refused = clinic.run("sign --plugin azure-kv --id $KEY --output text $IMAGE");
    assert!(refused.contains(identity["hint"].as_str().unwrap()), "{refused}");
    let vault = checks.iter().find(|c| c["check"] == "vault-key-sign").expect("the check");
    assert_eq!(vault["outcome"], "not-asked", "{shown}");
}

#[tokio::test(flavor = "multi_thread")]
async fn each_right_in_the_registry_is_named_with_both_pairs_of_roles() {
    let clinic = Clinic::with(
        LabOptions { pushes: Pushes::Refused, ..LabOptions::default() },
        IssueRequest::named("wabbit"),
    )
    .await;
    let found = clinic.same_words(&["registry-push"], DOCTOR, SIGN);
    let hint = found["hint"].as_str().expect("commands");
    for role in [
        "Container Registry Repository Reader",
        "Container Registry Repository Writer",
        "AcrPull",
        "AcrPush",
    ] {
        assert!(hint.contains(role), "{hint}");
    }

    let clinic = Clinic::open().await;
    let denied =
        r#"{"errors":[{"code":"DENIED","message":"requested access to the resource is denied"}]}"#;
    let route = || Route::on(Role::Registry).method("GET").path("/manifests/");
    clinic.world.lab.control().fault(route(), Fault::Error(403, denied.to_owned()), 100);
    let found = clinic.same_words(&["registry-pull"], DOCTOR, SIGN);
    let hint = found["hint"].as_str().expect("commands");
    assert!(
        hint.contains("Container Registry Repository Reader") && hint.contains("AcrPull"),
        "{hint}"
    );

    let clinic = Clinic::with(
        LabOptions { deletes: Deletes::Refused, ..LabOptions::default() },
        IssueRequest::named("wabbit"),
    )
    .await;
    let found = clinic.noted("registry-delete", DOCTOR);
    assert!(found["hint"].as_str().unwrap().contains("AcrDelete"), "{found}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_image_is_looked_for_and_a_tag_is_noted_with_its_digest() {
    let clinic = Clinic::open().await;
    let found = clinic.noted("image-by-digest", "--key $KEY $TAGGED");
    assert!(found["hint"].as_str().unwrap().ends_with("@sha256:<image>"), "{found}");
    let missing = "$REGISTRY/net-monitor:v9";
    let sign = format!("sign --plugin azure-kv --id $KEY {missing}");
    let found = clinic.same_words(&["registry-pull"], &format!("--key $KEY {missing}"), &sign);
    assert_eq!(found["code"], "registry-not-found");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_registry_without_the_referrers_api_is_told_why() {
    let options = LabOptions { referrers: Referrers::TagSchema, ..LabOptions::default() };
    let clinic = Clinic::with(options, IssueRequest::named("wabbit")).await;
    let shown = clinic.run("doctor --key $KEY $IMAGE");
    assert!(shown.contains("no Referrers API, so the tag schema is used"), "{shown}");
    assert!(shown.contains("(CMK)") && shown.ends_with("[exit] 0"), "{shown}");
}

#[tokio::test(flavor = "multi_thread")]
async fn trust_is_examined_part_by_part() {
    let clinic = Clinic::open().await;
    assert!(clinic.run(SIGN).ends_with("[exit] 0"));
    let verify = "verify $IMAGE";

    clinic.world.policy(|policy| policy.replace("ca:wabbit", "ca:elsewhere"));
    clinic.same_words(&["trust-stores", "verification"], DOCTOR, verify);

    clinic
        .world
        .policy(|policy| policy.replace(r#""*"], "signature"#, r#""r.io/other"], "signature"#));
    clinic.same_words(&["trust-policy-statement"], DOCTOR, verify);

    let wrong = r#""x509.subject: C=US, ST=WA, O=Somebody Else""#;
    clinic.world.policy(|policy| {
        policy
            .replace(r#""trustedIdentities": ["*"]"#, &format!(r#""trustedIdentities": [{wrong}]"#))
    });
    let found = clinic.same_words(&["verification"], DOCTOR, verify);
    assert!(found["hint"].is_string(), "{found}");

    clinic.world.policy(|policy| {
        policy
            .replace("strict", "skip")
            .replace(r#", "trustStores": ["ca:wabbit"], "trustedIdentities": ["*"]"#, "")
    });
    let found = clinic.noted("verification", DOCTOR);
    assert!(found["message"].as_str().unwrap().contains("skips verification"), "{found}");

    std::fs::remove_file(clinic.world.home.config("trustpolicy.json")).expect("it was there");
    clinic.same_words(&["trust-policy"], DOCTOR, verify);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_root_that_is_not_trusted_is_found_before_anything_is_signed() {
    let clinic = Clinic::open().await;
    assert!(clinic.run(SIGN).ends_with("[exit] 0"));
    let other = clinic.world.lab.issue(&IssueRequest::named("other")).expect("issued");
    clinic.world.home.write("root.crt", &other.root_pem);
    for line in [
        "cert delete --type ca --store wabbit --all -y",
        "cert add --type ca --store wabbit $HOME/root.crt",
    ] {
        assert!(clinic.world.run(line).ends_with("[exit] 0"), "{line}");
    }
    let found = clinic.same_words(&["verification"], DOCTOR, "verify $IMAGE");
    assert_eq!(found["code"], "verify-not-trusted");
    clinic.world.run("cert add --type ca --store unused $HOME/root.crt");
    let (checks, _) = clinic.examined(DOCTOR);
    let unused = checks.iter().find(|c| c["check"] == "trust-stores-unused").expect("the check");
    assert!(unused["message"].as_str().unwrap().ends_with(": ca:unused"), "{unused}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_authority_stamps_a_trial_and_its_root_is_looked_for() {
    let clinic = Clinic::open().await;
    clinic.world.home.write("tsa.pem", clinic.world.lab.timestamp_root_pem());
    let flags = |stamp| {
        let url = clinic.world.lab.timestamp_url(stamp);
        format!("--timestamp-url {url} --timestamp-root-cert $HOME/tsa.pem")
    };
    let good = flags(Stamp::Good);
    let found = clinic.noted("timestamp-trusted", &format!("{DOCTOR} {good}"));
    assert!(found["hint"].as_str().unwrap().contains("cert add --type tsa"), "{found}");

    clinic.world.policy(|policy| policy.replace(r#""ca:wabbit""#, r#""ca:wabbit", "tsa:clock""#));
    assert!(
        clinic.world.run("cert add --type tsa --store clock $HOME/tsa.pem").ends_with("[exit] 0")
    );
    let (_, shown) = clinic.examined(&format!("{DOCTOR} {good}"));
    assert!(shown.ends_with("[exit] 0"), "{shown}");

    let refused = flags(Stamp::Refused);
    let sign = format!("{SIGN} {refused}");
    clinic.same_words(&["timestamp-authority"], &format!("{DOCTOR} {refused}"), &sign);

    // a policy that wants a timestamp, and a signer that asks for none
    let found = clinic.examined(DOCTOR).0;
    let verdict = found.iter().find(|c| c["check"] == "verification").expect("the check");
    assert_eq!(verdict["code"], "verify-timestamp-missing", "{verdict}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_clock_that_is_wrong_is_told_with_the_command_that_sets_it() {
    for (date, mark, words) in [
        (time::Duration::minutes(-20), "failed", "s ahead of that of"),
        (time::Duration::minutes(20), "failed", "s behind that of"),
        (time::Duration::minutes(2), "noted", "s behind that of"),
    ] {
        let clinic = Clinic::open().await;
        let date = (SystemClock::new().now() + date)
            .format(time::macros::format_description!(
                "[weekday repr:short], [day] [month repr:short] [year] [hour]:[minute]:[second] GMT"
            ))
            .expect("a date");
        let wrong = Fault::Header("date".to_owned(), date);
        clinic.world.lab.control().fault(Route::any(), wrong, 1000);
        let (checks, shown) = clinic.examined(DOCTOR);
        let found = checks.iter().find(|c| c["check"] == "clock").expect("the check");
        assert_eq!(found["outcome"], mark, "{shown}");
        assert!(found["message"].as_str().unwrap().contains(words), "{found}");
        assert!(found["hint"].is_string(), "{found}");
    }
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

/// `az` as a script: it knows its version and prints this for a token.
#[cfg(unix)]
fn put_az(clinic: &mut Clinic, version: &str, token: &str) {
    use std::os::unix::fs::PermissionsExt as _;
    let script = format!("#!/bin/sh\nif [ \"$1\" = version ]; then {version}; else {token}; fi\n");
    let path = clinic.world.home.write("bin/az", script);
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o755)).expect("executable");
    clinic.world.home.set("AZURE_CLIENT_SECRET", "");
}

#[cfg(unix)]
#[tokio::test(flavor = "multi_thread")]
async fn az_is_looked_at_where_it_is_the_credential() {
    const AZURE_CLI: &str = "--key $KEY --plugin-config credential_type=azurecli";
    let found = |clinic: &Clinic| {
        let (checks, shown) = clinic.examined(AZURE_CLI);
        let az = checks.iter().find(|c| c["check"] == "azure-cli").expect("the check").clone();
        let identity = checks.iter().find(|c| c["check"] == "identity").expect("the check");
        (az, identity["outcome"].as_str().expect("a word").to_owned(), shown)
    };
    let mut clinic = Clinic::open().await;
    let (az, identity, shown) = found(&clinic);
    assert_eq!((az["outcome"].as_str(), identity.as_str()), (Some("failed"), "failed"), "{shown}");
    assert!(az["message"].as_str().unwrap().contains("`az` is not on PATH"), "{az}");
    assert!(az["hint"].as_str().unwrap().starts_with("install the Azure CLI"), "{az}");

    let version = r#"echo '{"azure-cli": "2.77.0"}'"#;
    put_az(&mut clinic, version, "echo 'ERROR: Please run az login' >&2; exit 1");
    let (az, identity, shown) = found(&clinic);
    assert_eq!((az["outcome"].as_str(), identity.as_str()), (Some("noted"), "failed"), "{shown}");
    assert_eq!(az["message"], "az 2.77.0 is there and gave no token");
    assert_eq!(az["hint"], "az login");

    let claims = r#"{"oid":"11111111-2222-3333-4444-555555555555","tid":"72f988bf-86f1-41af-91ab-2d7cd011db47","scp":"x","idtyp":"user"}"#;
    let middle = base64::Engine::encode(&base64::engine::general_purpose::URL_SAFE_NO_PAD, claims);
    let token = format!(
        r#"echo '{{"accessToken":"e30.{middle}.x","expires_on":4118000000,"tokenType":"Bearer"}}'"#
    );
    put_az(&mut clinic, version, &token);
    let (az, identity, shown) = found(&clinic);
    assert_eq!((az["outcome"].as_str(), identity.as_str()), (Some("passed"), "passed"), "{shown}");
    let message = az["message"].as_str().expect("words");
    assert!(message.starts_with("az 2.77.0 is signed in; a token takes "), "{message}");
    assert!(shown.contains("signed in to Azure by azurecli, object id 11111111-2222"), "{shown}");
    assert!(!shown.contains(&middle), "no token is printed: {shown}");

    put_az(&mut clinic, "echo broken >&2; exit 3", &token);
    let (az, _, shown) = found(&clinic);
    assert_eq!(az["outcome"], "noted", "{shown}");
    assert!(az["message"].as_str().unwrap().contains("az version: broken"), "{az}");
}
