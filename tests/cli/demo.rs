//! `demo`: the article from beginning to end, and nothing left behind.

use std::io::Cursor;
use std::path::Path;

use sealwright::cli::{Streams, run_at};
use sealwright::env::Env;

use super::program::{NOW, Sink, hurried};

/// A step as the demo shows it.
struct Step {
    /// `verify $IMAGE`, without what names the lab's hosts.
    command: String,
    printed: String,
    /// The titles and remarks above it.
    above: String,
}

/// The demo on a clock that stands still.
async fn steps() -> Vec<Step> {
    let (stdout, stderr) = (Sink::default(), Sink::default());
    let streams = Streams::piped(Cursor::new(Vec::new()), stdout.clone(), stderr.clone());
    let code = run_at(vec!["demo".to_owned()], Env::default(), streams, hurried(NOW)).await;
    let text = stdout.text();
    assert_eq!((code, stderr.text().as_str()), (0, ""), "{text}");
    let mut steps: Vec<Step> = Vec::new();
    let (mut above, mut printing) = (String::new(), false);
    for line in text.lines() {
        let command = line.strip_prefix("$ sealwright ");
        printing &= !line.is_empty();
        match (command, printing, steps.last_mut()) {
            (Some(command), ..) => {
                let command = command.trim_end_matches(" --azure-extra-hosts $LAB").to_owned();
                let above = std::mem::take(&mut above);
                steps.push(Step { command, printed: String::new(), above });
                printing = true;
            }
            (None, true, Some(step)) => step.printed += &format!("{line}\n"),
            _ => above += &format!("{line}\n"),
        }
    }
    assert!(above.contains("Nothing is left behind."), "{above}");
    steps
}

#[tokio::test(flavor = "multi_thread")]
async fn each_step_of_the_article_is_shown_with_what_it_prints() {
    let steps = steps().await;
    let find = |command: &str| steps.iter().find(|step| step.command == command).unwrap();
    let sign = find("sign --signature-format cose $IMAGE --id $KEY_ID --plugin azure-kv");
    assert!(sign.printed.starts_with("Successfully signed 127.0.0.1:"), "{}", sign.printed);
    assert!(find("ls $IMAGE").printed.contains("application/vnd.cncf.notary.signature"));
    assert!(find("cert ls").printed.contains("root.crt"));
    assert!(find("policy show").printed.contains(r#""trustStores": [ "ca:wabbit-networks.io" ]"#));
    assert!(find("verify $IMAGE").printed.contains("Successfully verified signature for"));
    assert!(find("verify $UNSIGNED").printed.contains("no signature is associated with"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_timestamp_outlives_the_certificate_that_expires_on_the_way() {
    let steps = steps().await;
    let end = steps.iter().position(|step| step.above.contains("91 days later")).unwrap();
    assert!(steps[end].above.contains("2026-08-31"), "{}", steps[end].above);
    let (before, after) = steps.split_at(end);
    // command, and whether the signature is good under the policy imported last
    let verdicts = |steps: &[Step]| -> Vec<(String, bool)> {
        let told = steps.iter().filter_map(|step| {
            let good = step.printed.starts_with("Successfully verified");
            let subject = step.command.strip_prefix("verify ")?;
            if !good && subject == "$IMAGE" {
                let why = "no timestamp countersignature was found in the signature envelope";
                assert!(step.printed.contains(why), "{}", step.printed);
            }
            Some((subject.to_owned(), good))
        });
        told.collect()
    };
    let told = |pairs: &[(&str, bool)]| -> Vec<(String, bool)> {
        pairs.iter().map(|(subject, good)| ((*subject).to_owned(), *good)).collect()
    };
    assert_eq!(
        verdicts(before),
        told(&[
            ("$IMAGE", true),
            ("$UNSIGNED", false),
            ("$STAMPED", true),
            ("$IMAGE", false), // always
            ("$IMAGE", true),  // afterCertExpiry
        ])
    );
    assert_eq!(verdicts(after), told(&[("$IMAGE", false), ("$STAMPED", true), ("$STAMPED", true)]));
    let stamped = steps.iter().filter(|step| step.command.contains("--timestamp-url $TSA"));
    assert_eq!(stamped.count(), 1);
    let rules = ["./always.json", "./after-expiry.json", "./always.json"];
    let imported = steps.iter().filter_map(|s| s.command.strip_prefix("policy import --force "));
    assert_eq!(imported.collect::<Vec<_>>(), rules);
}

#[test]
fn nothing_is_left_on_the_disk() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let output = std::process::Command::new(env!("CARGO_BIN_EXE_sealwright"))
        .arg("demo")
        .current_dir(folder.path())
        .env_clear()
        .envs(["TMPDIR", "TMP", "TEMP", "HOME"].map(|name| (name, folder.path())))
        .output()
        .expect("the program starts");
    assert!(output.status.success(), "{output:?}");
    let text = String::from_utf8(output.stdout).expect("text");
    let root = Path::new(folder.path()).join("sealwright-demo-");
    assert!(text.contains(root.to_str().expect("text")), "it works in a folder there: {text}");
    let left: Vec<_> = std::fs::read_dir(folder.path()).expect("there").collect();
    assert!(left.is_empty(), "{left:?}");
}
