//! Many images, and a step that runs again.

use sealwright::lab::IssueRequest;

use crate::job::Job;

#[test]
fn one_failing_image_of_twenty_is_one_failure_and_a_re_run_adds_nothing() {
    let job = Job::start();
    let mut images: Vec<String> = Vec::new();
    let mut digests = Vec::new();
    for number in 0..20 {
        let name = format!("app-{number:02}");
        let digest = match number {
            12 => format!("sha256:{}", "0".repeat(64)),
            _ => job.lab.push_image(&name, "v1").unwrap(),
        };
        images.push(job.named(&format!("{name}@{digest}")));
        digests.push((name, digest));
    }
    let text = images.join("\n");
    let inputs = [("images", text.as_str()), ("key", &job.issued.key_id), ("concurrency", "6")];
    let first = job.uses(&inputs).done().failed();
    let again = job.uses(&inputs).done().failed();
    let (first, again) = (first.report(), again.report());
    for (number, image) in images.iter().enumerate() {
        let (before, after) = (&first["images"][number], &again["images"][number]);
        assert_eq!(before["image"], image.as_str());
        assert_eq!(after["image"], image.as_str());
        let expected = if number == 12 { ("failed", "failed") } else { ("signed", "skipped") };
        assert_eq!(
            (&before["outcome"], &after["outcome"]),
            (&expected.0.into(), &expected.1.into())
        );
        // the signature found is the one that was made
        assert_eq!(before["signature"], after["signature"]);
        let (name, digest) = &digests[number];
        assert_eq!(job.lab.referrers(name, digest).len(), usize::from(number != 12));
    }
}

#[test]
fn a_re_run_is_skipped_and_its_outputs_are_those_of_the_signature_found() {
    let job = Job::start();
    let first = job.signs(&[]).done().succeeded();
    let again = job.signs(&[]).done().succeeded();
    assert_eq!(job.signatures(), 1);
    assert_eq!(again.output("outcome"), "skipped");
    for name in ["image", "digest", "signature"] {
        assert_eq!(again.output(name), first.output(name), "{name}");
    }
    assert!(again.stdout.contains(&format!("Already signed {}\n", job.image())), "{}", again.log());
    assert!(again.summary.starts_with("## ⚪ 1 image signed already\n"), "{}", again.summary);
    let signed = job.signs(&[("skip-signed", "false")]).done().succeeded();
    assert_eq!(signed.output("outcome"), "signed");
    assert_eq!(job.signatures(), 2);
}

#[test]
fn the_signature_of_another_certificate_does_not_count() {
    let job = Job::start();
    job.signs(&[]).done().succeeded();
    let other = job.lab.issue(&IssueRequest::named("other")).unwrap();
    let image = job.image();
    let inputs = [("images", image.as_str()), ("key", &other.key_id)];
    assert_eq!(job.uses(&inputs).done().succeeded().output("outcome"), "signed");
    assert_eq!(job.uses(&inputs).done().succeeded().output("outcome"), "skipped");
    assert_eq!(job.signatures(), 2);
}
