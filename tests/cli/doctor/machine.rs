//! What this machine brings: the identity, `az`, the clock.

use sealwright::clock::{Clock as _, SystemClock};
use sealwright::lab::{Fault, Route};

use super::{Clinic, DOCTOR};

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
