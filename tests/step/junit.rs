//! `junit: …`

use crate::job::Job;

const PATH: &str = "test-results/sealwright.xml";

fn xml(job: &Job) -> String {
    std::fs::read_to_string(job.runner.folder().join("work").join(PATH)).expect("written")
}

#[test]
fn images_are_test_cases() {
    let job = Job::start();
    let missing = job.named(&format!("gone@sha256:{}", "0".repeat(64)));
    let images = format!("{missing}\n{}", job.image());
    let inputs = [("images", images.as_str()), ("key", &job.issued.key_id), ("junit", PATH)];
    job.uses(&inputs).done().failed();
    let xml = xml(&job);
    let suite =
        r#"<testsuite name="sealwright sign" tests="2" failures="1" errors="0" skipped="0">"#;
    assert!(xml.contains(suite), "{xml}");
    let failed =
        format!("<testcase name=\"{missing}\" classname=\"sealwright.sign\">\n      <failure");
    assert!(xml.contains(&failed), "{xml}");
    assert!(xml.contains("type=\"registry-not-found\"") && xml.contains("\nhint: "), "{xml}");
    assert!(xml.contains(&format!("<testcase name=\"{}\"", job.image())), "{xml}");
}

#[test]
fn a_step_that_cannot_begin_is_a_failed_test_case() {
    let job = Job::start();
    // the path may stand in the configuration file
    let config = job.runner.write("sealwright.yml", format!("junit: {PATH}\nexpiry: 1d\n"));
    let image = job.image();
    let inputs = [("images", image.as_str()), ("key", "k"), ("config", config.as_str())];
    job.uses(&inputs).done().failed();
    let xml = xml(&job);
    assert!(xml.contains("type=\"ci-input-invalid\">input `expiry`"), "{xml}");
    // and an input that is refused may stand in the step
    job.uses(&[("junit", PATH), ("command", "publish")]).done().failed();
    assert!(self::xml(&job).contains("<testcase name=\"sealwright run\""));
}

#[test]
fn a_policy_that_skips_is_a_skipped_test_case() {
    let job = Job::start();
    job.trust_at("skip");
    let image = job.image();
    let inputs = [
        ("command", "verify"),
        ("images", image.as_str()),
        ("trust-policy", "trust/trustpolicy.json"),
        ("junit", PATH),
    ];
    job.uses(&inputs).done().succeeded();
    assert!(xml(&job).contains("<skipped message=\"skipped\"/>"), "{}", xml(&job));
}

#[test]
fn a_path_that_cannot_be_written_fails_the_step_after_its_work() {
    let job = Job::start();
    let file = job.runner.write("file", "");
    let done = job.signs(&[("junit", &format!("{file}/out.xml"))]).done();
    assert_eq!(done.status, 1, "{}", done.log());
    assert_eq!(done.output("outcome"), "signed");
    assert!(done.commands("error")[0].contains("cannot write the report file/out.xml"));
    assert_eq!(job.signatures(), 1);
}
