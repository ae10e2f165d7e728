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

/// An earlier step may set variables for later ones, and hosts tell `INPUT_KEY` from `INPUT_key`.
#[test]
fn another_spelling_does_not_go_before_what_the_host_wrote() {
    let pair = [("INPUT_TRUST-POLICY", "good"), ("INPUT_trust-policy", "bad"), ("INPUT_key", "k")];
    let (draft, remarks) = on_github(&pair);
    assert_eq!(draft.given("trust-policy"), Some("good"));
    assert_eq!(draft.given("key"), None);
    assert_eq!(remarks.len(), 2, "{remarks:?}");
    // a default is not given, and yet the agent wrote it
    let (draft, remarks) = on_agent(&[
        ("INPUT_DRYRUN", "false"),
        ("INPUT_DRY-RUN", "true"),
        ("INPUT_AUTHREALMS", ""),
        ("INPUT_AUTH-REALMS", "evil.example"),
    ]);
    assert_eq!(draft.given("dry-run"), None);
    assert_eq!(draft.given("auth-realms"), None);
    assert_eq!(remarks.len(), 2, "{remarks:?}");
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
        (vec![("INPUT_ALLOWREFERRERSAPI", "yes")], "ci-input-invalid", "`true` or `false`"),
        (vec![("INPUT_KEYID", "k"), ("INPUT_KEY", "k")], "ci-input-together", "`keyid` and `key`"),
    ] {
        let error = on_agent(&inputs).0.validate().unwrap_err();
        assert_eq!(error.code(), code, "{error}");
        assert!(error.to_string().contains(part), "{error}");
    }
}

fn on_github(pairs: &[(&str, &str)]) -> (Draft, Vec<Remark>) {
    Draft::from_env(&env(&[&[("GITHUB_ACTIONS", "true")], pairs].concat()))
}

#[test]
fn notation_actions_names_give_the_new_inputs_in_one_warning() {
    let (draft, remarks) = on_github(&[
        ("INPUT_COMMAND", "sign"),
        ("INPUT_TARGET_ARTIFACT_REFERENCE", "r.io/a:v1\n\nr.io/b@sha256:0\n"),
        ("INPUT_KEY_ID", "https://v.vault.azure.net/keys/k/1"),
        ("INPUT_PLUGIN_NAME", "azure-kv"),
        ("INPUT_PLUGIN_URL", "https://example.com/p.tar.gz"),
        ("INPUT_PLUGIN_CHECKSUM", "00"),
        ("INPUT_PLUGIN_CONFIG", "ca_certs=chain.pem\n\n credential_type = azurecli \n"),
        ("INPUT_ALLOW_REFERRERS_API", "true"),
        ("INPUT_TIMESTAMP_URL", ""),
    ]);
    assert_eq!(draft.refused, None);
    assert_eq!(draft.list("images"), ["r.io/a:v1", "r.io/b@sha256:0"]);
    for (name, value) in [
        ("key", "https://v.vault.azure.net/keys/k/1"),
        ("plugin", "azure-kv"),
        ("plugin-url", "https://example.com/p.tar.gz"),
        ("plugin-checksum", "00"),
        ("plugin-config", "ca_certs=chain.pem\n\n credential_type = azurecli"),
        ("force-referrers-tag", "false"),
        ("signature-format", "jws"),
    ] {
        assert_eq!(draft.text(name), Some(value), "{name}");
    }
    assert_eq!(
        texts(&remarks),
        ["input `allow_referrers_api` is deprecated; its name is `force-referrers-tag`\n\
             input `key_id` is deprecated; its name is `key`\n\
             input `plugin_checksum` is deprecated; its name is `plugin-checksum`\n\
             input `plugin_config` is deprecated; its name is `plugin-config`\n\
             input `plugin_name` is deprecated; its name is `plugin`\n\
             input `plugin_url` is deprecated; its name is `plugin-url`\n\
             input `target_artifact_reference` is deprecated; its name is `images`\n\
             beside these names `signature-format` is `jws` unless it is given",]
    );
}

#[test]
fn notation_actions_verify_moves_without_a_word_on_the_format() {
    let (draft, remarks) = on_github(&[
        ("INPUT_COMMAND", "verify"),
        ("INPUT_TRUST_POLICY", "policy.json"),
        ("INPUT_TRUST_STORE", "store"),
    ]);
    assert_eq!(draft.given("trust-policy"), Some("policy.json"));
    assert_eq!(draft.given("trust-store"), Some("store"));
    assert_eq!(
        texts(&remarks),
        ["input `trust_policy` is deprecated; its name is `trust-policy`\n\
          input `trust_store` is deprecated; its name is `trust-store`"]
    );
}

#[test]
fn the_format_that_is_given_goes_before_notation_actions() {
    for name in ["INPUT_SIGNATURE_FORMAT", "INPUT_SIGNATURE-FORMAT"] {
        let (draft, _) = on_github(&[("INPUT_KEY_ID", "k"), (name, "cose")]);
        assert_eq!(draft.text("signature-format"), Some("cose"), "{name}");
    }
    let (draft, _) = on_github(&[("INPUT_KEY", "k"), ("INPUT_PLUGIN", "azure-kv")]);
    assert_eq!(draft.text("signature-format"), Some("cose"));
    let (step, _) = on_github(&[("INPUT_KEY_ID", "k")]);
    let file = Draft::from_yaml("f", "signature-format: cose\n").unwrap();
    assert_eq!(step.over(file).text("signature-format"), Some("cose"));
}

#[test]
fn force_referrers_tag_goes_before_allow_referrers_api() {
    let allow = ("INPUT_ALLOW_REFERRERS_API", "true");
    let (draft, remarks) = on_github(&[allow, ("INPUT_FORCE_REFERRERS_TAG", "true")]);
    assert_eq!(draft.given("force-referrers-tag"), Some("true"));
    let last = &remarks.last().expect("a remark").text;
    assert_eq!(
        last,
        "input `allow_referrers_api` has no effect: `force_referrers_tag` goes before it"
    );
    let (draft, _) = on_github(&[("INPUT_ALLOW_REFERRERS_API", "false")]);
    assert_eq!(draft.given("force-referrers-tag"), None);
}

#[test]
fn timestamp_inputs_of_the_other_action_are_this_ones() {
    let inputs = [("INPUT_TIMESTAMP_URL", "u"), ("INPUT_TIMESTAMP_ROOT_CERT", "c")];
    let (draft, _) = on_github(&inputs);
    assert_eq!(draft.given("timestamp-url"), Some("u"));
    assert_eq!(draft.given("timestamp-root-cert"), Some("c"));
}

#[test]
fn both_spellings_of_an_input_are_refused_by_name() {
    for (inputs, code, part) in [
        (vec![("INPUT_PLUGIN_NAME", "a/b")], "ci-input-invalid", "`plugin`"),
        (vec![("INPUT_PLUGIN_NAME", "a"), ("INPUT_PLUGIN", "b")], "ci-input-together", "`plugin`"),
        (vec![("INPUT_PLUGIN_CONFIG", "ca_certs=")], "ci-input-invalid", "`key=value`"),
        (vec![("INPUT_ALLOW_REFERRERS_API", "yes")], "ci-input-invalid", "`true` or `false`"),
        (vec![("INPUT_KEY_ID", "a"), ("INPUT_KEY", "b")], "ci-input-together", "`key_id`"),
        (
            vec![("INPUT_PLUGIN_CONFIG", "ca_certs=a"), ("INPUT_CA-CERTS", "b")],
            "ci-input-together",
            "`ca-certs`",
        ),
    ] {
        let step = [("INPUT_IMAGES", "r.io/a:v1"), ("INPUT_COMMAND", "sign")];
        let (draft, _) = on_github(&[&step[..], &inputs[..]].concat());
        let error = draft.validate().expect_err("refused");
        assert_eq!(error.code(), code, "{inputs:?}");
        assert!(error.to_string().contains(part), "{error}");
    }
}
