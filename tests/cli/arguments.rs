//! Version, help and arguments that are refused.

use insta::assert_snapshot;

use super::support::Home;

#[test]
fn version_has_the_line_scripts_read() {
    let shown = Home::new().run("version");
    assert!(shown.contains(&format!("\nVersion:     {}\n", env!("CARGO_PKG_VERSION"))), "{shown}");
    assert!(shown.ends_with("[exit] 0"));
}

#[test]
fn an_unknown_command_is_named() {
    assert_snapshot!(Home::new().run("frobnicate"), @r#"
    [stderr]
    Error: unknown command "frobnicate" for "sealwright"
    Run 'sealwright --help' for usage.
    [exit] 1
    "#);
}

#[test]
fn prune_without_a_key_names_the_ways_to_say_whose_signatures_go() {
    assert_snapshot!(Home::new().run("prune localhost:5000/app:v1"), @r"
    [stderr]
    Error: whose signatures to remove is not said: there is no default key, and neither --key, --id nor --signer-thumbprint
    hint: sealwright prune --plugin azure-kv --id <key_id> <reference>
          or by the certificate: sealwright prune --signer-thumbprint <SHA-256> <reference>
    [exit] 1
    ");
}

#[test]
fn help_has_no_list_of_arguments_without_a_word_about_them() {
    let home = Home::new();
    for command in ["sign", "verify", "prune", "list", "inspect", "login", "schema"] {
        let shown = home.run(&format!("{command} --help"));
        assert!(
            shown.contains("\nUsage: sealwright ") && !shown.contains("\nArguments:"),
            "{shown}"
        );
    }
}

#[test]
fn an_unknown_flag_is_named() {
    let home = Home::new();
    assert_snapshot!(home.run("sign --frobnicate x"), @r"
    [stderr]
    Error: unknown flag: --frobnicate
    [exit] 1
    ");
    assert_snapshot!(home.run("sign -x y"), @r"
    [stderr]
    Error: unknown shorthand flag: 'x' in -x
    [exit] 1
    ");
    // Flags of later versions do not exist yet.
    assert_snapshot!(home.run("sign --dm-verity x"), @r"
    [stderr]
    Error: unknown flag: --dm-verity
    [exit] 1
    ");
}

#[test]
fn a_missing_reference_names_the_help() {
    let home = Home::new();
    for command in ["sign", "verify", "list", "inspect"] {
        assert_eq!(
            home.run(command),
            format!(
                "[stderr]\nError: missing reference to the artifact: use `sealwright {command} --help` to see what parameters are required\n[exit] 1"
            )
        );
    }
}

#[test]
fn a_flag_without_its_value_is_named() {
    let home = Home::new();
    assert_snapshot!(home.run("sign x --key"), @r"
    [stderr]
    Error: flag needs an argument: --key
    [exit] 1
    ");
    assert_snapshot!(home.run("sign x -k"), @r"
    [stderr]
    Error: flag needs an argument: 'k' in -k
    [exit] 1
    ");
}

#[test]
fn a_malformed_value_is_refused_in_gos_words() {
    let home = Home::new();
    assert_snapshot!(home.run("sign --expiry 1d x"), @r#"
    [stderr]
    Error: invalid argument "1d" for "-e, --expiry" flag: time: unknown unit "d" in duration "1d"
    hint: in hours: --expiry 24h
    [exit] 1
    "#);
    assert_snapshot!(home.run("verify --max-signatures ten x"), @r#"
    [stderr]
    Error: invalid argument "ten" for "--max-signatures" flag: strconv.ParseInt: parsing "ten": invalid syntax
    [exit] 1
    "#);
    assert_snapshot!(home.run("sign --force-referrers-tag=no x"), @r#"
    [stderr]
    Error: invalid argument "no" for "--force-referrers-tag" flag: strconv.ParseBool: parsing "no": invalid syntax
    [exit] 1
    "#);
    assert_snapshot!(home.run("verify --max-signatures -1 x"), @r"
    [stderr]
    Error: max-signatures value -1 must be a positive number
    [exit] 1
    ");
    assert_snapshot!(home.run("list --max-signatures 0 x"), @r"
    [stderr]
    Error: max-signatures value 0 must be a positive number
    [exit] 1
    ");
    assert_snapshot!(home.run("inspect -o yaml x"), @r"
    [stderr]
    Error: unrecognized output format yaml
    [exit] 1
    ");
    assert_snapshot!(home.run("list --timeout 0s x"), @r"
    [stderr]
    Error: timeout must be a positive duration
    [exit] 1
    ");
}

#[test]
fn flags_that_belong_together_or_exclude_each_other_are_told() {
    let home = Home::new();
    assert_snapshot!(home.run("sign --key wabbit --id x --plugin y r"), @r"
    [stderr]
    Error: if any flags in the group [key id] are set none of the others can be; [id key] were all set
    [exit] 1
    ");
    assert_snapshot!(home.run("sign --id x r"), @r"
    [stderr]
    Error: if any flags in the group [id plugin] are set they must all be set; missing [plugin]
    [exit] 1
    ");
}

#[test]
fn without_a_home_nothing_is_written_anywhere() {
    let mut home = Home::new();
    home.set("HOME", "");
    assert_snapshot!(home.run("key list"), @r"
    [stderr]
    Error: no home directory: HOME is not set, and neither is NOTATION_CONFIG
    hint: export NOTATION_CONFIG=<folder>
    [exit] 1
    ");
}

#[test]
fn completion_knows_every_shell() {
    let home = Home::new();
    for shell in ["bash", "fish", "powershell", "zsh"] {
        let script = home.stdout(&format!("completion {shell}"));
        assert!(script.contains("generate-test"), "{shell}");
    }
    assert_snapshot!(home.run("completion tcsh"), @r#"
    [stderr]
    Error: unknown shell "tcsh": expected bash, fish, powershell or zsh
    [exit] 1
    "#);
}
