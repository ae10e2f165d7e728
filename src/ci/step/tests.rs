//! Which inputs make a step, and what is said of those that do not.

use super::*;
use crate::ci::draft::{Draft, InputError};
use crate::env::Env;
use crate::fault::Fault;

const DIGEST: &str = "sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";

fn step(pairs: &[(&str, &str)]) -> Result<Step, InputError> {
    let env: Env = pairs
        .iter()
        .map(|(k, v)| (format!("INPUT_{}", k.to_uppercase()), (*v).to_owned()))
        .collect();
    Draft::from_env(&env).0.validate()
}

fn image() -> String {
    format!("r.azurecr.io/app@{DIGEST}")
}

#[test]
fn signing_needs_an_image_and_a_key() {
    let error = step(&[("key", "k")]).unwrap_err();
    assert_eq!((error.code(), error.to_string().contains("`images`")), ("ci-input-missing", true));
    let error = step(&[("images", &image())]).unwrap_err();
    assert!(error.to_string().starts_with("input `key` is missing"), "{error}");
    let step = step(&[("images", &image()), ("key", "https://v.vault.azure.net/keys/k")]);
    let step = step.unwrap();
    assert_eq!(step.command, Command::Sign);
    assert_eq!(step.format, Format::Cose);
    assert_eq!(step.mode, ReferrersMode::ForceTag);
    assert_eq!(step.timeout, Duration::from_secs(600));
    assert!(!step.dry_run);
}

#[test]
fn login_needs_a_registry_and_setup_nothing() {
    let error = step(&[("command", "login")]).unwrap_err();
    assert!(error.to_string().contains("`registry`"));
    assert!(step(&[("command", "setup")]).unwrap().trust.is_empty());
}

#[test]
fn values_out_of_shape_name_input_value_and_expectation() {
    let image = image();
    let base = [("images", image.as_str()), ("key", "k")];
    for (name, value, part) in [
        ("command", "publish", "`sign`, `verify`, `login`, `setup` or `doctor`"),
        ("signature-format", "pgp", "`jws` or `cose`"),
        ("expiry", "1d", "unknown unit"),
        ("timeout", "-1s", "more than none"),
        ("timeout", "0s", "more than none"),
        ("expiry", "1500ms", "whole seconds"),
        ("images", "app:v1", "`<registry>/<repository>@<digest>`"),
        ("force-referrers-tag", "maybe", "`true` or `false`"),
    ] {
        let mut pairs = base.to_vec();
        pairs.push((name, value));
        let error = step(&pairs).unwrap_err();
        assert_eq!(error.code(), "ci-input-invalid", "{name}");
        let text = error.to_string();
        assert!(text.contains(name) && text.contains(value) && text.contains(part), "{text}");
    }
}

#[test]
fn two_names_for_one_thing_are_refused() {
    let image = image();
    for pairs in [
        [("images", image.as_str()), ("key", "k"), ("vault", "v"), ("certificate", "c")],
        [("images", image.as_str()), ("key", "k"), ("self-signed", "true"), ("ca-certs", "f")],
    ] {
        assert_eq!(step(&pairs).unwrap_err().code(), "ci-input-together");
    }
    let error = step(&[("images", &image), ("vault", "v")]).unwrap_err();
    assert!(error.to_string().contains("`certificate`"));
    let error = step(&[("images", &image), ("key", "k"), ("registry-username", "u")]);
    assert!(error.unwrap_err().to_string().contains("`registry-password`"));
}
