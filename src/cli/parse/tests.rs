//! Wrong arguments are refused in cobra's words.

use super::*;

fn refusal(arguments: &[&str]) -> String {
    let arguments: Vec<String> = arguments.iter().map(|a| (*a).to_owned()).collect();
    match parse(&arguments) {
        Ok(Asked::Run(spec, _)) => format!("runs {}", spec.path.join(" ")),
        Ok(Asked::Help(text)) => format!("help {}", text.lines().next().unwrap_or("")),
        Err(error) => error.to_string(),
    }
}

#[test]
fn unknown_words_and_flags_are_named() {
    assert_eq!(
        refusal(&["frobnicate"]),
        "unknown command \"frobnicate\" for \"sealwright\"\nRun 'sealwright --help' for usage."
    );
    assert_eq!(
        refusal(&["cert", "frobnicate"]),
        "unknown command \"frobnicate\" for \"sealwright cert\"\nRun 'sealwright cert --help' for usage."
    );
    assert_eq!(
        refusal(&["versoin"]),
        "unknown command \"versoin\" for \"sealwright\"\n\nDid you mean this?\n\tversion\n\nRun 'sealwright --help' for usage."
    );
    assert_eq!(refusal(&["version", "--frobnicate"]), "unknown flag: --frobnicate");
    assert_eq!(refusal(&["--frobnicate"]), "unknown flag: --frobnicate");
}

#[test]
fn a_group_or_the_program_alone_prints_help() {
    assert!(refusal(&["cert"]).starts_with("help "));
    assert!(refusal(&[]).starts_with("help "));
    assert!(refusal(&["--help"]).starts_with("help "));
    assert!(refusal(&["help", "version"]).starts_with("help "));
}
