//! Wrong arguments are refused in cobra's words.

use super::*;

fn refusal(arguments: &[&str]) -> String {
    let arguments: Vec<String> = arguments.iter().map(|a| (*a).to_owned()).collect();
    match parse(&arguments, CalledAs::Sealwright) {
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
fn a_value_that_is_none_of_the_known_ones_is_named_with_them() {
    assert_eq!(
        refusal(&["lab", "--auth", "open-door"]),
        "invalid argument \"open-door\" for \"--auth\" flag: expected open, basic, bearer or acr"
    );
    assert_eq!(refusal(&["lab", "--auth"]), "flag needs an argument: --auth");
}

#[test]
fn a_group_or_the_program_alone_prints_help() {
    assert!(refusal(&["cert"]).starts_with("help "));
    assert!(refusal(&[]).starts_with("help "));
    assert!(refusal(&["--help"]).starts_with("help "));
    assert!(refusal(&["help", "version"]).starts_with("help "));
}

/// The commands themselves, not their groups.
fn leaves(command: &Command, path: &str, found: &mut Vec<(String, Command)>) {
    for inner in command.get_subcommands() {
        let path = format!("{path} {}", inner.get_name()).trim().to_owned();
        match inner.has_subcommands() {
            true => leaves(inner, &path, found),
            false => found.push((path, inner.clone())),
        }
    }
}

#[test]
fn the_help_of_every_command_names_each_flag_once() {
    let mut root = root(CalledAs::Sealwright);
    root.build();
    root.clone().debug_assert();
    let mut commands = Vec::new();
    leaves(&root, "", &mut commands);
    assert!(commands.len() >= COMMANDS.len());
    for (path, command) in commands {
        if path.starts_with("help") || path.contains(" help") {
            continue;
        }
        let help = command.clone().render_long_help().to_string();
        let shown: Vec<&str> = help
            .lines()
            .map(str::trim_start)
            .filter(|line| line.starts_with('-'))
            .flat_map(|line| line.split([' ', '[', '=', ',']))
            .filter(|word| word.starts_with("--"))
            .collect();
        for argument in command.get_arguments() {
            let Some(flag) = argument.get_long() else { continue };
            let flag = format!("--{flag}");
            let times = shown.iter().filter(|word| **word == flag).count();
            // what notation hides is hidden
            let expected = usize::from(flag != "--allow-referrers-api");
            assert_eq!(times, expected, "{path} {flag}\n{help}");
        }
    }
}

#[test]
fn a_flag_and_its_value_stand_anywhere() {
    let values = |arguments: &[&str]| {
        let arguments: Vec<String> = arguments.iter().map(|a| (*a).to_owned()).collect();
        match parse(&arguments, CalledAs::Sealwright) {
            Ok(Asked::Run(_, values)) => values,
            Ok(Asked::Help(_)) => panic!("no help was asked for"),
            Err(error) => panic!("{error}"),
        }
    };
    let reference = |values: &ArgMatches| flags::first_of(values).to_owned();

    let given = values(&["sign", "ref", "--key", "k", "-e24h", "-dv", "further"]);
    assert_eq!(reference(&given), "ref");
    assert_eq!(flags::text_of(&given, "key"), Some("k"));
    assert_eq!(given.get_one::<GoDuration>("expiry"), GoDuration::parse("24h").ok().as_ref());
    assert!(flags::is_on(&given, "debug") && flags::is_on(&given, "verbose"));

    let given = values(&["sign", "-k=a", "--key=b", "-d=false", "-m", "a=b", "-m=c=d", "ref"]);
    assert_eq!(flags::text_of(&given, "key"), Some("b"));
    assert_eq!(flags::switch_of(&given, "debug"), Some(false));
    assert_eq!(flags::texts_of(&given, "user-metadata"), ["a=b", "c=d"]);

    // A flag that takes a value takes the next word, whatever it looks like.
    let given = values(&["sign", "--key", "--debug", "ref"]);
    assert_eq!(flags::text_of(&given, "key"), Some("--debug"));
    assert_eq!(reference(&given), "ref");
}

#[test]
fn a_bare_true_or_false_after_force_referrers_tag_is_its_value() {
    let forced = |arguments: &[&str]| {
        let arguments: Vec<String> = arguments.iter().map(|a| (*a).to_owned()).collect();
        match parse(&arguments, CalledAs::Sealwright) {
            Ok(Asked::Run(_, values)) => (
                flags::switch_of(&values, "force-referrers-tag"),
                flags::first_of(&values).to_owned(),
            ),
            _ => panic!("it is a valid command"),
        }
    };
    let ours = |value| (value, "ref".to_owned());
    assert_eq!(forced(&["sign", "--force-referrers-tag", "false", "ref"]), ours(Some(false)));
    assert_eq!(forced(&["sign", "ref", "--force-referrers-tag", "true"]), ours(Some(true)));
    assert_eq!(forced(&["sign", "--force-referrers-tag=false", "ref"]), ours(Some(false)));
    assert_eq!(forced(&["sign", "--force-referrers-tag", "ref"]), ours(Some(true)));
    assert_eq!(forced(&["sign", "ref"]), ours(None));
    assert_eq!(forced(&["sign", "--", "ref", "--force-referrers-tag", "false"]), ours(None));
}
