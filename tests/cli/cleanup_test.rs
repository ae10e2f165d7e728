//! `cert cleanup-test`

use insta::assert_snapshot;

use super::support::Home;

fn with_test_key() -> Home {
    let home = Home::new();
    assert!(home.run("cert generate-test --default wabbit").ends_with("[exit] 0"));
    home
}

#[test]
fn what_generate_test_made_goes_after_a_question() {
    let home = with_test_key();
    assert_snapshot!(home.run_with("cert cleanup-test wabbit", "n\n"), @r"
    [stdout]
    The test key wabbit and its corresponding certificate will be cleaned up with the following changes:
    - Delete certificate wabbit.crt from trust store wabbit of type ca
    - Remove key wabbit from the key list
    - Delete key file: $HOME/.config/notation/localkeys/wabbit.key
    - Delete certificate file: $HOME/.config/notation/localkeys/wabbit.crt

    Are you sure you want to continue? [y/N] Operation cancelled.
    [exit] 0
    ");
    assert!(home.config("localkeys/wabbit.key").exists());
    assert!(home.run("cert ls").contains("wabbit.crt"));
    assert_snapshot!(home.run("cert cleanup-test -y wabbit"), @r"
    [stdout]
    Successfully deleted wabbit.crt from trust store wabbit of type ca
    Successfully removed key wabbit from the key list
    Successfully deleted key file: $HOME/.config/notation/localkeys/wabbit.key
    Successfully deleted certificate file: $HOME/.config/notation/localkeys/wabbit.crt
    Cleanup completed successfully
    [exit] 0
    ");
    assert!(!home.config("localkeys/wabbit.key").exists());
    assert!(!home.config("localkeys/wabbit.crt").exists());
    assert_eq!(home.run("cert ls"), "[exit] 0");
    assert!(!home.run("key ls").contains("wabbit"));
    assert_snapshot!(home.run("cert cleanup-test -y wabbit"), @r"
    [stdout]
    Certificate wabbit.crt does not exist in trust store wabbit of type ca
    Key wabbit does not exist in the key list
    Key file $HOME/.config/notation/localkeys/wabbit.key does not exist
    Certificate file $HOME/.config/notation/localkeys/wabbit.crt does not exist
    Cleanup completed successfully
    [exit] 0
    ");
    assert!(home.run("cert generate-test wabbit").ends_with("[exit] 0"), "the name is free again");
}

#[test]
fn a_yes_is_enough() {
    let home = with_test_key();
    let shown = home.run_with("cert cleanup-test wabbit", "y\n");
    assert!(shown.contains("[y/N] Successfully deleted wabbit.crt from"), "{shown}");
    assert!(shown.ends_with("Cleanup completed successfully\n[exit] 0"), "{shown}");
}

#[test]
fn a_name_is_needed_and_checked() {
    let home = Home::new();
    assert_snapshot!(home.run("cert cleanup-test"), @r"
    [stderr]
    Error: missing certificate common_name
    [exit] 1
    ");
    assert_snapshot!(home.run("cert cleanup-test -y ../wabbit"), @r"
    [stderr]
    Error: name needs to follow [a-zA-Z0-9_.-]+ format
    [exit] 1
    ");
}

#[test]
fn keys_that_are_no_test_keys_stay() {
    let home = with_test_key();
    let named = home.config("localkeys/wabbit.crt");
    std::fs::copy(&named, home.config("localkeys/release.crt")).expect("copied");
    assert_snapshot!(home.run("cert cleanup-test -y release"), @r#"
    [stderr]
    Error: $HOME/.config/notation/localkeys/release.crt is not the certificate of a test key: its subject is "CN=wabbit,O=Notary,L=Seattle,ST=WA,C=US" and its issuer "CN=wabbit,O=Notary,L=Seattle,ST=WA,C=US"
    hint: if nothing needs it any more: rm $HOME/.config/notation/localkeys/release.crt
    [exit] 1
    "#);
    assert!(home.config("localkeys/release.crt").exists());

    let other = "key add --plugin azure-kv --id https://v.vault.azure.net/keys/k/0123456789abcdef0123456789abcdef";
    assert!(home.run("key delete wabbit").ends_with("[exit] 0"));
    assert!(home.run(&format!("{other} wabbit")).ends_with("[exit] 0"));
    assert_snapshot!(home.run_with("cert cleanup-test wabbit", "y\n"), @r"
    [stdout]
    The test key wabbit and its corresponding certificate will be cleaned up with the following changes:
    - Delete certificate wabbit.crt from trust store wabbit of type ca
    - Delete key file: $HOME/.config/notation/localkeys/wabbit.key
    - Delete certificate file: $HOME/.config/notation/localkeys/wabbit.crt

    Are you sure you want to continue? [y/N] Successfully deleted wabbit.crt from trust store wabbit of type ca
    Key wabbit of the key list is no test key and stays there
    Successfully deleted key file: $HOME/.config/notation/localkeys/wabbit.key
    Successfully deleted certificate file: $HOME/.config/notation/localkeys/wabbit.crt
    Cleanup completed successfully
    [exit] 0
    ");
    assert!(home.run("key ls").contains("wabbit"));
}
