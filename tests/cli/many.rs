//! `sign` and `verify` of several references, and `sign --skip-signed`

use insta::assert_snapshot;
use sealwright::lab::{Fault, Lab, LabOptions, Role, Route};

use super::world::World;

/// Twenty images by digest, one per line, the thirteenth of which nobody pushed.
fn twenty(lab: &Lab) -> Vec<String> {
    (0..20)
        .map(|number| {
            let name = format!("app-{number:02}");
            let digest = match number {
                12 => format!("sha256:{}", "0".repeat(64)),
                _ => lab.push_image(&name, "v1").expect("stored"),
            };
            format!("{}/{name}@{digest}", lab.registry_host())
        })
        .collect()
}

fn signatures(world: &World, image: &str) -> usize {
    let (name, digest) = image.split_once('@').expect("by digest");
    let (_, repository) = name.split_once('/').expect("a repository");
    world.lab.referrers(repository, digest).len()
}

/// Columns of one width, since ports have four digits or five.
pub fn narrow(shown: &str) -> String {
    let words =
        |line: &str| line.replace('·', " ").split_whitespace().collect::<Vec<_>>().join(" ");
    shown.lines().map(words).collect::<Vec<_>>().join("\n")
}

/// The signatures of the one image.
fn of_the_image(world: &World) -> usize {
    signatures(world, &world.image)
}

#[tokio::test(flavor = "multi_thread")]
async fn one_failing_image_of_twenty_is_one_failure_and_all_come_in_order() {
    let world = World::start(LabOptions::default()).await;
    let images = twenty(&world.lab);
    let list = format!("# the release\n\n  {}\r\n", images.join("\n"));
    world.home.write("images.txt", list);
    let shown = world.run("sign --file $HOME/images.txt --concurrency 7");
    assert!(shown.ends_with("Error: 1 of 20 failed\n[exit] 1"), "{shown}");
    let signed: Vec<&str> =
        shown.lines().filter_map(|l| l.strip_prefix("Successfully signed ")).collect();
    let names = images.iter().map(|i| i.replace(world.lab.registry_host(), "localhost:5000"));
    let mut expected: Vec<String> = names.collect();
    let table: Vec<&str> = shown
        .lines()
        .skip_while(|l| !l.starts_with("REFERENCE "))
        .skip(1)
        .take_while(|l| !l.starts_with("[stderr]"))
        .collect();
    assert_eq!(table.len(), 20, "{shown}");
    for (row, image) in table.iter().zip(&expected) {
        let word = if image.contains("app-12@") { "failed" } else { "signed" };
        assert!(row.starts_with(&format!("{image}   {word}   ")), "{row}");
    }
    assert!(table[12].contains("registry-not-found: "), "{}", table[12]);
    expected.remove(12);
    assert_eq!(signed, expected);
    assert_eq!(shown.matches("Error: ").count(), 2, "{shown}");
    for (number, image) in images.iter().enumerate() {
        assert_eq!(signatures(&world, image), usize::from(number != 12), "{image}");
    }

    let shown = world.run("verify --file images.txt");
    assert_eq!(shown.matches("Successfully verified signature for ").count(), 19, "{shown}");
    assert!(shown.ends_with("Error: 1 of 20 failed\n[exit] 1"), "{shown}");

    // once more: nothing is added
    let shown = world.run("sign --skip-signed --file images.txt");
    assert_eq!(shown.matches("Already signed ").count(), 19, "{shown}");
    assert!(images.iter().all(|image| signatures(&world, image) <= 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn several_references_are_the_lines_of_each_and_a_table() {
    let mut world = World::start(LabOptions::default()).await;
    world.sign("", "signature");
    assert_snapshot!(narrow(&world.run("verify $IMAGE $TAGGED $IMAGE no-reference")), @r#"
    [stdout]
    Successfully verified signature for localhost:5000/net-monitor@sha256:<image>

    REFERENCE OUTCOME DETAIL
    localhost:5000/net-monitor@sha256:<image> verified signature sha256:<signature>
    no-reference failed registry-reference: "no-reference": invalid reference: missing registry or repository. Expecting <registry>/<repository>…
    [stderr]
    Warning: localhost:5000/net-monitor:v1 is a tag; it is localhost:5000/net-monitor@sha256:<image> now. Give the digest instead, since tags can be moved to another image
    Error: "no-reference": invalid reference: missing registry or repository. Expecting <registry>/<repository>:<tag> or <registry>/<repository>@<digest>
    Error: 1 of 2 failed
    [exit] 1
    "#);
    // a second mention is no second image
    let (one, twice) = (world.run("verify $IMAGE"), world.run("verify $IMAGE $IMAGE"));
    assert_eq!(one, twice);
}

#[tokio::test(flavor = "multi_thread")]
async fn json_of_several_is_the_report_of_a_step() {
    let world = World::start(LabOptions::default()).await;
    let shown = world.run("sign --output json $IMAGE nonsense");
    let json = shown.strip_prefix("[stdout]\n").and_then(|s| s.split_once("\n[stderr]\n"));
    let report: serde_json::Value = serde_json::from_str(json.expect("a document").0).unwrap();
    assert_eq!((&report["version"], &report["command"]), (&1.into(), &"sign".into()));
    assert_eq!(report["outcome"], "failed");
    assert_eq!(report["images"][0]["outcome"], "signed");
    assert_eq!(report["images"][1]["image"], "nonsense");
    assert_eq!(report["images"][1]["error"]["code"], "registry-reference");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tag_and_its_digest_are_one_image_and_the_tag_is_asked_for_once() {
    let world = World::start(LabOptions::default()).await;
    let gone = world.image.split('@').next().unwrap().to_owned() + ":gone";
    world.lab.control().forget();
    let shown = world.run(&format!("sign --output json $TAGGED {gone} $IMAGE"));
    assert_eq!(of_the_image(&world), 1);
    let asked = world.lab.control().requests();
    let asked = asked.iter().filter(|e| e.method == "GET" && e.path.contains("/manifests/"));
    let asked: Vec<&str> = asked.filter_map(|e| e.path.rsplit('/').next()).collect();
    let digest = world.image.split('@').nth(1).unwrap();
    assert_eq!(asked.iter().filter(|version| **version == "v1").count(), 1, "{asked:?}");
    assert!(!asked.contains(&digest), "{asked:?}");
    let json = shown.strip_prefix("[stdout]\n").and_then(|s| s.split_once("\n[stderr]\n"));
    let report: serde_json::Value = serde_json::from_str(json.expect("a document").0).unwrap();
    assert_eq!(report["images"][0]["tags"], serde_json::json!(["localhost:5000/net-monitor:v1"]));
    assert_eq!(report["images"][1]["error"]["code"], "registry-not-found");
    assert_eq!(report["images"].as_array().map(Vec::len), Some(2));
    assert!(shown.contains("failed to get manifest descriptor: "), "{shown}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_list_may_be_the_standard_input() {
    let world = World::start(LabOptions::default()).await;
    let stdin = format!("# one\n{}\n", world.image);
    let shown =
        tokio::task::block_in_place(|| world.home.run_with("sign --file - --skip-signed", &stdin));
    assert!(shown.contains("REFERENCE ") && shown.ends_with("[exit] 0"), "{shown}");
    assert_eq!(of_the_image(&world), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_image_that_is_signed_already_is_left_alone() {
    let world = World::start(LabOptions::default()).await;
    world.run("sign --skip-signed $IMAGE");
    assert_eq!(of_the_image(&world), 1);
    for image in ["$IMAGE", "--signature-format cose $TAGGED"] {
        let shown = world.run(&format!("sign --skip-signed {image}"));
        assert!(
            shown.starts_with(
                "[stdout]\nAlready signed localhost:5000/net-monitor@sha256:<image>\n"
            ),
            "{shown}"
        );
        assert!(shown.ends_with("[exit] 0"), "{shown}");
    }
    assert_eq!(of_the_image(&world), 1);
    // without the flag it is signed again
    world.run("sign $IMAGE");
    assert_eq!(of_the_image(&world), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_signature_of_another_certificate_does_not_count() {
    let world = World::start(LabOptions::default()).await;
    world.run("sign $IMAGE");
    assert!(world.run("cert generate-test other").ends_with("[exit] 0"));
    let shown = world.run("sign --skip-signed --key other $IMAGE");
    assert!(shown.contains("Successfully signed "), "{shown}");
    assert_eq!(of_the_image(&world), 2);
    let shown = world.run("sign --skip-signed --key other $IMAGE");
    assert!(shown.contains("Already signed "), "{shown}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_signature_that_expires_soon_is_renewed() {
    let world = World::start(LabOptions::default()).await;
    world.run("sign -e 1h $IMAGE");
    let shown = world.run("sign -e 24h --skip-signed --renew-before 30m $IMAGE");
    assert!(shown.contains("Already signed "), "{shown}");
    let shown = world.run("sign -e 24h --skip-signed --renew-before 2h $IMAGE");
    assert!(shown.contains("Successfully signed "), "{shown}");
    assert!(shown.starts_with("[stdout]\nSigning again: the signature sha256:"), "{shown}");
    assert!(shown.contains(" expires on "), "{shown}");
    let shown = world.run("sign -e 24h --skip-signed --renew-before 2h $IMAGE");
    assert!(shown.contains("Already signed "), "{shown}");
    assert_eq!(of_the_image(&world), 2);
    // longer than time lasts: only a signature that never ends is enough
    let shown = world.run("sign --skip-signed --renew-before 2540000h $IMAGE");
    assert!(shown.contains("Successfully signed "), "{shown}");
    let shown = world.run("sign --skip-signed --renew-before 2540000h $IMAGE");
    assert!(shown.contains("Already signed "), "{shown}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_signature_without_the_metadata_asked_for_does_not_count() {
    let world = World::start(LabOptions::default()).await;
    world.run("sign -m build=7 $IMAGE");
    assert!(world.run("sign --skip-signed $IMAGE").contains("Already signed "));
    assert!(world.run("sign --skip-signed -m build=7 $IMAGE").contains("Already signed "));
    let shown = world.run("sign --skip-signed -m build=8 $IMAGE");
    assert!(shown.contains(" lacks the user metadata asked for\nSuccessfully signed "), "{shown}");
    assert_eq!(of_the_image(&world), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn signatures_that_cannot_be_listed_or_fetched_do_not_pass_for_good_ones() {
    let world = World::start(LabOptions::default()).await;
    world.run("sign $IMAGE");
    let referrers = Route::on(Role::Registry).path("/referrers/");
    world.lab.control().fault(referrers, Fault::Status(403, Vec::new()), 1);
    let shown = world.run("sign --skip-signed $IMAGE");
    assert!(shown.contains("Error: failed to list signatures: "), "{shown}");
    assert_eq!(of_the_image(&world), 1);
    let blobs = Route::on(Role::Registry).method("GET").path("/blobs/");
    world.lab.control().fault(blobs, Fault::Status(404, Vec::new()), 1);
    let shown = world.run("sign --skip-signed $IMAGE");
    assert!(shown.contains("Successfully signed "), "{shown}");
}

#[tokio::test(flavor = "multi_thread")]
async fn lists_limits_and_flags_are_checked_before_anything_is_asked() {
    let world = World::start(LabOptions::default()).await;
    world.home.write("empty", "# nothing\n\n");
    world.home.write("large", vec![b'#'; 1024 * 1024 + 1]);
    let lines: Vec<String> = (0..10_001).map(|n| format!("r.io/a:v{n}")).collect();
    world.home.write("long", lines.join("\n"));
    for (line, expected) in [
        ("sign --file empty", "Error: the list empty names no reference"),
        ("verify --file large", "Error: the list large is larger than 1048576 bytes"),
        ("verify --file long", "Error: the list long names more than 10000 references"),
        ("sign --file gone", "Error: open gone: no such file or directory"),
        (
            "verify --concurrency 0 $IMAGE",
            "Error: concurrency value 0 must be a number from 1 to 64",
        ),
        (
            "sign --concurrency 65 $IMAGE $TAGGED",
            "Error: concurrency value 65 must be a number from 1 to 64",
        ),
        (
            "sign --renew-before 1h $IMAGE",
            "Error: --renew-before says when --skip-signed signs again; give both",
        ),
        (
            "sign --skip-signed --renew-before -1h $IMAGE",
            "Error: renew-before must be a duration that is not negative",
        ),
    ] {
        assert_eq!(world.run(line), format!("[stderr]\n{expected}\n[exit] 1"), "{line}");
    }
    assert_eq!(of_the_image(&world), 0);
}
