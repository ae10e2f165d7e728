//! The certificate, its key and its chain, each rule broken alone.

use sealwright::lab::{Chain, ChainInVault, ChainOrder, Export, Flaw, IssueRequest, Validity};

use super::{DOCTOR, SIGN, of};

fn flawed(flaw: Flaw) -> IssueRequest {
    IssueRequest { flaw, ..IssueRequest::named("wabbit") }
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
    assert!(found["hint"].as_str().unwrap().contains("sealwright vault csr --vault "), "{found}");

    let pfx = of(IssueRequest::named("wabbit").chain_in_vault(ChainInVault::Pfx)).await;
    let found = pfx.noted("certificate-content-type", DOCTOR);
    assert!(found["message"].as_str().unwrap().contains("Image Integrity"), "{found}");
    assert!(
        found["hint"].as_str().unwrap().contains("sealwright vault import --vault "),
        "{found}"
    );

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
    for check in ["chain-complete", "certificate-content-type"] {
        assert!(checks.iter().any(|c| c["check"] == check && c["outcome"] == "passed"), "{shown}");
    }
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
async fn a_self_signed_certificate_has_no_authority() {
    let clinic = of(IssueRequest::named("wabbit").chain(Chain::SelfSigned)).await;
    let flags = format!("{DOCTOR} --plugin-config self_signed=true");
    let (checks, shown) = clinic.examined(&flags);
    assert!(shown.ends_with("[exit] 0"), "{shown}");
    for (check, outcome) in [
        ("vault-secret-get", "not-asked"),
        ("chain-complete", "passed"),
        ("authority-key-usage", "not-asked"),
        ("verification", "passed"),
    ] {
        let found = checks.iter().find(|c| c["check"] == check).expect("the check");
        assert_eq!(found["outcome"], outcome, "{shown}");
    }
}
