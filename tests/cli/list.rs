//! `list`

use insta::assert_snapshot;
use sealwright::lab::LabOptions;

use super::world::World;

#[tokio::test(flavor = "multi_thread")]
async fn signatures_are_a_tree() {
    let mut world = World::start(LabOptions::default()).await;
    assert_snapshot!(world.run("list $IMAGE"), @r"
    [stdout]
    localhost:5000/net-monitor@sha256:<image> has no associated signature
    [exit] 0
    ");
    world.sign("", "first");
    world.sign("--signature-format cose", "second");
    assert_snapshot!(world.run("list $IMAGE"), @r"
    [stdout]
    localhost:5000/net-monitor@sha256:<image>
    └── application/vnd.cncf.notary.signature
        ├── sha256:<first>
        └── sha256:<second>
    [exit] 0
    ");
    assert_snapshot!(world.run("ls $TAGGED"), @r"
    [stdout]
    localhost:5000/net-monitor@sha256:<image>
    └── application/vnd.cncf.notary.signature
        ├── sha256:<first>
        └── sha256:<second>
    [stderr]
    Warning: Always list the artifact using digest(@sha256:...) rather than a tag(:v1) because resolved digest may not point to the same signed artifact, as tags are mutable.
    [exit] 0
    ");
    assert_snapshot!(world.run("list --max-signatures 1 $IMAGE"), @r"
    [stdout]
    localhost:5000/net-monitor@sha256:<image>
    └── application/vnd.cncf.notary.signature
        └── sha256:<first>
    Warning: exceeded configured limit of max signatures 1 to examine
    [exit] 0
    ");
    assert_snapshot!(world.run("list -o json --max-signatures 1 $IMAGE"), @r#"
    [stdout]
    {
        "image": "localhost:5000/net-monitor@sha256:<image>",
        "signatures": [
            "sha256:<first>"
        ],
        "complete": false
    }
    [exit] 0
    "#);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_artifact_that_is_not_there_is_named() {
    let world = World::start(LabOptions::default()).await;
    assert_snapshot!(world.run("list $REGISTRY/nothing:v1"), @r"
    [stderr]
    Error: failed to get manifest descriptor: localhost:5000/nothing:v1: not found
    hint: push it first: docker push localhost:5000/nothing:v1
    [exit] 1
    ");
}
