//! A signature that names a verification plugin, verified by the step.

use serde_json::json;

use crate::plugin_key::{commands, job_with};

#[test]
fn the_plugin_has_its_say_in_report_and_summary() {
    let job = job_with(json!({
        "capabilities": "ENVELOPE,IDENTITY",
        "critical": "io.cncf.notary.verificationPlugin=tester",
    }));
    let Some(job) = job else { return };
    let image = job.image();
    job.uses(&[("key", "viaplugin"), ("images", &image)]).done().succeeded();
    job.trust();
    commands(&job);
    let done = job.verifies(&[]).done().succeeded();
    assert_eq!(commands(&job), ["get-plugin-metadata", "verify-signature"]);
    assert_eq!(
        done.report()["images"][0]["signatures"][0]["plugin"],
        json!({
            "name": "tester",
            "version": "1.0.0",
            "decided": ["SIGNATURE_VERIFIER.TRUSTED_IDENTITY"],
        })
    );
    assert!(done.summary.contains(", plugin `tester 1.0.0`"), "{}", done.summary);
}
