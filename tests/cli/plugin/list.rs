//! `plugin list` and `plugin uninstall`

use insta::assert_snapshot;
use serde_json::json;

use super::super::support::Home;
use super::{Desk, version};

#[test]
fn there_are_none_in_a_fresh_home() {
    let home = Home::new();
    assert_snapshot!(home.run("plugin ls"), @r"
    [stdout]
    NAME   DESCRIPTION   VERSION   CAPABILITIES   ERROR···
    [exit] 0
    ");
    assert_eq!(home.run("plugin list ignored"), home.run("plugin ls"));
    assert!(!home.config("plugins").exists());
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
    NAME      DESCRIPTION     VERSION   CAPABILITIES                ERROR··············································································································
    a b                                 []                          invalid plugin name "a b": expected letters, digits, '_', '.' and '-'··············································
    empty                               []                          plugin executable file `notation-empty` not found. Use `sealwright plugin install` command to install the plugin···
    other                               []                          plugin executable file name must be "notation-tester" instead of "notation-other"··································
    refuses                             []                          ACCESS_DENIED: no�[2J······························································································
    tester    a test plugin   1.0.0     [SIGNATURE_GENERATOR.RAW]   <nil>··············································································································
    [exit] 0
    "#);
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
