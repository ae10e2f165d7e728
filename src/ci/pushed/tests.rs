//! What was pushed, from honest inputs and from hostile ones.

use super::*;
use crate::env::Env;

const BUILD: &str = include_str!("../../../tests/fixtures/metadata/build.json");
const BAKE: &str = include_str!("../../../tests/fixtures/metadata/bake.json");
const ACR: &str = include_str!("../../../tests/fixtures/metadata/acr-build.json");

/// Of `build.json`, of `acr-build.json`, and of bake's `db`.
const A: &str = "sha256:19ffeab6f8bc9293ac2c3fdf94ebe28396254c993aea0b5a542cfb02e0883fa3";
/// Of bake's `webapp`.
const B: &str = "sha256:6d9ac9237a84afe1516540f40a0fafdc86859b2141954b4d643af7066d598b74";
const APP: &str = "myregistry.azurecr.io/net-monitor";
const DB: &str = "myregistry.azurecr.io/db";
const WEB: &str = "myregistry.azurecr.io/webapp";

fn images_of(command: Command, variables: &[(&str, &str)]) -> Result<Vec<String>, InputError> {
    let env: Env = variables.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect();
    let mut draft = Draft::from_env(&env).0;
    draft.read_metadata()?;
    Ok(draft.pushed(command)?.iter().map(ToString::to_string).collect())
}

fn images(inputs: &[(&str, &str)]) -> Result<Vec<String>, InputError> {
    let variables: Vec<(String, &str)> = inputs
        .iter()
        .map(|(name, value)| (format!("INPUT_{}", name.to_uppercase()), *value))
        .collect();
    let variables: Vec<(&str, &str)> = variables.iter().map(|(k, v)| (k.as_str(), *v)).collect();
    images_of(Command::Sign, &variables)
}

#[track_caller]
fn refused(inputs: &[(&str, &str)], code: &str, parts: &[&str]) {
    let error = images(inputs).expect_err("refused");
    assert_eq!(error.code(), code, "{error}");
    let text = format!("{error}\n{}", error.hint().unwrap_or_default());
    for part in parts {
        assert!(text.contains(part), "{part}: {text}");
    }
}

fn at(repository: &str, digest: &str) -> String {
    format!("{repository}@{digest}")
}

#[test]
fn a_digest_completes_every_image_and_several_names_of_one_are_one() {
    let names = format!("{APP}, {APP}:v1\n{APP}:latest,{APP}@{A}, {DB}:v1@{A}");
    let found = images(&[("images", &names), ("digest", A)]);
    assert_eq!(found.unwrap(), [at(APP, A), at(DB, A)]);
    // and without it a tag stays a tag, to be resolved
    let tag = format!("{APP}:v1");
    assert_eq!(images(&[("images", &tag)]).unwrap(), [tag]);
}

#[test]
fn metadata_of_a_build_names_the_image_once() {
    for text in [BUILD.to_owned(), serde_json::to_string(BUILD).unwrap(), format!("\n {BUILD}")] {
        assert_eq!(images(&[("metadata", &text)]).unwrap(), [at(APP, A)]);
    }
    let found = images(&[("metadata", BUILD), ("digest", A), ("images", APP)]);
    assert_eq!(found.unwrap(), [at(APP, A)]);
}

#[test]
fn metadata_of_bake_names_every_target_and_images_chooses() {
    assert_eq!(images(&[("metadata", BAKE)]).unwrap(), [at(DB, A), at(WEB, B)]);
    for (chosen, expected) in [
        (WEB.to_owned(), vec![at(WEB, B)]),
        (format!("{WEB}:v1"), vec![at(WEB, B)]),
        // pushed without a tag in metadata: the digest of the repository serves
        (format!("{DB}:v7,{WEB}"), vec![at(DB, A), at(WEB, B)]),
        (at(WEB, B), vec![at(WEB, B)]),
    ] {
        assert_eq!(images(&[("metadata", BAKE), ("images", &chosen)]).unwrap(), expected);
    }
    // two targets of one repository, and one of them by its tag
    let two = BAKE.replace("azurecr.io/db\"", "azurecr.io/webapp:v2\"");
    let v2 = format!("{WEB}:v2");
    assert_eq!(images(&[("metadata", &two), ("images", WEB)]).unwrap(), [at(WEB, A), at(WEB, B)]);
    assert_eq!(images(&[("metadata", &two), ("images", &v2)]).unwrap(), [at(WEB, A)]);
}

#[test]
fn the_result_of_az_acr_build_names_its_output_images() {
    assert_eq!(images(&[("metadata", ACR)]).unwrap(), [at(APP, A)]);
    let failed = ACR.replace("\"status\": \"Succeeded\"", "\"status\": \"Failed\"");
    refused(&[("metadata", &failed)], "ci-pushed-malformed", &["\"Failed\""]);
    for none in [
        r#"{"outputImages": null, "status": "Succeeded"}"#,
        r#"{"outputImages": [{"registry": "r.io", "repository": "a", "tag": null, "digest": null}]}"#,
    ] {
        let part = "az acr build --no-logs --output json";
        refused(&[("metadata", none)], "ci-pushed-no-digest", &["`metadata`", part]);
    }
}

#[test]
fn a_digest_without_a_name_needs_images() {
    let nameless = format!(r#"{{"containerimage.digest": "{A}"}}"#);
    refused(&[("metadata", &nameless)], "ci-input-missing", &["`images`", "`metadata`"]);
    refused(&[("digest", A)], "ci-input-missing", &["`images`", "`digest`"]);
    assert_eq!(images(&[("metadata", &nameless), ("images", APP)]).unwrap(), [at(APP, A)]);
    let two = format!(
        r#"{{"a": {{"containerimage.digest": "{A}"}}, "b": {{"containerimage.digest": "{B}"}}}}"#
    );
    refused(&[("metadata", &two), ("images", APP)], "ci-pushed-disagree", &[A, B]);
}

#[test]
fn what_cannot_be_known_names_the_build_steps_outputs() {
    let outputs = ["${{ steps.build.outputs.digest }}", "${{ steps.build.outputs.metadata }}"];
    // an output that is not there is an empty text
    for name in [APP.to_owned(), format!("{APP}@"), format!("{APP}:")] {
        refused(&[("images", &name)], "ci-pushed-no-digest", &[APP, outputs[0], outputs[1]]);
    }
    for unpushed in ["{}", r#"{"app": {"buildx.build.ref": "a/b/c"}}"#] {
        refused(&[("metadata", unpushed)], "ci-pushed-no-digest", &["push: true", outputs[0]]);
    }
    let loaded = r#"{"app": {"image.name": "r.io/app:v1", "containerimage.digest": null}}"#;
    refused(&[("metadata", loaded)], "ci-pushed-no-digest", &["r.io/app:v1"]);
}

#[test]
fn inputs_that_disagree_are_both_named() {
    for (inputs, names) in [
        (vec![("images", at(APP, B)), ("digest", A.to_owned())], ["`images`", "`digest`"]),
        (
            vec![("metadata", BUILD.to_owned()), ("digest", B.to_owned())],
            ["`digest`", "`metadata`"],
        ),
        (vec![("metadata", BUILD.to_owned()), ("images", at(APP, B))], ["`images`", "`metadata`"]),
        (
            vec![("metadata", BUILD.to_owned()), ("images", format!("{APP}:v2"))],
            ["`images`", "`metadata`"],
        ),
        (
            vec![("metadata", BUILD.to_owned()), ("images", DB.to_owned())],
            ["`images`", "`metadata`"],
        ),
        (
            vec![
                ("metadata", BAKE.to_owned()),
                ("images", WEB.to_owned()),
                ("digest", A.to_owned()),
            ],
            ["`digest`", "`metadata`"],
        ),
    ] {
        let inputs: Vec<(&str, &str)> = inputs.iter().map(|(n, v)| (*n, v.as_str())).collect();
        refused(&inputs, "ci-pushed-disagree", &names);
    }
    // one tag for two targets
    let twice = BAKE.replace("azurecr.io/db\"", "azurecr.io/webapp:v1\"");
    let tag = format!("{WEB}:v1");
    refused(&[("metadata", &twice), ("images", &tag)], "ci-pushed-disagree", &[A, B]);
}

#[test]
fn hostile_metadata_is_refused_and_quoted_in_part() {
    let deep = format!("{{\"a\": {}{}}}", "[".repeat(100_000), "]".repeat(100_000));
    let long = format!(
        r#"{{"containerimage.digest": "{A}", "image.name": "r.io/{}"}}"#,
        "A".repeat(100_000)
    );
    let huge = format!("{{\"a\": \"{}\"}}", "b".repeat(METADATA_LIMIT as usize));
    let with = |name: &str| format!(r#"{{"containerimage.digest": "{A}", "image.name": {name}}}"#);
    for (text, code) in [
        ("{\"containerimage.digest\": ", "ci-pushed-malformed"),
        ("[]", "ci-pushed-malformed"),
        ("\"no JSON within\"", "ci-pushed-malformed"),
        (r#"{"containerimage.digest": 7}"#, "ci-pushed-malformed"),
        (r#"{"containerimage.digest": "sha256:../../x"}"#, "ci-pushed-malformed"),
        (r#"{"outputImages": {"digest": "x"}}"#, "ci-pushed-malformed"),
        (&with("[\"r.io/a\"]"), "ci-pushed-malformed"),
        (&with("\"app:v1\""), "ci-pushed-malformed"),
        (&with("\"r.io/a:v1\\n::error::x\""), "ci-pushed-malformed"),
        (&with("\"https://r.io/a:v1\""), "ci-pushed-malformed"),
        (&deep, "ci-pushed-malformed"),
        (&long, "ci-pushed-malformed"),
        (&huge, "ci-pushed-too-large"),
    ] {
        let error = images(&[("metadata", text)]).expect_err(&excerpt(text, 80));
        assert_eq!(error.code(), code, "{error}");
        let shown = error.to_string();
        assert!(shown.len() < 1000 && !shown.contains('\n'), "{shown}");
    }
    let many: Vec<String> = (0..=MOST_IMAGES).map(|n| format!("r.io/a{n}")).collect();
    refused(&[("metadata", &with(&format!("\"{}\"", many.join(","))))], "ci-pushed-too-many", &[]);
    refused(&[("images", APP), ("digest", "latest")], "ci-input-invalid", &["`digest`", "latest"]);
}

#[test]
fn a_path_is_read_when_it_is_a_regular_file_of_some_size() {
    let folder = tempfile::tempdir().unwrap();
    let place = |name: &str| folder.path().join(name).display().to_string();
    std::fs::write(place("build.json"), format!("\u{feff}{BUILD}")).unwrap();
    assert_eq!(images(&[("metadata", &place("build.json"))]).unwrap(), [at(APP, A)]);
    std::fs::write(place("huge"), vec![b' '; METADATA_LIMIT as usize + 1]).unwrap();
    std::fs::write(place("empty"), "").unwrap();
    std::fs::write(place("noise"), [0xff, 0xfe, 0x00]).unwrap();
    std::fs::write(place("text"), "Step 1/3 : FROM alpine").unwrap();
    for (name, code) in [
        ("gone", "ci-pushed-unreadable"),
        (".", "ci-pushed-unreadable"),
        ("empty", "ci-pushed-unreadable"),
        ("noise", "ci-pushed-unreadable"),
        ("huge", "ci-pushed-too-large"),
        ("text", "ci-pushed-malformed"),
    ] {
        refused(&[("metadata", &place(name))], code, &["metadata"]);
    }
    refused(&[("metadata", "/dev/zero")], "ci-pushed-unreadable", &["not a regular file"]);
}

#[test]
fn resource_uris_count_in_azure_pipelines_where_nothing_else_names_images() {
    let uris = format!("https://{APP}@{A},https://{DB}:v1@{B}, ");
    let list = serde_json::to_string(&[format!("https://{APP}@{A}"), format!("https://{DB}@{B}")]);
    let list = list.unwrap();
    let of = |more: &[(&str, &str)]| {
        let mut variables = vec![("RESOURCE_URIS", uris.as_str()), ("TF_BUILD", "True")];
        variables.extend_from_slice(more);
        images_of(Command::Verify, &variables)
    };
    assert_eq!(of(&[]).unwrap(), [at(APP, A), at(DB, B)]);
    assert_eq!(of(&[("RESOURCE_URIS", &list)]).unwrap(), [at(APP, A), at(DB, B)]);
    assert_eq!(of(&[("INPUT_IMAGES", &at(WEB, B))]).unwrap(), [at(WEB, B)]);
    assert_eq!(of(&[("INPUT_METADATA", BUILD)]).unwrap(), [at(APP, A)]);
    assert_eq!(of(&[("INPUT_DIGEST", A)]).unwrap_err().code(), "ci-pushed-disagree");
    // elsewhere the variable is nobody's
    assert_eq!(of(&[("TF_BUILD", "")]).unwrap(), [""; 0]);
    for (text, code) in [
        ("nonsense", "ci-pushed-malformed"),
        ("[1]", "ci-pushed-malformed"),
        ("http://r.io/app@sha256:0", "ci-pushed-malformed"),
        ("https://r.io/app:v1", "ci-pushed-no-digest"),
        ("https://r.io/app@sha256:", "ci-pushed-malformed"),
    ] {
        let error = of(&[("RESOURCE_URIS", text)]).unwrap_err();
        assert_eq!(
            (error.code(), error.to_string().contains("RESOURCE_URIS")),
            (code, true),
            "{error}"
        );
    }
}

#[test]
fn a_command_without_images_asks_nothing_of_them() {
    let variables = [
        ("INPUT_COMMAND", "login"),
        ("INPUT_IMAGES", APP),
        ("INPUT_METADATA", "not-built-yet.json"),
        ("RESOURCE_URIS", "nonsense"),
        ("TF_BUILD", "True"),
    ];
    for command in [Command::Login, Command::Setup] {
        assert_eq!(images_of(command, &variables).unwrap(), [""; 0]);
    }
}
