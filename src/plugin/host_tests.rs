//! The plugins directory: what counts as a plugin in it.

use std::os::unix::fs::symlink;

use time::OffsetDateTime;

use super::*;
use crate::clock::ManualClock;
use crate::fault::Fault as _;
use crate::plugin::PluginConfig;

fn nothing_runs(home: &Path) -> PluginDir {
    let clock = Arc::new(ManualClock::at(OffsetDateTime::UNIX_EPOCH));
    PluginDir::new(home, &Env::default(), clock, ProcessGroup::Own)
}

#[tokio::test]
async fn a_plugin_is_a_regular_file_in_a_real_folder() {
    let home = tempfile::tempdir().expect("a folder");
    let plugins = nothing_runs(home.path());
    assert_eq!(plugins.names(), Ok(Vec::new()));
    let folder = home.path().join("plugins");
    let code = async |name: &str| {
        let name = PluginName::parse(name).expect("a name");
        plugins.find(&name).await.map(|_| ()).map_err(|error| error.code())
    };
    for name in ["whole", "empty", "folder/notation-folder", "linked-file", ".sealwright-x"] {
        fs::create_dir_all(folder.join(name)).expect("made");
    }
    fs::write(folder.join("whole/notation-whole"), "").expect("written");
    fs::write(folder.join("file"), "").expect("written");
    symlink(folder.join("whole"), folder.join("linked")).expect("linked");
    let executable = folder.join("whole/notation-whole");
    symlink(executable, folder.join("linked-file/notation-linked-file")).expect("linked");

    assert_eq!(
        plugins.names(),
        Ok(["empty", "folder", "linked-file", "whole"].map(str::to_owned).to_vec())
    );
    assert_eq!(code("whole").await, Ok(()));
    assert_eq!(code("linked-file").await, Ok(()));
    assert_eq!(code("nowhere").await, Err("plugin-not-found"));
    assert_eq!(code("empty").await, Err("plugin-not-found"));
    assert_eq!(code("folder").await, Err("plugin-not-a-regular-file"));
    assert_eq!(code("linked").await, Err("plugin-not-a-folder"));
    assert_eq!(code("file").await, Err("plugin-not-a-folder"));
}

#[test]
fn a_directory_that_is_none_cannot_be_listed() {
    let home = tempfile::tempdir().expect("a folder");
    fs::write(home.path().join("plugins"), "").expect("written");
    let plugins = nothing_runs(home.path());
    assert_eq!(plugins.names().expect_err("a file").code(), "plugin-list");
    let name = PluginName::parse("x").expect("a name");
    let error = plugins.program(&name).map(|_| ()).expect_err("below a file");
    assert_eq!(error.code(), "plugin-inaccessible");
    assert!(error.to_string().ends_with("/plugins/x/notation-x: not a directory"), "{error}");
}

#[tokio::test]
async fn what_is_no_program_cannot_be_started() {
    let home = tempfile::tempdir().expect("a folder");
    let folder = home.path().join("plugins/x");
    fs::create_dir_all(&folder).expect("made");
    fs::write(folder.join("notation-x"), "x").expect("written");
    let plugins = nothing_runs(home.path());
    let plugin = plugins.find(&PluginName::parse("x").expect("a name")).await.expect("a file");
    let error = plugin.metadata(&PluginConfig::new()).await.expect_err("not executable");
    assert_eq!(error.code(), "plugin-start");
    let path = folder.join("notation-x");
    assert_eq!(error.to_string(), format!("fork/exec {}: permission denied", path.display()));
    assert!(error.hint().is_some());
}
