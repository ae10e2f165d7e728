//! Helpers as real processes: what they see, what they may answer, and how long they may take.

use time::OffsetDateTime;

use super::*;
use crate::clock::{ManualClock, SystemClock};
use crate::fault::Fault as _;

const FIXTURES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/bin");

fn env(mode: &str) -> Env {
    Env::default()
        .with("PATH", &format!("relative:{FIXTURES}:/usr/bin:/bin"))
        .with("FAKE_HELPER_MODE", mode)
}

fn server() -> ServerAddress {
    ServerAddress::of("a.io").expect("a host")
}

async fn asked(env: &Env, request: HelperRequest<'_>) -> Result<Secret, HelperError> {
    let helper = ProcessHelper::new(env, Arc::new(SystemClock::new()));
    helper.run(&HelperName::parse("fake").expect("a name"), request).await
}

async fn failure(mode: &str) -> HelperError {
    let secret = Secret::new("s3cret\"x");
    let request = HelperRequest::Store { server: &server(), username: "u", secret: &secret };
    asked(&env(mode), request).await.expect_err(mode)
}

#[test]
fn helper_names_hold_no_path_or_option() {
    for name in ["", "a b", "../x", "a/b", "a\\b", "é", "a\n"] {
        let error = HelperName::parse(name).expect_err(name);
        assert_eq!(error.code(), "credentials-helper-name");
    }
    assert_eq!(
        HelperName::parse("ecr-login.exe").expect("a name").program(),
        "docker-credential-ecr-login.exe"
    );
}

#[tokio::test]
async fn a_helper_sees_the_environment_without_this_programs_settings() {
    let env = env("environment")
        .with("NOTATION_PASSWORD", "s3cret")
        .with("NOTATION_USERNAME", "u")
        .with("INPUT_REGISTRY-PASSWORD", "s3cret")
        .with("GNUPGHOME", "/g");
    let seen = asked(&env, HelperRequest::Get { server: &server() }).await.expect("printed");
    assert!(seen.expose().contains("GNUPGHOME=/g"));
    for own in ["NOTATION_", "INPUT_", "s3cret"] {
        assert!(!seen.expose().contains(own), "{own}");
    }
}

#[tokio::test]
async fn a_helper_that_is_not_on_the_path_is_named() {
    let nowhere = Env::default().with("PATH", "relative:/nonexistent");
    for env in [Env::default(), nowhere] {
        let error = asked(&env, HelperRequest::Get { server: &server() }).await.expect_err("none");
        assert_eq!(error, HelperError::NotFound { helper: "docker-credential-fake".into() });
        assert_eq!(error.code(), "credentials-helper-missing");
        assert!(error.hint().is_some());
    }
}

#[tokio::test]
async fn a_helper_that_hangs_is_ended() {
    let clock = Arc::new(ManualClock::at(OffsetDateTime::UNIX_EPOCH));
    let helper = ProcessHelper::new(&env("hang"), clock);
    let name = HelperName::parse("fake").expect("a name");
    let error = helper.run(&name, HelperRequest::Get { server: &server() }).await;
    let error = error.expect_err("too slow");
    assert_eq!(error.code(), "credentials-helper-timeout");
    assert_eq!(error.to_string(), "`docker-credential-fake get` did not answer within 30 seconds");
}

#[tokio::test]
async fn an_endless_answer_is_cut_off() {
    let error = failure("flood").await;
    assert_eq!(error.code(), "credentials-helper-too-large");
}

#[tokio::test]
async fn a_failing_helpers_own_words_are_the_reason() {
    for (mode, text) in [
        ("locked", "`docker-credential-fake store` failed: the keychain is locked"),
        ("complain", "`docker-credential-fake store` failed: cannot open the display"),
        ("silent", "`docker-credential-fake store` failed: exit status: 3"),
    ] {
        let error = failure(mode).await;
        assert_eq!(error.code(), "credentials-helper-failed");
        assert_eq!(error.to_string(), text);
    }
}

#[tokio::test]
async fn a_helper_that_repeats_its_input_shows_no_secret() {
    let error = failure("parrot").await;
    assert_eq!(error.code(), "credentials-helper-failed");
    assert!(!error.to_string().contains("s3cret"), "{error}");
}

#[tokio::test]
async fn a_helper_that_fails_after_its_answer_shows_no_secret() {
    let request = HelperRequest::Get { server: &server() };
    let error = asked(&env("answer-then-fail"), request).await.expect_err("failed");
    assert_eq!(error.to_string(), "`docker-credential-fake get` failed: exit status: 1");
}

#[tokio::test]
async fn an_answer_that_is_not_text_is_refused() {
    let error = failure("binary").await;
    assert_eq!(error.code(), "credentials-helper-answer");
}
