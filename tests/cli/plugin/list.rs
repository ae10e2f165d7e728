//! `plugin list` and `plugin uninstall`

use insta::assert_snapshot;
use serde_json::json;

use super::super::support::Home;
use super::{Desk, version};

#[test]
fn a_fresh_home_has_those_that_are_built_in() {
    let home = Home::new();
    assert_snapshot!(home.run("plugin ls"), @r"
    [stdout]
    NAME                    DESCRIPTION                                                        VERSION   CAPABILITIES                ERROR···
    azure-artifactsigning   Sign OCI artifacts using the Artifact Signing Service (built in)   1.1.0     [SIGNATURE_GENERATOR.RAW]   <nil>···
    azure-kv                Notation Azure Key Vault plugin (built in)                         1.2.1     [SIGNATURE_GENERATOR.RAW]   <nil>···
    [exit] 0
    ");
    assert_eq!(home.run("plugin list ignored"), home.run("plugin ls"));
    assert!(!home.config("plugins").exists());
}

/// As the task Notation@0 reads the version: columns of the first line that begins with the name, from
/// the end.
fn version_as_wrappers_read_it(listed: &str) -> String {
    let line = listed.lines().find(|line| line.starts_with("azure-kv")).expect("a line");
    let columns: Vec<&str> = line
        .split("  ")
        .map(|column| column.trim_matches([' ', '·']))
        .filter(|column| !column.is_empty())
        .collect();
    columns[columns.len() - 3].to_owned()
}

#[test]
fn wrappers_read_the_version_they_installed_or_the_built_in_one() {
    assert_eq!(version_as_wrappers_read_it(&Home::new().run("plugin list")), "1.2.1");
    let Some(desk) = Desk::new() else { return };
    desk.place("azure-kv", json!({ "name": "azure-kv", "version": "1.2.0" }));
    let shown = desk.run("plugin list");
    assert_eq!(version_as_wrappers_read_it(&shown), "1.2.0");
    assert_snapshot!(shown, @r"
    [stdout]
    NAME                    DESCRIPTION                                                        VERSION   CAPABILITIES                ERROR···
    azure-artifactsigning   Sign OCI artifacts using the Artifact Signing Service (built in)   1.1.0     [SIGNATURE_GENERATOR.RAW]   <nil>···
    azure-kv                a test plugin (used with native=false)                             1.2.0     [SIGNATURE_GENERATOR.RAW]   <nil>···
    azure-kv                Notation Azure Key Vault plugin (built in)                         1.2.1     [SIGNATURE_GENERATOR.RAW]   <nil>···
    [exit] 0
    ");
    let removed = desk.run("plugin uninstall azure-kv -y");
    assert_eq!(removed, "[stdout]\nSuccessfully uninstalled plugin azure-kv\n[exit] 0");
    assert_snapshot!(desk.run("plugin uninstall azure-kv -y"), @r"
    [stderr]
    Error: unable to find plugin azure-kv.
    To view a list of installed plugins, use `sealwright plugin list`
    hint: azure-kv is built in, and no other is installed beside it
    [exit] 1
    ");
}

#[test]
fn a_plugin_that_does_not_work_has_an_error_in_its_row() {
    let Some(desk) = Desk::new() else { return };
    desk.place("tester", version("1.0.0"));
    desk.place("other", version("1.0.0"));
    desk.place("refuses", json!({ "misbehave": "error:ACCESS_DENIED:no\u{1b}[2J" }));
    std::fs::create_dir_all(desk.home.config("plugins/empty")).expect("made");
    std::fs::create_dir_all(desk.home.config("plugins/a b")).expect("made");
    std::os::unix::fs::symlink("tester", desk.home.config("plugins/linked")).expect("linked");
    assert_snapshot!(desk.run("plugin ls"), @r#"
    [stdout]
    NAME                    DESCRIPTION                                                        VERSION   CAPABILITIES                ERROR··············································································································
    a b                                                                                                  []                          invalid plugin name "a b": expected letters, digits, '_', '.' and '-'··············································
    azure-artifactsigning   Sign OCI artifacts using the Artifact Signing Service (built in)   1.1.0     [SIGNATURE_GENERATOR.RAW]   <nil>··············································································································
    azure-kv                Notation Azure Key Vault plugin (built in)                         1.2.1     [SIGNATURE_GENERATOR.RAW]   <nil>··············································································································
    empty                                                                                                []                          plugin executable file `notation-empty` not found. Use `sealwright plugin install` command to install the plugin···
    other                                                                                                []                          plugin executable file name must be "notation-tester" instead of "notation-other"··································
    refuses                                                                                              []                          no�[2J·············································································································
    tester                  a test plugin                                                      1.0.0     [SIGNATURE_GENERATOR.RAW]   <nil>··············································································································
    [exit] 0
    "#);
}

#[test]
fn the_directory_is_below_libexec() {
    let Some(mut desk) = Desk::new() else { return };
    let libexec = desk.home.path("libexec");
    desk.home.set("NOTATION_LIBEXEC", &libexec.display().to_string());
    super::tester::place(&libexec.join("plugins"), "tester", &desk.python, &version("1.0.0"));
    let shown = desk.run("plugin ls");
    assert!(shown.contains("\ntester ") && shown.contains(" a test plugin "), "{shown}");
}

#[test]
fn the_group_names_its_commands() {
    let shown = Home::new().run("plugin");
    for command in ["install", "list", "uninstall"] {
        assert!(shown.contains(&format!("\n  {command} ")), "{shown}");
    }
    assert!(shown.ends_with("[exit] 0"), "{shown}");
    assert_snapshot!(Home::new().run("plugin frob"), @r#"
    [stderr]
    Error: unknown command "frob" for "sealwright plugin"
    Run 'sealwright plugin --help' for usage.
    [exit] 1
    "#);
}

#[test]
fn uninstalling_asks_first() {
    let Some(desk) = Desk::new() else { return };
    desk.place("tester", version("1.0.0"));
    assert_snapshot!(desk.home.run_with("plugin uninstall tester", "n\n"), @r#"
    [stdout]
    Are you sure you want to uninstall plugin "tester"? [y/N] Operation cancelled.
    [exit] 0
    "#);
    assert_eq!(desk.installed().len(), 2);
    assert_snapshot!(desk.home.run_with("plugin rm tester", "y\n"), @r#"
    [stdout]
    Are you sure you want to uninstall plugin "tester"? [y/N] Successfully uninstalled plugin tester
    [exit] 0
    "#);
    assert_eq!(desk.installed(), Vec::<String>::new());
    desk.place("tester", version("1.0.0"));
    assert_snapshot!(desk.run("plugin remove -y tester"), @r"
    [stdout]
    Successfully uninstalled plugin tester
    [exit] 0
    ");
    assert_eq!(desk.installed(), Vec::<String>::new());
}

#[test]
fn only_one_plugin_that_is_there_is_uninstalled() {
    let home = Home::new();
    assert_snapshot!(home.run("plugin uninstall"), @r"
    [stderr]
    Error: plugin name is required
    [exit] 1
    ");
    assert_snapshot!(home.run("plugin uninstall a b"), @r"
    [stderr]
    Error: only one plugin can be removed at a time
    [exit] 1
    ");
    assert_snapshot!(home.run("plugin uninstall nope"), @r"
    [stderr]
    Error: unable to find plugin nope.
    To view a list of installed plugins, use `sealwright plugin list`
    [exit] 1
    ");
    home.write("keep/notation-keep", "");
    home.write(".config/notation/plugins/x/notation-x", "");
    assert_snapshot!(home.run("plugin uninstall -y ../../../keep"), @r#"
    [stderr]
    Error: failed to check plugin existence: invalid plugin name "../../../keep": expected letters, digits, '_', '.' and '-'
    [exit] 1
    "#);
    std::os::unix::fs::symlink(home.path("keep"), home.config("plugins/keep")).expect("linked");
    assert_snapshot!(home.run("plugin uninstall -y keep"), @r"
    [stderr]
    Error: failed to check plugin existence: plugin folder $HOME/.config/notation/plugins/keep is not a folder (symlinks are not supported)
    [exit] 1
    ");
    assert!(home.path("keep/notation-keep").exists());
}
