//! Names of inputs, host by host.

use super::*;
use crate::fault::Fault as _;

fn env(pairs: &[(&str, &str)]) -> Env {
    pairs.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect()
}

fn on_agent(pairs: &[(&str, &str)]) -> (Draft, Vec<Remark>) {
    let roots = [("SYSTEM_DEFAULTWORKINGDIRECTORY", "/agent/1/s"), ("BUILD_SOURCESDIRECTORY", "")];
    Draft::from_env(&env(&[&[("TF_BUILD", "True")], &roots[..], pairs].concat()))
}

fn texts(remarks: &[Remark]) -> Vec<&str> {
    remarks.iter().map(|remark| remark.text.as_str()).collect()
}

#[test]
fn hyphens_stay_in_variable_names_and_blank_values_are_absent() {
    let (draft, remarks) = Draft::from_env(&env(&[
        ("INPUT_TRUST-POLICY", " policy.json "),
        ("INPUT_KEY", "  "),
        ("INPUT_EXPIRY", ""),
    ]));
    assert_eq!(draft.given("trust-policy"), Some("policy.json"));
    assert_eq!(draft.given("key"), None);
    assert_eq!(draft.given("expiry"), None);
    assert_eq!(remarks, []);
}

#[test]
fn an_unknown_input_warns_with_the_nearest_name() {
    let inputs = [("INPUT_IMAGE", "x"), ("INPUT_TRUSTPOLICY", "x"), ("INPUT_ZEBRA", "x")];
    let (_, remarks) = Draft::from_env(&env(&inputs));
    assert_eq!(
        texts(&remarks),
        [
            "input `image` is unknown and has no effect; did you mean `images`?",
            "input `trustpolicy` is unknown and has no effect; did you mean `trust-policy`?",
            "input `zebra` is unknown and has no effect"
        ]
    );
}

#[test]
fn an_agent_leaves_only_letters_of_a_name() {
    let (draft, remarks) = on_agent(&[
        ("INPUT_TRUSTPOLICY", "policy.json"),
        ("INPUT_AZURE-CLIENT-ID", "id"),
        ("INPUT_ZEBRA", "x"),
    ]);
    assert_eq!(draft.given("trust-policy"), Some("policy.json"));
    assert_eq!(draft.given("azure-client-id"), Some("id"));
    assert_eq!(texts(&remarks), ["input `zebra` is unknown and has no effect"]);
}

#[test]
fn an_agents_defaults_and_the_repository_as_a_file_are_not_given() {
    let (draft, _) = on_agent(&[
        ("INPUT_TIMESTAMPURL", "http://t"),
        ("INPUT_TIMESTAMPROOTCERT", "/agent/1/s"),
        ("INPUT_TIMEOUT", "10m"),
        ("INPUT_SKIPSIGNED", "true"),
        ("INPUT_CONFIG", "/agent/1/s"),
        ("INPUT_JUNIT", "/agent/1/s/"),
        ("INPUT_CACERTS", "/agent/1/s/chain.pem"),
        ("INPUT_TRUSTSTORE", "/agent/1/s"),
    ]);
    for name in ["timeout", "skip-signed", "config", "junit"] {
        assert_eq!(draft.given(name), None, "{name}");
    }
    assert_eq!(draft.given("timestamp-url"), Some("http://t"));
    assert_eq!(draft.given("timestamp-root-cert"), None);
    assert_eq!(draft.given("ca-certs"), Some("/agent/1/s/chain.pem"));
    assert_eq!(draft.given("trust-store"), Some("/agent/1/s"));
}

#[test]
fn old_names_give_the_new_input_and_say_so() {
    let (draft, remarks) = on_agent(&[
        ("INPUT_ARTIFACTREFS", "a,b"),
        ("INPUT_KEYID", "k"),
        ("INPUT_CACERTBUNDLE", "/agent/1/s"),
        ("INPUT_ALLOWREFERRERSAPI", "True"),
        ("INPUT_PLUGIN", "azureKeyVault"),
        ("INPUT_AKVPLUGINVERSION", "1.2.1"),
        ("INPUT_URL", ""),
        ("INPUT_TIMESTAMPURL", " "),
        ("INPUT_COMMAND", "install"),
    ]);
    assert_eq!(draft.list("images"), ["a", "b"]);
    assert_eq!(draft.given("key"), Some("k"));
    assert_eq!(draft.given("ca-certs"), None);
    assert_eq!(draft.given("force-referrers-tag"), Some("false"));
    assert_eq!(draft.command_name(), "setup");
    assert_eq!(draft.refused, None);
    assert_eq!(
        texts(&remarks),
        [
            "input `akvPluginVersion` has no effect: the step needs no plugin",
            "input `allowReferrersAPI` is deprecated; its name is `forceReferrersTag`",
            "input `artifactRefs` is deprecated; its name is `images`",
            "input `keyid` is deprecated; its name is `key`",
        ]
    );
}

#[test]
fn old_names_are_known_where_their_tool_runs() {
    let (draft, remarks) = Draft::from_env(&env(&[("INPUT_KEYID", "k")]));
    assert_eq!(draft.given("key"), None);
    assert_eq!(
        texts(&remarks),
        ["input `keyid` is unknown and has no effect; did you mean `key`?"]
    );
}

#[test]
fn old_names_that_ask_for_something_else_are_refused() {
    for (inputs, code, part) in [
        (vec![("INPUT_PLUGIN", "other")], "ci-input-invalid", "`azureKeyVault`"),
        (vec![("INPUT_ALLOWREFERRERSAPI", "yes")], "ci-input-invalid", "`true` or `false`"),
        (vec![("INPUT_KEYID", "k"), ("INPUT_KEY", "k")], "ci-input-together", "`keyid` and `key`"),
    ] {
        let error = on_agent(&inputs).0.validate().unwrap_err();
        assert_eq!(error.code(), code, "{error}");
        assert!(error.to_string().contains(part), "{error}");
    }
}
