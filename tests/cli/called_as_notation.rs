//! The program under notation's name: what it says to type, and what scripts read.

use std::os::unix::fs::symlink;

use insta::assert_snapshot;

use super::support::Home;

const OWN: &str = env!("CARGO_PKG_VERSION");

/// A home in which the program is a link named `notation`.
fn notation() -> Home {
    let mut home = Home::new();
    let link = home.path("notation");
    symlink(env!("CARGO_BIN_EXE_sealwright"), &link).expect("linked");
    home.use_program(link);
    home
}

#[test]
fn version_is_notations_and_the_programs_own() {
    assert_eq!(
        notation().run("version"),
        format!(
            "[stdout]\nNotation - a tool to sign and verify artifacts.\n\nVersion:     1.3.2\nSealwright:  {OWN}\n[exit] 0"
        )
    );
    assert_eq!(
        Home::new().run("version"),
        format!(
            "[stdout]\nsealwright - a tool to sign and verify artifacts.\n\nVersion:     {OWN}\nNotation:    1.3.2\n[exit] 0"
        )
    );
}

#[test]
fn a_copy_is_as_good_as_a_link() {
    let mut home = Home::new();
    let copy = home.path("copied/notation");
    std::fs::create_dir(home.path("copied")).expect("made");
    std::fs::hard_link(env!("CARGO_BIN_EXE_sealwright"), &copy)
        .or_else(|_| std::fs::copy(env!("CARGO_BIN_EXE_sealwright"), &copy).map(drop))
        .expect("copied");
    home.use_program(copy);
    assert!(home.run("version").contains("\nVersion:     1.3.2\n"));
}

#[test]
fn what_to_type_begins_with_the_name() {
    let home = notation();
    assert_snapshot!(home.run("frobnicate"), @r#"
    [stderr]
    Error: unknown command "frobnicate" for "notation"
    Run 'notation --help' for usage.
    [exit] 1
    "#);
    assert_snapshot!(home.run("sign"), @r"
    [stderr]
    Error: missing reference to the artifact: use `notation sign --help` to see what parameters are required
    [exit] 1
    ");
    assert_snapshot!(home.run("key update --default nope"), @r"
    [stderr]
    Error: signing key nope not found
    hint: notation key list
    [exit] 1
    ");
    assert_snapshot!(home.run("policy show"), @r"
    [stderr]
    Error: failed to show trust policy as the trust policy file does not exist.
    You can import one using `notation policy import <path-to-policy.json>`
    [exit] 1
    ");
}

#[test]
fn the_users_own_words_stay_as_they_are() {
    let home = notation();
    assert_snapshot!(home.run("sign --signature-format 'sealwright sign' x"), @r#"
    [stderr]
    Error: default signing key not set. Please set default signing key or specify a key name
    hint: notation key set --default <name>
    [exit] 1
    "#);
    let shown = home.run("policy import '/sealwright sign/x'");
    assert!(shown.contains("open /sealwright sign/x: "), "{shown}");
}

/// The commands that a help names, below this one.
fn commands(home: &Home, path: &str, found: &mut Vec<String>) {
    let help = home.stdout(&format!("{path} --help"));
    let list = help.split_once("Commands:\n").map_or("", |(_, list)| list);
    for line in list.lines().take_while(|line| !line.is_empty()) {
        let Some(name) = line.split_whitespace().next().filter(|name| *name != "help") else {
            continue;
        };
        let inner = format!("{path} {name}").trim().to_owned();
        found.push(inner.clone());
        commands(home, &inner, found);
    }
}

#[test]
fn every_help_names_it_in_usage_and_examples() {
    let home = notation();
    let mut paths = vec![String::new()];
    commands(&home, "", &mut paths);
    assert!(paths.len() > 30 && paths.iter().any(|path| path == "cert add"), "{paths:?}");
    for path in paths {
        let help = home.stdout(&format!("{path} --help"));
        assert!(help.contains(format!("Usage: notation {path}").trim_end()), "{help}");
        let words: Vec<&str> = help.split_whitespace().collect();
        let typed = words.windows(2).filter(|pair| pair[0] == "sealwright");
        for pair in typed {
            assert!(!words.contains(&format!("notation {}", pair[1]).as_str()), "{help}");
            assert!(!matches!(pair[1], "sign" | "verify" | "cert" | "vault" | "export"), "{help}");
        }
        assert_eq!(help, home.stdout(&format!("help {path}")), "{path}");
    }
}

#[test]
fn completion_is_for_the_name() {
    let home = notation();
    for (shell, mark) in [
        ("bash", "complete -F _notation "),
        ("fish", "complete -c notation "),
        ("powershell", "-CommandName 'notation'"),
        ("zsh", "#compdef notation"),
    ] {
        let script = home.stdout(&format!("completion {shell}"));
        assert!(script.contains(mark) && script.contains("generate-test"), "{shell}\n{script}");
    }
    assert_snapshot!(home.run("completion"), @r"
    [stderr]
    Error: missing shell: bash, fish, powershell or zsh
    [exit] 1
    ");
}
