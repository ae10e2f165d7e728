//! Every command, alias, flag and short form of notation 1.3.2 is there, and takes a value where it does so
//! there.

use super::support::Home;

/// Of each command as `notation <command> --help` of 1.3.2 shows it, `-d` and `-h` apart. `=` stands behind
/// a flag that wants a value.
const FLAGS: [(&str, &str); 19] = [
    (
        "sign",
        "-d,--debug -e,--expiry= --force-referrers-tag --id= --insecure-registry -k,--key= --oci-layout \
         -p,--password= --plugin= --plugin-config= --signature-format= --timestamp-root-cert= \
         --timestamp-url= -m,--user-metadata= -u,--username= -v,--verbose",
    ),
    (
        "verify",
        "-d,--debug --insecure-registry --max-signatures= --oci-layout -p,--password= --plugin-config= \
         --scope= -m,--user-metadata= -u,--username= -v,--verbose",
    ),
    (
        "list",
        "-d,--debug --insecure-registry --max-signatures= --oci-layout -p,--password= -u,--username= \
         -v,--verbose",
    ),
    (
        "inspect",
        "-d,--debug --insecure-registry --max-signatures= -o,--output= -p,--password= -u,--username= \
         -v,--verbose",
    ),
    ("cert add", "-s,--store= -t,--type="),
    ("cert list", "-d,--debug -s,--store= -t,--type= -v,--verbose"),
    ("cert show", "-d,--debug -s,--store= -t,--type= -v,--verbose"),
    ("cert delete", "-a,--all -s,--store= -t,--type= -y,--yes"),
    ("cert generate-test", "-b,--bits= --default"),
    ("key add", "-d,--debug --default --id= --plugin= --plugin-config= -v,--verbose"),
    ("key update", "-d,--debug --default -v,--verbose"),
    ("key list", ""),
    ("key delete", "-d,--debug -v,--verbose"),
    ("policy import", "--force"),
    ("policy show", ""),
    ("plugin install", "-d,--debug --file --force --sha256sum= --url -v,--verbose"),
    ("plugin list", ""),
    ("plugin uninstall", "-d,--debug -v,--verbose -y,--yes"),
    (
        "login",
        "-d,--debug --insecure-registry -p,--password= --password-stdin -u,--username= -v,--verbose",
    ),
];

/// Another word for a command, and the command.
const ALIASES: [(&str, &str); 9] = [
    ("ls", "list"),
    ("certificate add", "cert add"),
    ("cert ls", "cert list"),
    ("key ls", "key list"),
    ("key set", "key update"),
    ("plugin ls", "plugin list"),
    ("plugin add", "plugin install"),
    ("plugin rm", "plugin uninstall"),
    ("plugin remove", "plugin uninstall"),
];

fn help(home: &Home, command: &str) -> String {
    let shown = home.run(&format!("{command} --help"));
    assert!(shown.starts_with("[stdout]\n") && shown.ends_with("[exit] 0"), "{command}: {shown}");
    shown
}

/// What a line of the help says of a flag: `-e, --expiry <duration>  …`.
fn has(help: &str, flag: &str) -> bool {
    let (flag, wants_value) = flag.strip_suffix('=').map_or((flag, false), |flag| (flag, true));
    let begin = flag.replace(',', ", ");
    let is_told = |line: &str| {
        let rest = line.trim_start().strip_prefix(&begin);
        rest.is_some_and(|rest| rest.starts_with(if wants_value { " <" } else { "[=<bool>]" }))
    };
    help.lines().any(is_told)
}

#[test]
fn every_flag_of_notation_is_there_with_its_short_form() {
    let home = Home::new();
    for (command, flags) in FLAGS {
        let shown = help(&home, command);
        for flag in flags.split_whitespace() {
            assert!(has(&shown, flag), "{command} has no {flag}: {shown}");
        }
    }
    for command in ["logout", "version", "completion bash"] {
        help(&home, command);
    }
}

#[test]
fn every_alias_of_notation_is_the_command() {
    let home = Home::new();
    for (alias, command) in ALIASES {
        assert_eq!(help(&home, alias), help(&home, command), "{alias}");
    }
}
