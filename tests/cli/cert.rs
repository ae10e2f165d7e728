//! `cert`

use insta::assert_snapshot;

use super::support::{Home, mode};

/// A home with the test certificate `wabbit`; the expiry in outputs is `<expiry>`.
fn with_test_certificate() -> Home {
    let mut home = Home::new();
    let shown = home.run("cert generate-test wabbit");
    let expiry = shown.lines().find_map(|l| l.strip_prefix("generated certificate expiring on "));
    home.replace(expiry.expect("a line with the expiry"), "<expiry>");
    home
}

#[test]
fn generate_test_makes_key_certificate_store_and_list_entry() {
    let home = with_test_certificate();
    assert_snapshot!(home.run("cert ls"), @r"
    [stdout]
    STORE TYPE   STORE NAME   CERTIFICATE···
    ca           wabbit       wabbit.crt····
    [exit] 0
    ");
    assert_eq!(mode(&home.config("localkeys/wabbit.key")), 0o600);
    assert_eq!(mode(&home.config("localkeys/wabbit.crt")), 0o644);
    assert_eq!(mode(&home.config("truststore/x509/ca/wabbit/wabbit.crt")), 0o600);
    assert_eq!(mode(&home.config("signingkeys.json")), 0o600);
    assert_eq!(mode(&home.config("localkeys")), 0o700);
}

#[test]
fn generate_test_says_what_it_did() {
    let home = Home::new();
    let shown = home.run("cert generate-test --default wabbit");
    let lines: Vec<&str> = shown.lines().collect();
    assert_eq!(lines[1], "generating RSA Key with 2048 bits");
    assert!(lines[2].starts_with("generated certificate expiring on 2"), "{shown}");
    assert_eq!(
        lines[3..].join("\n"),
        "wrote key: $HOME/.config/notation/localkeys/wabbit.key
wrote certificate: $HOME/.config/notation/localkeys/wabbit.crt
Successfully added wabbit.crt to named store wabbit of type ca
wabbit: added to the key list
wabbit: mark as default signing key
[exit] 0"
    );
}

#[test]
fn generate_test_overwrites_nothing() {
    let home = with_test_certificate();
    let again = home.run("cert generate-test wabbit");
    assert!(
        again.ends_with("[stderr]\nError: failed to write key file: open $HOME/.config/notation/localkeys/wabbit.key: file exists\n[exit] 1"),
        "{again}"
    );
}

#[test]
fn generate_test_refuses_names_and_sizes() {
    let home = Home::new();
    assert_snapshot!(home.run("cert generate-test a/b"), @r"
    [stderr]
    Error: name needs to follow [a-zA-Z0-9_.-]+ format
    [exit] 1
    ");
    assert_snapshot!(home.run("cert generate-test"), @r"
    [stderr]
    Error: missing certificate common_name
    [exit] 1
    ");
    assert_snapshot!(home.run("cert generate-test --bits 1024 tiny"), @r"
    [stdout]
    generating RSA Key with 1024 bits
    [stderr]
    Error: RSA key size 1024 is not supported: 2048, 3072 or 4096 bits
    [exit] 1
    ");
}

#[test]
fn nothing_is_listed_where_nothing_is() {
    let home = Home::new();
    for line in ["cert ls", "cert ls --type tsa", "cert ls --type nope", "cert list -s x"] {
        assert_eq!(home.run(line), "[exit] 0", "{line}");
    }
}

#[test]
fn certificates_are_added_once() {
    let home = with_test_certificate();
    let line = "cert add --type ca --store acme $HOME/.config/notation/localkeys/wabbit.crt";
    assert_snapshot!(home.run(line), @r"
    [stdout]
    Successfully added following certificates to named store acme of type ca:
    $HOME/.config/notation/localkeys/wabbit.crt
    [exit] 0
    ");
    assert_snapshot!(home.run(line), @r#"
    [stderr]
    Error: Failed to add following certificates to named store acme of type ca:
    $HOME/.config/notation/localkeys/wabbit.crt, with error "certificate already exists in the Trust Store"
    [exit] 1
    "#);
    assert_snapshot!(home.run("cert ls"), @r"
    [stdout]
    STORE TYPE   STORE NAME   CERTIFICATE···
    ca           acme         wabbit.crt····
    ca           wabbit       wabbit.crt····
    [exit] 0
    ");
}

#[test]
fn what_is_no_certificate_is_not_added() {
    let home = Home::new();
    home.write("bad.pem", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n");
    assert_snapshot!(home.run("cert add --type ca --store acme $HOME/bad.pem"), @r#"
    [stderr]
    Error: Failed to add following certificates to named store acme of type ca:
    $HOME/bad.pem, with error "x509: malformed certificate"
    [exit] 1
    "#);
    assert_snapshot!(home.run("cert add --type ca --store acme $HOME/missing.pem"), @r#"
    [stderr]
    Error: Failed to add following certificates to named store acme of type ca:
    $HOME/missing.pem, with error "open $HOME/missing.pem: no such file or directory"
    [exit] 1
    "#);
}

#[test]
fn store_types_names_and_flags_are_checked() {
    let home = Home::new();
    assert_snapshot!(home.run("cert add --type nope --store acme x.crt"), @r"
    [stderr]
    Error: unsupported store type: nope
    [exit] 1
    ");
    assert_snapshot!(home.run("cert add --type ca --store a/b x.crt"), @r"
    [stderr]
    Error: named store name needs to follow [a-zA-Z0-9_.-]+ format
    [exit] 1
    ");
    assert_snapshot!(home.run("cert add --type ca --store .. x.crt"), @r"
    [stderr]
    Error: named store name needs to follow [a-zA-Z0-9_.-]+ format
    [exit] 1
    ");
    assert_snapshot!(home.run("cert add x.crt"), @r#"
    [stderr]
    Error: required flag(s) "store", "type" not set
    [exit] 1
    "#);
    assert_snapshot!(home.run("cert add --type ca --store acme"), @r"
    [stderr]
    Error: missing certificate path
    [exit] 1
    ");
}

#[test]
fn show_prints_each_certificate() {
    let mut home = with_test_certificate();
    let shown = home.run("cert show --type ca --store wabbit wabbit.crt");
    for (prefix, name) in [
        ("Valid from: ", "<from>"),
        ("Valid to: ", "<to>"),
        ("SHA256 Thumbprint: ", "<fingerprint>"),
    ] {
        let value = shown.lines().find_map(|l| l.strip_prefix(prefix)).expect(prefix);
        if prefix.starts_with("Valid") {
            assert!(value.ends_with(" +0000 UTC"), "{value}");
        } else {
            assert_eq!(value.len(), 64);
        }
        home.replace(value, name);
    }
    assert_snapshot!(home.run("certificate show --type ca --store wabbit wabbit.crt"), @r"
    [stdout]
    Certificate details
    --------------------------------------------------------------------------------
    Issuer: CN=wabbit,O=Notary,L=Seattle,ST=WA,C=US
    Subject: CN=wabbit,O=Notary,L=Seattle,ST=WA,C=US
    Valid from: <from>
    Valid to: <to>
    IsCA: false
    SHA256 Thumbprint: <fingerprint>
    [exit] 0
    ");
    assert_snapshot!(home.run("cert show --type ca --store acme nope.crt"), @r"
    [stderr]
    Error: failed to show details of certificate nope.crt, with error: open $HOME/.config/notation/truststore/x509/ca/acme/nope.crt: no such file or directory
    [exit] 1
    ");
}

#[test]
fn deleting_asks_first() {
    let home = with_test_certificate();
    let line = "cert delete --type ca --store wabbit wabbit.crt";
    assert_snapshot!(home.run_with(line, "n\n"), @r#"
    [stdout]
    Are you sure you want to delete "wabbit.crt" in "wabbit" of type "ca"? [y/N] Operation cancelled.
    [exit] 0
    "#);
    // The end of the input means no.
    assert_snapshot!(home.run_with(line, ""), @r#"
    [stdout]
    Are you sure you want to delete "wabbit.crt" in "wabbit" of type "ca"? [y/N] ⏎
    [exit] 0
    "#);
    assert!(home.config("truststore/x509/ca/wabbit/wabbit.crt").exists());
    assert_snapshot!(home.run_with(line, "y\n"), @r#"
    [stdout]
    Are you sure you want to delete "wabbit.crt" in "wabbit" of type "ca"? [y/N] Successfully deleted wabbit.crt
    [exit] 0
    "#);
    assert_snapshot!(home.run("cert delete --type ca --store wabbit wabbit.crt -y"), @r"
    [stderr]
    Error: failed to delete the certificate file: stat $HOME/.config/notation/truststore/x509/ca/wabbit/wabbit.crt: no such file or directory
    [exit] 1
    ");
}

#[test]
fn a_whole_store_is_deleted() {
    let home = with_test_certificate();
    let line = "cert delete --type ca --store wabbit --all -y";
    assert_snapshot!(home.run(line), @r"
    [stdout]
    Successfully deleted $HOME/.config/notation/truststore/x509/ca/wabbit
    [exit] 0
    ");
    assert_snapshot!(home.run(line), @r"
    [stderr]
    Error: failed to delete the named trust store: stat $HOME/.config/notation/truststore/x509/ca/wabbit: no such file or directory
    [exit] 1
    ");
    assert_snapshot!(home.run("cert delete --type ca --store wabbit"), @r"
    [stderr]
    Error: delete requires either the certificate file name that needs to be deleted or --all flag to delete all certificates in the given named trust store
    [exit] 1
    ");
}
