//! `prune`: own signatures that are of no use any more, and nothing else, are removed

use std::collections::BTreeSet;
use std::time::Duration;

use sealwright::lab::{Auth, Deletes, Fault, LabOptions, Referrers, Role, Route, Stamp};
use serde_json::Value;

use crate::program::{Answer, Program, REPOSITORY, digest_of};

const MINUTE: Duration = Duration::from_secs(60);

async fn start(referrers: Referrers) -> Program {
    Program::start(LabOptions { referrers, ..LabOptions::default() }).await
}

/// Signs once more, a second later than before.
async fn sign(program: &Program, flags: &str, image: &str) -> String {
    program.wait(Duration::from_secs(1)).await;
    let answer = program.run(&format!("sign {flags} {image}")).await.succeeds();
    answer.signature().to_owned()
}

/// A second key, whose certificate is its own root and ends after a day.
async fn another_key(program: &Program) {
    program.run("cert generate-test other").await.succeeds();
}

async fn report(program: &Program, line: &str) -> Value {
    let answer = program.run(line).await;
    serde_json::from_str(&answer.stdout).unwrap_or_else(|e| panic!("{e}: {}", shown(&answer)))
}

fn shown(answer: &Answer) -> String {
    format!("{}{}[exit] {}", answer.stdout, answer.stderr, answer.code)
}

#[track_caller]
fn assert_there(program: &Program, image: &str, expected: &[&String]) {
    let expected: BTreeSet<String> = expected.iter().map(|digest| (*digest).clone()).collect();
    let there: BTreeSet<String> = program.signatures(image).into_iter().collect();
    assert_eq!(there, expected, "in the registry");
    if let Some(indexed) = program.indexed(image) {
        assert_eq!(indexed.into_iter().collect::<BTreeSet<_>>(), expected, "in the tag index");
    }
}

#[tokio::test]
async fn expired_and_superseded_signatures_go_and_verification_still_holds() {
    for referrers in [Referrers::Api, Referrers::TagSchema] {
        let program = start(referrers).await;
        let image = program.image("v1");
        another_key(&program).await;
        sign(&program, "-e 1m", &image).await;
        sign(&program, "-e 24h", &image).await;
        let jws = sign(&program, "", &image).await;
        let built = sign(&program, "-m build=7 --signature-format cose", &image).await;
        let others = sign(&program, "--key other", &image).await;
        sign(&program, "--key other -e 1m", &image).await;
        let theirs = program.signatures(&image).last().cloned().expect("just made");
        program.wait(2 * MINUTE).await;

        let dry = program.run(&format!("prune {image}")).await.succeeds();
        assert!(dry.stdout.contains("remove: expired"), "{}", shown(&dry));
        assert!(dry.stdout.contains(&format!("remove: superseded by {jws}")), "{}", shown(&dry));
        let end = "2 signatures would go; nothing was removed. To remove what is shown: --yes\n";
        assert!(dry.stdout.ends_with(end), "{}", shown(&dry));
        assert_eq!(program.signatures(&image).len(), 6);

        let answer = program.run(&format!("prune --yes {image}")).await.succeeds();
        assert_eq!(answer.stdout.matches("\nRemoved ").count(), 2, "{}", shown(&answer));
        assert!(answer.stdout.ends_with("2 of 2 signatures removed\n"), "{}", shown(&answer));
        // of another signer, expired or not: not touched
        assert_there(&program, &image, &[&jws, &built, &others, &theirs]);
        program.run(&format!("verify {image}")).await.succeeds();
        let again = program.run(&format!("prune --yes {image}")).await.succeeds();
        assert!(again.stdout.ends_with("\nNothing to remove\n"), "{}", shown(&again));
    }
}

#[tokio::test]
async fn the_prompt_is_asked_at_a_terminal_only() {
    let program = start(Referrers::Api).await;
    let image = program.image("v1");
    sign(&program, "", &image).await;
    let newest = sign(&program, "", &image).await;
    let line = format!("prune {image}");
    let question = "Are you sure you want to remove 1 signature? [y/N] ";
    let piped = program.run(&line).await.succeeds();
    assert!(!piped.stdout.contains(question), "{}", shown(&piped));
    for typed in ["", "n\n", "\n"] {
        let answer = program.type_in(&line, typed).await.succeeds();
        assert!(answer.stdout.contains(question), "{}", shown(&answer));
        assert_eq!(program.signatures(&image).len(), 2);
    }
    // a document is no place for a question
    let json = program.type_in(&format!("{line} --output json"), "y\n").await.succeeds();
    assert!(!json.stdout.contains(question), "{}", shown(&json));
    assert_eq!(program.signatures(&image).len(), 2);
    program.type_in(&line, "y\n").await.succeeds();
    assert_there(&program, &image, &[&newest]);
}

#[tokio::test]
async fn a_thumbprint_names_the_own_without_a_key() {
    let program = start(Referrers::TagSchema).await;
    let image = program.image("v1");
    another_key(&program).await;
    let local = sign(&program, "-e 1m", &image).await;
    sign(&program, "--key other -e 1m", &image).await;
    program.wait(2 * MINUTE).await;
    let json = report(&program, &format!("prune --output json --key other {image}")).await;
    let other = json["images"][0]["signatures"]
        .as_array()
        .unwrap()
        .iter()
        .find(|signature| signature["outcome"] == "dry-run")
        .expect("one would go");
    assert_eq!((&json["outcome"], &other["reason"]), (&"dry-run".into(), &"expired".into()));
    let thumbprint = other["signer"]["thumbprint"].as_str().unwrap().to_uppercase();
    // no key is there to be opened
    program.write(".config/notation/signingkeys.json", "{}");
    program.run(&format!("prune --yes {image}")).await;
    assert_eq!(program.signatures(&image).len(), 2);
    let line = format!("prune --yes --signer-thumbprint {thumbprint} {image}");
    program.run(&line).await.succeeds();
    assert_there(&program, &image, &[&local]);

    let refused = program.run(&format!("prune --signer-thumbprint 00 {image}")).await;
    assert!(refused.stderr.contains("\"00\" is no SHA-256 thumbprint"), "{}", shown(&refused));
    assert!(refused.stderr.contains("hint: "), "{}", shown(&refused));
}

#[tokio::test]
async fn what_an_ended_certificate_signed_goes_only_when_asked_for() {
    let program = start(Referrers::Api).await;
    let image = program.image("v1");
    another_key(&program).await;
    let one = sign(&program, "--key other", &image).await;
    program.wait(25 * 60 * MINUTE).await;
    let kept = program.run(&format!("prune --yes --key other {image}")).await.succeeds();
    assert!(kept.stdout.contains("--expired-certificates removes it"), "{}", shown(&kept));
    assert_there(&program, &image, &[&one]);
    let line = format!("prune --yes --expired-certificates --key other {image}");
    program.run(&line).await.succeeds();
    assert_there(&program, &image, &[]);
}

#[tokio::test]
async fn a_timestamp_has_to_be_proven_by_the_policys_stores_to_supersede() {
    let program = start(Referrers::Api).await;
    let image = program.image("v1");
    let root = program.write("tsa.pem", &program.lab.timestamp_root_pem());
    let url = program.lab.timestamp_url(Stamp::Good);
    let stamp = format!("--timestamp-url {url} --timestamp-root-cert {}", root.display());
    let plain = sign(&program, "", &image).await;
    let first = sign(&program, &stamp, &image).await;
    let newest = sign(&program, &stamp, &image).await;
    let kept = program.run(&format!("prune --yes {image}")).await.succeeds();
    let words = format!("keep: {newest} is later, but no `tsa` store");
    assert_eq!(kept.stdout.matches(&words).count(), 2, "{}", shown(&kept));
    assert_there(&program, &image, &[&plain, &first, &newest]);

    program.run(&format!("cert add --type tsa --store clock {}", root.display())).await.succeeds();
    let policy = std::fs::read_to_string(program.path(".config/notation/trustpolicy.json"));
    let policy = policy.unwrap().replace(r#""ca:lab""#, r#""ca:lab","tsa:clock""#);
    program.write(".config/notation/trustpolicy.json", "{");
    let warned = program.run(&format!("prune {image}")).await.succeeds();
    assert!(warned.stderr.contains("no timestamp counts as proven: malformed trust policy"));
    program.write(".config/notation/trustpolicy.json", &policy);
    let answer = program.run(&format!("prune --yes {image}")).await.succeeds();
    assert!(answer.stdout.ends_with("2 of 2 signatures removed\n"), "{}", shown(&answer));
    assert_there(&program, &image, &[&newest]);
    program.run(&format!("verify {image}")).await.succeeds();
}

#[tokio::test]
async fn what_cannot_be_read_or_is_not_intact_is_left_and_told() {
    let program = start(Referrers::TagSchema).await;
    let image = program.image("v1");
    let lost = sign(&program, "-e 1m", &image).await;
    let expired = sign(&program, "-e 1m", &image).await;
    let forged = sign(&program, "-e 1m", &image).await;
    program.wait(2 * MINUTE).await;
    let layer = |signature: &str| {
        let (_, bytes) = program.lab.manifest(REPOSITORY, signature).expect("there");
        let manifest: Value = serde_json::from_slice(&bytes).unwrap();
        manifest["layers"][0]["digest"].as_str().unwrap().to_owned()
    };
    assert!(program.lab.lose_blob(REPOSITORY, &layer(&lost)));
    let broken = Route::on(Role::Registry).method("GET").path(&layer(&forged));
    program.lab.control().fault(broken, Fault::Body("{}".into()), 1);
    let json = report(&program, &format!("prune --yes --output json {image}")).await;
    let signatures = json["images"][0]["signatures"].as_array().unwrap();
    assert_eq!(json["outcome"], "pruned", "{json:#}");
    for signature in signatures {
        let word = if signature["digest"] == expired.as_str() { "removed" } else { "kept" };
        assert_eq!(signature["outcome"], word, "{json:#}");
        let unread = signature["reason"].as_str().unwrap().starts_with("cannot be read: ");
        assert_eq!(unread, word == "kept", "{json:#}");
        assert_eq!(signature.get("signer").is_some(), word == "removed");
    }
    assert_there(&program, &image, &[&lost, &forged]);
}

#[tokio::test]
async fn a_vault_is_asked_for_the_certificate_and_signs_nothing() {
    let program = start(Referrers::Api).await;
    let image = program.image("v1");
    let id = program.issue("wabbit").key_id;
    let hosts = program.lab.extra_hosts();
    let key = format!("--azure-extra-hosts {hosts} --plugin azure-kv --id {id}");
    sign(&program, &key, &image).await;
    let newest = sign(&program, &key, &image).await;
    let seen = program.seen(&format!("prune --yes {key} {image}")).await;
    let of_vault: Vec<_> = seen.iter().filter(|e| e.role == Role::Vault).collect();
    assert!(!of_vault.is_empty() && of_vault.iter().all(|e| e.method == "GET"), "{of_vault:?}");
    assert_there(&program, &image, &[&newest]);
}

/// A signature of ours, copied to another artifact's listing, is no signature of that artifact.
#[tokio::test]
async fn a_signature_about_another_artifact_is_left() {
    let program = start(Referrers::Api).await;
    let (image, other) = (program.image("v1"), program.image("v2"));
    let signature = sign(&program, "-e 1m", &image).await;
    program.wait(2 * MINUTE).await;
    let (media_type, bytes) = program.lab.manifest(REPOSITORY, &signature).expect("there");
    let text = String::from_utf8(bytes.to_vec()).unwrap();
    let copy = text.replace(digest_of(&image), digest_of(&other));
    program.lab.put_manifest(REPOSITORY, "copy", &media_type, copy.as_bytes()).unwrap();
    let json = report(&program, &format!("prune --yes --output json {other}")).await;
    let copied = &json["images"][0]["signatures"][0];
    assert_eq!(copied["reason"], "signs another artifact", "{json:#}");
    assert_eq!((&json["outcome"], program.signatures(&other).len()), (&"kept".into(), 1));
}

#[tokio::test]
async fn a_registry_that_refuses_deletes_keeps_everything_as_it_was() {
    for (deletes, code, words) in [
        (Deletes::Unsupported, "registry-delete-unsupported", "does not let it be deleted"),
        (Deletes::Refused, "registry-denied", "delete was refused with status 403"),
    ] {
        let options =
            LabOptions { deletes, referrers: Referrers::TagSchema, ..LabOptions::default() };
        let program = Program::start(options).await;
        let image = program.image("v1");
        let old = sign(&program, "", &image).await;
        let new = sign(&program, "", &image).await;
        let answer = program.run(&format!("prune --yes {image}")).await;
        assert!(answer.stderr.contains(words), "{}", shown(&answer));
        let end = "Error: 1 of 1 signature was not removed\n";
        assert!(answer.code == 1 && answer.stderr.ends_with(end), "{}", shown(&answer));
        assert_there(&program, &image, &[&old, &new]);
        let json = report(&program, &format!("prune --yes --output json {image}")).await;
        assert_eq!(json["outcome"], "failed");
        let failed = json["images"][0]["signatures"].as_array().unwrap();
        let failed = failed.iter().find(|signature| signature["outcome"] == "failed").unwrap();
        assert_eq!(failed["error"]["code"], code, "{json:#}");
    }
}

#[tokio::test]
async fn an_azure_registry_that_refuses_names_the_role() {
    let options =
        LabOptions { auth: Auth::Acr, deletes: Deletes::Refused, ..LabOptions::default() };
    let program = Program::start(options).await;
    let image = program.image("v1");
    let hosts = format!("--azure-extra-hosts {}", program.lab.extra_hosts());
    sign(&program, &hosts, &image).await;
    sign(&program, &hosts, &image).await;
    let answer = program.run(&format!("prune --yes {hosts} {image}")).await;
    assert_eq!(answer.code, 1);
    for role in ["Container Registry Repository Contributor", "AcrDelete"] {
        let line = format!("az role assignment create --role \"{role}\"");
        assert!(answer.stderr.contains(&line), "{}", shown(&answer));
    }
}

#[tokio::test]
async fn one_failure_is_one_failure_and_each_artifact_has_its_table() {
    let program = start(Referrers::Api).await;
    let images = ["v1", "v2", "v3"].map(|tag| program.image(tag));
    for image in &images {
        sign(&program, "", image).await;
        sign(&program, "", image).await;
    }
    let gone = format!("{}/{REPOSITORY}:gone", program.lab.registry_host());
    let second = program.signatures(&images[1]).swap_remove(0);
    let refused = Route::on(Role::Registry).method("DELETE").path(&second);
    program.lab.control().fault(refused, Fault::Status(403, Vec::new()), 1);
    let list = format!("# all\n{}\n{gone}\n{}\n", images[1], images[2]);
    let list = program.write("images.txt", &list);
    let line = format!("prune --yes --concurrency 1 --file {} {}", list.display(), images[0]);
    let answer = program.run(&line).await;
    assert_eq!(answer.stdout.matches("SIGNATURE ").count(), 3, "{}", shown(&answer));
    assert!(answer.stdout.ends_with("2 of 3 signatures removed\n"), "{}", shown(&answer));
    assert!(answer.stderr.contains(":gone: not found"), "{}", shown(&answer));
    assert!(answer.stderr.ends_with("Error: 1 of 3 signatures were not removed\n"));
    let left: Vec<usize> = images.iter().map(|i| program.signatures(i).len()).collect();
    assert_eq!(left, [1, 2, 1]);

    let alone = program.run(&format!("prune {gone}")).await;
    assert_eq!((alone.code, alone.stderr.matches("Error: ").count()), (1, 1), "{}", shown(&alone));
    let unsigned = program.image("unsigned");
    let nothing = program.run(&format!("prune {unsigned}")).await.succeeds();
    assert!(nothing.stdout.contains("has no associated signature"), "{}", shown(&nothing));
}

#[tokio::test]
async fn what_lies_below_an_index_is_pruned_too() {
    let program = start(Referrers::Api).await;
    let platforms = ["linux/amd64", "linux/arm64"];
    let (index, children) = program.lab.push_index(REPOSITORY, "multi", &platforms).unwrap();
    let image = format!("{}/{REPOSITORY}@{index}", program.lab.registry_host());
    for _ in 0..2 {
        program.wait(MINUTE).await;
        program.run(&format!("sign --recursive {image}")).await.succeeds();
    }
    let answer = program.run(&format!("prune --yes --recursive {image}")).await.succeeds();
    assert!(answer.stdout.ends_with("3 of 3 signatures removed\n"), "{}", shown(&answer));
    for digest in children.iter().chain([&index]) {
        assert_eq!(program.lab.referrers(REPOSITORY, digest).len(), 1);
    }
}

#[tokio::test]
async fn outside_text_in_a_signature_cannot_command_the_terminal() {
    let program = start(Referrers::Api).await;
    let image = program.image("v1");
    sign(&program, "", &image).await;
    let manifests = Route::on(Role::Registry).method("GET").path("/referrers/");
    let body = serde_json::json!({ "schemaVersion": 2, "manifests": [{
        "mediaType": "x\u{1b}[31m\n::error::x", "digest": "sha256:\u{1b}]0;x\u{7}", "size": 1,
        "artifactType": "application/vnd.cncf.notary.signature",
    }] });
    program.lab.control().fault(manifests, Fault::Body(body.to_string().into()), 1);
    let answer = program.run(&format!("prune {image}")).await.succeeds();
    assert!(answer.stdout.contains("keep: cannot be read: "), "{}", shown(&answer));
    assert!(!answer.stdout.contains('\u{1b}') && !answer.stdout.contains("\n::error"));
}
