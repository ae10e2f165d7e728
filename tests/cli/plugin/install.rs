//! `plugin install --file` of executables: versions, checksums, what is refused, what is left behind.

use insta::assert_snapshot;
use serde_json::json;

use super::super::support::{Home, mode};
use super::{Desk, version};

const INSTALL: &str = "plugin install --file $HOME/p/notation-tester";

#[test]
fn the_source_is_one_file_or_one_address() {
    let home = Home::new();
    for (line, error) in [
        ("plugin install", "missing plugin source location"),
        ("plugin install --file", "missing plugin file path"),
        ("plugin add --url", "missing plugin URL"),
        ("plugin install --file a b", "can only install one plugin at a time, but got [a b]"),
        ("plugin install a", "at least one of the flags in the group [file url] is required"),
        (
            "plugin install --file --url a",
            "if any flags in the group [file url] are set none of the others can be; [file url] were all set",
        ),
        (
            "plugin install --file $HOME/missing",
            "plugin installation failed: stat $HOME/missing: no such file or directory",
        ),
        ("plugin install --file $HOME", "plugin installation failed: $HOME is not a valid file"),
    ] {
        assert_eq!(home.run(line), format!("[stderr]\nError: {error}\n[exit] 1"), "{line}");
    }
    assert!(!home.config("plugins").exists());
}

#[test]
fn an_executable_is_installed_and_updated() {
    let Some(desk) = Desk::new() else { return };
    desk.source("tester", version("1.0.0"));
    assert_snapshot!(desk.run(INSTALL), @r"
    [stdout]
    Successfully installed plugin tester, version 1.0.0
    [exit] 0
    ");
    assert_eq!(desk.installed(), ["tester 755", "tester/notation-tester 755"]);
    assert_snapshot!(desk.run("plugin ls"), @r"
    [stdout]
    NAME                    DESCRIPTION                                                        VERSION   CAPABILITIES                ERROR···
    azure-artifactsigning   Sign OCI artifacts using the Artifact Signing Service (built in)   1.1.0     [SIGNATURE_GENERATOR.RAW]   <nil>···
    azure-kv                Notation Azure Key Vault plugin (built in)                         1.2.1     [SIGNATURE_GENERATOR.RAW]   <nil>···
    tester                  a test plugin                                                      1.0.0     [SIGNATURE_GENERATOR.RAW]   <nil>···
    [exit] 0
    ");
    assert_snapshot!(desk.run(INSTALL), @r"
    [stderr]
    Error: plugin installation failed: plugin tester with version 1.0.0 already exists
    [exit] 1
    ");
    desk.source("tester", version("1.0.0+build.2"));
    assert_snapshot!(desk.run(INSTALL), @r"
    [stderr]
    Error: plugin installation failed: plugin tester with version 1.0.0 already exists
    [exit] 1
    ");
    desk.source("tester", version("1.0.0-rc.1"));
    assert_snapshot!(desk.run(INSTALL), @r#"
    [stderr]
    Error: plugin installation failed: failed to install plugin tester. The installing plugin version 1.0.0-rc.1 is lower than the existing plugin version 1.0.0.
    It is not recommended to install an older version. To force the installation, use the "--force" option
    [exit] 1
    "#);
    assert_snapshot!(desk.run(&format!("{INSTALL} --force")), @r"
    [stdout]
    Successfully updated plugin tester from version 1.0.0 to 1.0.0-rc.1
    [exit] 0
    ");
    desk.source("tester", version("1.2.0"));
    assert_snapshot!(desk.run(INSTALL), @r"
    [stdout]
    Successfully updated plugin tester from version 1.0.0-rc.1 to 1.2.0
    [exit] 0
    ");
    desk.source("tester", version("not-semver"));
    assert_snapshot!(desk.run(INSTALL), @r"
    [stderr]
    Error: plugin installation failed: failed to compare plugin versions: not-semver is not a valid semantic version
    [exit] 1
    ");
    assert_eq!(desk.installed(), ["tester 755", "tester/notation-tester 755"]);
}

#[test]
fn permissions_are_those_of_the_source_without_writing_for_others() {
    let Some(desk) = Desk::new() else { return };
    desk.source("tester", version("1.0.0"));
    for (given, kept) in [(0o4777, "755"), (0o700, "700")] {
        use std::os::unix::fs::PermissionsExt as _;
        let permissions = std::fs::Permissions::from_mode(given);
        let source = desk.home.path("p/notation-tester");
        std::fs::set_permissions(&source, permissions).expect("its own");
        assert!(desk.run(&format!("{INSTALL} --force")).ends_with("[exit] 0"));
        let installed = desk.home.config("plugins/tester/notation-tester");
        assert_eq!(format!("{:o}", mode(&installed)), kept);
    }
    desk.source("tester", version("2.0.0"));
    let source = desk.home.path("p/notation-tester");
    std::fs::set_permissions(source, std::os::unix::fs::PermissionsExt::from_mode(0o644))
        .expect("its own");
    assert_snapshot!(desk.run(INSTALL), @r"
    [stderr]
    Error: plugin installation failed: input file notation-tester is not executable
    hint: chmod u+x notation-tester
    [exit] 1
    ");
}

#[test]
fn a_checksum_is_compared_in_either_case() {
    let Some(desk) = Desk::new() else { return };
    desk.source("tester", version("1.0.0"));
    let sum = sealwright::crypto::Digest::sha256(&desk.program(&version("1.0.0")));
    let zeros = "0".repeat(64);
    let shown = desk.run(&format!("{INSTALL} --sha256sum {zeros}"));
    assert_eq!(
        shown,
        format!(
            "[stderr]\nError: plugin installation failed: plugin SHA-256 checksum does not match user input. Expecting {zeros}\n\
             because the file's SHA-256 is {}\n[exit] 1",
            sum.hex()
        )
    );
    assert_snapshot!(desk.run(&format!("{INSTALL} --sha256sum 67c5")), @r#"
    [stderr]
    Error: plugin installation failed: sha256sum "67c5" is no SHA-256 checksum: 64 hexadecimal digits
    [exit] 1
    "#);
    let given = sum.hex().to_uppercase();
    assert!(desk.run(&format!("{INSTALL} --sha256sum={given}")).ends_with("[exit] 0"));
}

#[test]
fn a_file_of_another_name_or_content_is_refused() {
    let Some(desk) = Desk::new() else { return };
    desk.source("tester", json!({ "name": "other" }));
    assert_snapshot!(desk.run(INSTALL), @r#"
    [stderr]
    Error: plugin installation failed: failed to get metadata of new plugin: plugin executable file name must be "notation-other" instead of "notation-tester"
    [exit] 1
    "#);
    desk.home.write("p/signer", "");
    assert_snapshot!(desk.run("plugin install --file $HOME/p/signer"), @r"
    [stderr]
    Error: plugin installation failed: failed to read plugin name from input file signer: invalid plugin executable file name. Plugin file name requires format notation-{plugin-name}, but got signer
    [exit] 1
    ");
    let platform = sealwright::plugin::platform();
    for (misbehave, error) in [
        (
            "silent",
            format!(
                "failed to get metadata of new plugin: exit status 3.\n\
                 Please ensure that the plugin executable file is compatible with {platform} and has appropriate permissions.\n\
                 because plugin tester failed at get-plugin-metadata and did not say why"
            ),
        ),
        (
            "garbage",
            format!(
                "failed to unmarshal the response of get-plugin-metadata command for plugin tester.\n\
                 Please ensure that the plugin executable file is intact and compatible with {platform}. Contact the plugin publisher for further assistance."
            ),
        ),
        ("error:ERROR:no", "failed to get metadata of new plugin: no\n".to_owned()),
    ] {
        desk.source("tester", json!({ "misbehave": misbehave }));
        let shown = desk.run(INSTALL);
        let begin = format!("[stderr]\nError: plugin installation failed: {error}");
        assert!(shown.starts_with(&begin), "{shown}");
    }
    assert_eq!(desk.installed(), Vec::<String>::new());
}

#[test]
fn a_source_is_smaller_than_256_mib() {
    let home = Home::new();
    let path = home.write("notation-x", "");
    let file = std::fs::OpenOptions::new().write(true).open(path).expect("there");
    file.set_len(256 * 1024 * 1024).expect("a hole");
    assert_snapshot!(home.run("plugin install --file $HOME/notation-x"), @r"
    [stderr]
    Error: plugin installation failed: file size reached the 256 MiB size limit
    [exit] 1
    ");
}

#[test]
fn a_plugin_that_does_not_work_is_replaced_by_force_only() {
    let Some(desk) = Desk::new() else { return };
    desk.place("tester", json!({ "misbehave": "error:ERROR:no" }));
    desk.source("tester", version("1.0.0"));
    assert_snapshot!(desk.run(INSTALL), @r"
    [stderr]
    Error: plugin installation failed: failed to get metadata of existing plugin: no
    because the plugin's error code is ERROR
    hint: to install over a plugin that does not work, use --force
    [exit] 1
    ");
    assert_snapshot!(desk.run(&format!("{INSTALL} --force")), @r"
    [stdout]
    Successfully installed plugin tester, version 1.0.0
    [exit] 0
    ");
    let folder = desk.home.config("plugins/tester");
    let elsewhere = desk.home.path("elsewhere");
    std::fs::rename(&folder, &elsewhere).expect("moved");
    std::os::unix::fs::symlink(&elsewhere, &folder).expect("linked");
    assert_snapshot!(desk.run(INSTALL), @r"
    [stderr]
    Error: plugin installation failed: failed to check plugin existence: plugin folder $HOME/.config/notation/plugins/tester is not a folder (symlinks are not supported)
    hint: to install over a plugin that does not work, use --force
    [exit] 1
    ");
    assert!(desk.run(&format!("{INSTALL} --force")).ends_with("[exit] 0"));
    assert!(elsewhere.join("notation-tester").exists(), "what the link led to is left alone");
    assert_eq!(desk.installed(), ["tester 755", "tester/notation-tester 755"]);
}

#[test]
fn a_new_version_that_fails_leaves_the_old_one_as_it_was() {
    let Some(desk) = Desk::new() else { return };
    desk.place("tester", version("1.0.0"));
    let before = desk.run("plugin ls");
    desk.source("tester", json!({ "version": "2.0.0", "misbehave": "killed" }));
    assert!(desk.run(&format!("{INSTALL} --force")).ends_with("[exit] 1"));
    assert_eq!(desk.run("plugin ls"), before);
    assert_eq!(desk.installed(), ["tester 755", "tester/notation-tester 755"]);
}

/// SIGINT and SIGTERM while the new plugin is asked for its metadata.
#[cfg(unix)]
#[test]
fn an_interrupted_installation_leaves_nothing() {
    use rustix::process::{Pid, Signal, kill_process};
    let Some(desk) = Desk::new() else { return };
    let log = desk.home.path("log");
    let settings = json!({ "misbehave": "hang", "log": log.display().to_string() });
    desk.source("tester", settings);
    for (signal, name, status) in [(Signal::INT, "SIGINT", 130), (Signal::TERM, "SIGTERM", 143)] {
        let (running, mut child) = desk.home.start(INSTALL);
        while !log.exists() {
            std::thread::yield_now();
        }
        let id = i32::try_from(child.id()).ok().and_then(Pid::from_raw).expect("a process");
        kill_process(id, signal).expect("it runs");
        let ended = child.wait().expect("it ends");
        assert_eq!(ended.code(), Some(status));
        let said = std::io::read_to_string(running).expect("text");
        assert_eq!(said, format!("Error: interrupted by {name}\n"));
        assert_eq!(desk.installed(), Vec::<String>::new());
        std::fs::remove_file(&log).expect("there");
    }
}

#[test]
fn what_a_plugin_is_asked_is_logged_without_what_it_says() {
    let Some(desk) = Desk::new() else { return };
    desk.source("tester", version("1.0.0"));
    let shown = desk.run(&format!("{INSTALL} -v"));
    let line = "level=info msg=plugin tester: get-plugin-metadata took ";
    assert!(shown.contains(line) && shown.contains(" ms: exit status 0\n"), "{shown}");
    assert!(!shown.contains("a test plugin"), "{shown}");
}
