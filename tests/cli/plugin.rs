//! `plugin`

use insta::assert_snapshot;

use super::support::Home;

#[test]
fn azure_kv_needs_no_installing() {
    let home = Home::new();
    let built_in = "[stdout]\nazure-kv is built in and nothing needs installing\n[exit] 0";
    for line in [
        "plugin ls",
        "plugin list",
        "plugin",
        "plugin install --url https://example.com/download/v1.2.1/notation-azure-kv_1.2.1_linux_amd64.tar.gz --sha256sum 67c5ccaa",
    ] {
        assert_eq!(home.run(line), built_in, "{line}");
    }
}

#[test]
fn other_plugins_are_not_supported() {
    assert_snapshot!(Home::new().run("plugin install --file ./notation-tester"), @r#"
    [stderr]
    Error: unsupported plugin "./notation-tester": azure-kv is the one plugin, and it is built in
    [exit] 1
    "#);
}
