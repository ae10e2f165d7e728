//! The registry: each right, what lists signatures, tag and digest.

use sealwright::lab::{Deletes, Fault, IssueRequest, LabOptions, Pushes, Referrers, Role, Route};

use super::{Clinic, DOCTOR, SIGN};

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
async fn a_registry_that_is_not_there_is_told() {
    let clinic = Clinic::open().await;
    let image = "localhost:9/net-monitor:v1";
    let (checks, shown) = clinic.examined(&format!("--key $KEY {image}"));
    let failed: Vec<_> = checks.iter().filter(|check| check["outcome"] == "failed").collect();
    let [found] = failed[..] else { panic!("{shown}") };
    assert_eq!(
        (found["check"].as_str(), found["code"].as_str()),
        (Some("registry-reachable"), Some("http-transport"))
    );
    assert!(found["hint"].as_str().expect("a command").contains("curl -sSI"), "{found}");
    let signed = clinic.run(&format!("sign --plugin azure-kv --id $KEY {image}"));
    assert!(signed.contains("connection refused"), "{signed}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_registry_without_the_referrers_api_is_told_why() {
    let options = LabOptions { referrers: Referrers::TagSchema, ..LabOptions::default() };
    let clinic = Clinic::with(options, IssueRequest::named("wabbit")).await;
    let shown = clinic.run("doctor --key $KEY $IMAGE");
    assert!(shown.contains("no Referrers API, so the tag schema is used"), "{shown}");
    assert!(shown.contains("(CMK)") && shown.ends_with("[exit] 0"), "{shown}");
}
