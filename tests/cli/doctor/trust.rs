//! Trust policy, trust store and the timestamping authority.

use sealwright::lab::{IssueRequest, Stamp};

use super::{Clinic, DOCTOR, SIGN};

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
