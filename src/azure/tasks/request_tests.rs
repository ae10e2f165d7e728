//! What is understood as image, platform, source and registry, and what is not.

use super::*;
use crate::fault::Fault;

#[test]
fn images_are_named_with_or_without_their_registry() {
    let image = ImageName::parse("Myregistry.azurecr.io/team/net-monitor:v1").unwrap();
    assert_eq!(
        (image.name().as_str(), image.repository()),
        ("team/net-monitor:v1", "team/net-monitor")
    );
    image.check_host("myregistry.azurecr.io").unwrap();
    let error = image.check_host("other.azurecr.io").unwrap_err();
    assert_eq!(error.code(), "azure-build-image");
    assert!(error.to_string().contains("is of myregistry.azurecr.io"), "{error}");
    let image = ImageName::parse("net-monitor:v1").unwrap();
    image.check_host("any.azurecr.io").unwrap();
    assert!(image.is_told_by("net-monitor", Some("v1")) && image.is_told_by("net-monitor", None));
    assert!(!image.is_told_by("net-monitor", Some("v2")) && !image.is_told_by("other", Some("v1")));
    let image = ImageName::parse("app:{{.Run.ID}}").unwrap();
    assert!(image.is_told_by("app", Some("ca7")));
}

#[test]
fn what_is_no_image_name_is_said_in_full() {
    for (given, problem) in [
        ("net-monitor", "has no tag"),
        ("myregistry.azurecr.io/net-monitor", "has no tag"),
        ("a@sha256:0", "has a digest: a build makes a new one"),
        ("Net-Monitor:v1", "has no repository name: lower-case letters, digits and ._-/"),
        ("a//b:v1", "has no repository name: lower-case letters, digits and ._-/"),
        ("../b:v1", "has no repository name: lower-case letters, digits and ._-/"),
        (":v1", "has no repository name: lower-case letters, digits and ._-/"),
        ("a:", "has no valid tag: at most 128 letters, digits and ._-"),
        ("a:-v", "has no valid tag: at most 128 letters, digits and ._-"),
        ("a:{{\"}}", "has no valid tag: at most 128 letters, digits and ._-"),
    ] {
        let error = ImageName::parse(given).unwrap_err();
        assert_eq!(error.to_string(), format!("the image {given:?} {problem}"));
        assert!(error.hint().unwrap().contains("-t net-monitor:v1"));
    }
}

#[test]
fn platforms_are_those_of_acr_tasks() {
    for (given, expected) in [
        ("linux", ("linux", "amd64", None)),
        ("Linux/ARM64/v8", ("linux", "arm64", Some("v8"))),
        ("windows/amd64", ("windows", "amd64", None)),
    ] {
        let platform = Platform::parse(given).unwrap();
        assert_eq!((platform.os, platform.architecture, platform.variant), expected);
    }
    for given in ["", "darwin/arm64", "linux/riscv64", "linux/arm64/v9", "linux/arm/v7/x"] {
        let error = Platform::parse(given).err().unwrap();
        assert_eq!(error.code(), "azure-build-platform");
    }
}

#[test]
fn sources_are_folders_and_git_addresses() {
    let folder = tempfile::tempdir().unwrap();
    let given = folder.path().to_str().unwrap();
    assert!(matches!(Source::parse(given), Ok(Source::Folder(path)) if path == folder.path()));
    for given in [
        "https://github.com/wabbit-networks/net-monitor.git#main",
        "https://github.com/wabbit-networks/net-monitor.git#main:src",
        "https://token@github.com/a/b.git",
        "https://dev.azure.com/org/project/_git/repo#main",
        "git@github.com:a/b.git#main",
        "github.com/a/b",
    ] {
        let Ok(Source::Git(address)) = Source::parse(given) else { panic!("{given}") };
        assert_eq!(address.expose(), given);
    }
}

#[test]
fn what_is_no_source_is_named_without_its_secrets() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("Dockerfile");
    std::fs::write(&file, "").unwrap();
    for (given, problem) in [
        (file.to_str().unwrap(), "is a file; a folder is packed whole"),
        (
            "https://s3cret@github.com/a/b#main",
            "is no git address: it ends in .git, then #<branch>",
        ),
        (
            "https://github.com/a/b.tar.gz?s3cret",
            "is no git address: it ends in .git, then #<branch>",
        ),
        ("http://s3cret@github.com/a/b.git", "is fetched without encryption; write https"),
        ("./nowhere", "is not there: no such folder, and no git address"),
        ("", "is not there: no such folder, and no git address"),
    ] {
        let error = Source::parse(given).err().unwrap();
        assert_eq!(error.code(), "azure-build-source");
        assert!(error.to_string().ends_with(problem), "{error}");
        assert!(!error.to_string().contains("s3cret"), "{error}");
    }
}

#[test]
fn a_registry_goes_by_its_name_or_its_login_server() {
    let extra = ExtraHosts::parse("registry=localhost:5000").unwrap();
    let name = |given: &str| registry_name(given, &extra);
    for given in ["myregistry", "myregistry.azurecr.io", "myregistry-a1b2.azurecr.us"] {
        assert_eq!(name(given).unwrap(), "myregistry");
    }
    for given in ["", "my", "my-registry", "ghcr.io", "localhost:5000", "a/b", "it's12345"] {
        assert_eq!(name(given).unwrap_err().code(), "azure-build-registry", "{given}");
    }
}

#[test]
fn the_request_holds_what_was_asked_for() {
    let request = BuildRequest {
        images: vec![ImageName::parse("r.azurecr.io/app:v1").unwrap()],
        platform: Platform::parse("linux/arm64/v8").unwrap(),
        location: Secret::new("source/x.tar.gz"),
        dockerfile: "Dockerfile".into(),
        arguments: vec![("A".into(), Secret::new("1"))],
        source_identity: Some("[caller]".into()),
        timeout: Duration::from_secs(1),
    };
    assert_eq!(
        request.body(),
        json!({
            "type": "DockerBuildRequest",
            "imageNames": ["app:v1"],
            "isPushEnabled": true,
            "sourceLocation": "source/x.tar.gz",
            "dockerFilePath": "Dockerfile",
            "platform": { "os": "linux", "architecture": "arm64", "variant": "v8" },
            "arguments": [{ "name": "A", "value": "1", "isSecret": false }],
            "timeout": 300,
            "credentials": { "sourceRegistry": { "identity": "[caller]" } },
        })
    );
}
