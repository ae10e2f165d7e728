//! `command: verify`

use crate::job::Job;

#[test]
fn policy_and_store_of_the_checkout_verify_what_was_signed() {
    let job = Job::start();
    job.trust();
    let signed = job.signs(&[]).done().succeeded();
    let done = job.verifies(&[]).done().succeeded();
    assert_eq!(done.output("outcome"), "verified");
    assert_eq!(done.output("signature"), signed.output("signature"));
    assert!(done.summary.contains("Verified 1 image"), "{}", done.summary);
}

#[test]
fn an_image_without_a_signature_fails_the_task_and_not_the_agent() {
    let job = Job::start();
    job.trust();
    let done = job.verifies(&[]).done().failed();
    assert_eq!(done.output("digest"), job.digest);
    assert_eq!(done.output("signature"), "");
    assert!(done.errors[0].contains("no signature is associated with"), "{:?}", done.errors);
    assert!(done.errors[0].contains("\nhint: sign it first: "), "{:?}", done.errors);
    assert!(done.summary.contains("1 of 1 not verified"), "{}", done.summary);
}
