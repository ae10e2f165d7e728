//! Whole sessions as notation's users have them: commands in a fresh home, run under the name
//! `notation`, compared stream by stream with what notation 1.3.2 prints.
//!
//! A transcript is read from the top. `$ notation …` runs a command, `$ NAME=value notation …` with a
//! variable; `< text` before it is a line of its standard input; `+ path content` writes a file below the
//! home, `- path` removes one, `? path` shows mode and content, `? path/` the modes of all below;
//! `p settings` writes the test plugin to `p/notation-tester`. A comment `# differs: …` says why the next
//! command's result is not notation's. What stands below an error of notation's (`because`, `hint:`) is
//! left out.
//!
//! `SEALWRIGHT_UPDATE=1` writes the results down. Notation itself, which `tests/peers/build` makes with
//! Go, is run through the same transcripts, and all but what differs must be the same. Without it that
//! half is skipped; with `CI=true` a skip is a failure.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::Path;

use sealwright::lab::{Lab, LabOptions};

use super::support::{Home, mode};
use super::tester;

const NOTATION: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/target/peers/notation");
const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/cli/transcripts");

#[tokio::test(flavor = "multi_thread")]
async fn keys() {
    replay("keys").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn trust_store() {
    replay("trust-store").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn trust_policy() {
    replay("trust-policy").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn invalid_policies() {
    replay("invalid-policies").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn sign() {
    replay("sign").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn list_and_inspect() {
    replay("list-and-inspect").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn verify() {
    replay("verify").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn login() {
    replay("login").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn arguments() {
    replay("arguments").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn flags() {
    replay("flags").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn directories() {
    replay("directories").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn plugins() {
    if tester::python("the transcript of plugins").is_some() {
        replay("plugins").await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn layouts() {
    replay("layouts").await;
}

#[test]
fn every_transcript_is_replayed() {
    let files = std::fs::read_dir(FOLDER).expect("the folder of transcripts");
    let names: BTreeSet<String> =
        files.map(|file| file.expect("an entry").file_name().to_string_lossy().into()).collect();
    let own = std::fs::read_to_string(file!()).expect("this file");
    for name in names {
        let stem = name.strip_suffix(".txt").expect("a transcript");
        assert!(own.contains(&format!("replay(\"{stem}\")")), "{name}");
    }
}

/// Runs a transcript again and compares, then notation's too; what it shows is written down when that
/// is asked for.
#[allow(clippy::disallowed_methods)]
async fn replay(name: &str) {
    let path = Path::new(FOLDER).join(format!("{name}.txt"));
    let transcript = std::fs::read_to_string(&path).expect("a transcript");
    let session = Session::start(Path::new(env!("CARGO_BIN_EXE_sealwright"))).await;
    let shown = tokio::task::block_in_place(|| session.replay(&transcript));
    if std::env::var_os("SEALWRIGHT_UPDATE").is_some() {
        std::fs::write(&path, shown).expect("written");
        return;
    }
    compare(name, &steps(&transcript), &steps(&shown));
    if !Path::new(NOTATION).is_file() {
        let must = std::env::var("CI").is_ok_and(|ci| ci == "true");
        assert!(!must, "{NOTATION} is missing: run tests/peers/build");
        println!("not compared with notation: run tests/peers/build");
        return;
    }
    let session = Session::start(Path::new(NOTATION)).await;
    let shown = tokio::task::block_in_place(|| session.replay(&transcript));
    compare(&format!("notation, {name}"), &same(&transcript), &same(&shown));
}

fn compare(name: &str, expected: &[String], shown: &[String]) {
    assert_eq!(expected.len(), shown.len(), "{name}");
    let pairs = expected.iter().zip(shown).filter(|(expected, shown)| expected != shown);
    let other: Vec<String> = pairs
        .map(|(expected, shown)| format!("expected\n{expected}\nbut it shows\n{shown}"))
        .collect();
    assert!(other.is_empty(), "{name}: {}", other.join("\n\n"));
}

/// A transcript cut before every command and its comments.
fn steps(transcript: &str) -> Vec<String> {
    transcript.split("\n\n").map(|step| step.trim_end().to_owned()).collect()
}

/// The steps that notation's results are held against; members of a map
/// come in any order there.
fn same(transcript: &str) -> Vec<String> {
    let same = steps(transcript).into_iter().filter(|step| !step.contains("# differs: "));
    same.map(|step| {
        let mut lines: Vec<&str> =
            step.lines().map(|line| line.trim_start_matches(BRANCHES)).collect();
        lines.sort_unstable();
        lines.join("\n").replace(',', "")
    })
    .collect()
}

const BRANCHES: [char; 5] = [' ', '│', '├', '└', '─'];

/// A home, a registry, and the program under notation's name.
struct Session {
    home: Home,
    lab: Lab,
    image: String,
}

impl Session {
    async fn start(target: &Path) -> Self {
        let lab = Lab::start(LabOptions::default()).await.expect("a free port");
        let image = lab.push_image("net-monitor", "v1").expect("stored");
        lab.push_image("unsigned", "v1").expect("stored");
        let mut home = Home::new();
        let program = home.path("bin/notation");
        std::fs::create_dir(home.path("bin")).expect("made");
        std::os::unix::fs::symlink(target, &program).expect("linked");
        home.use_program(program);
        home.replace(&image, "sha256:<image>");
        home.replace(lab.registry_host(), "localhost:5000");
        Self { home, lab, image }
    }

    /// The transcript with what everything in it shows now.
    fn replay(&self, transcript: &str) -> String {
        let (mut shown, mut stdin) = (String::new(), String::new());
        let mut lines = transcript.lines().peekable();
        while let Some(line) = lines.next() {
            let _ = writeln!(shown, "{line}");
            let (sign, rest) = line.split_once(' ').unwrap_or((line, ""));
            match sign {
                "" | "#" => {}
                "<" => stdin.push_str(&format!("{rest}\n")),
                "+" => {
                    let (path, content) = rest.split_once(' ').expect("a path and its content");
                    self.home.write(path, self.real(content));
                }
                "p" => {
                    let python = tester::python("a transcript").expect("asked for before");
                    let settings = serde_json::from_str(rest).expect("JSON");
                    tester::write(&self.home.path("p/notation-tester"), &python, &settings);
                }
                "-" => {
                    let path = self.home.path(rest);
                    let removed = match path.is_dir() {
                        true => std::fs::remove_dir_all(path),
                        false => std::fs::remove_file(path),
                    };
                    removed.unwrap_or_else(|error| panic!("{rest}: {error}"));
                }
                "?" => shown.push_str(&format!("{}\n", self.below(rest))),
                "$" => {
                    let result = self.run(rest, &std::mem::take(&mut stdin));
                    shown.push_str(&format!("{result}\n"));
                }
                other => panic!("{other:?} begins no line of a transcript"),
            }
            // the results of before
            while matches!(sign, "$" | "?") && lines.next_if(|line| !line.is_empty()).is_some() {}
        }
        shown
    }

    fn run(&self, line: &str, stdin: &str) -> String {
        let (variables, line) = line.split_once("notation").expect("a command of notation");
        let variables = variables.split_whitespace().map(|word| word.split_once('='));
        let variables: Vec<(String, String)> = variables
            .map(|pair| pair.expect("NAME=value"))
            .map(|(name, value)| (name.to_owned(), self.real(value)))
            .collect();
        let shown = self.home.run_under(&variables, &self.real(line), stdin);
        tidy(&shown)
    }

    /// A text of the transcript as the program is to see it.
    fn real(&self, text: &str) -> String {
        text.replace("sha256:<image>", &self.image)
            .replace("localhost:5000", self.lab.registry_host())
            .replace("$HOME", self.home.path("").display().to_string().trim_end_matches('/'))
    }

    /// A file's mode and content, or the modes of everything below a folder.
    fn below(&self, path: &str) -> String {
        let place = self.home.path(path);
        if !path.ends_with('/') {
            let Ok(content) = std::fs::read_to_string(&place) else { return "absent".to_owned() };
            return format!("{:o}\n{}", mode(&place), tidy(&self.home.cleaned(&content)));
        }
        let mut found = Vec::new();
        modes(&place, &place, &mut found);
        found.sort();
        found.join("\n")
    }
}

fn modes(root: &Path, folder: &Path, found: &mut Vec<String>) {
    for entry in std::fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        let below = path.strip_prefix(root).expect("below").display().to_string();
        found.push(format!("{below} {:o}", mode(&path)));
        if path.is_dir() {
            modes(root, &path, found);
        }
    }
}

/// The headings of a table of paths: how far they stand apart is the length of the home's path.
fn headings(line: &str) -> String {
    match line.starts_with("NAME ") && line.contains("KEY PATH") {
        true => line
            .split("   ")
            .map(str::trim)
            .filter(|h| !h.is_empty())
            .collect::<Vec<_>>()
            .join("   "),
        false => line.to_owned(),
    }
}

const AGENT: &str = concat!("sealwright/", env!("CARGO_PKG_VERSION"));

/// Without what is never the same twice, without empty lines, and without what stands below notation's error.
fn tidy(shown: &str) -> String {
    let mut kept = Vec::new();
    let mut in_hint = false;
    for line in shown.lines().filter(|line| !line.is_empty()) {
        in_hint = line.starts_with("hint: ") || (in_hint && line.starts_with("      "));
        if !in_hint && !line.starts_with("because ") {
            let line = &headings(line);
            kept.push(
                plain(line).replace(AGENT, "<agent>").replace("notation-go/1.3.2", "<agent>"),
            );
        }
    }
    kept.join("\n")
}

/// Times and digests by their names. In a shape `9` is a digit, `_` a digit or a space, `A` a letter.
fn plain(line: &str) -> String {
    const SHAPES: [(&str, &str); 5] = [
        ("9999-99-99T99:99:99Z", "<time>"),
        ("9999-99-99T99:99:99+99:99", "<time>"),
        ("9999-99-99 99:99:99 +0000 UTC", "<time>"),
        ("AAA AAA _9 99:99:99 9999", "<time>"),
        ("AAA, 99 AAA 9999 99:99:99 +0000", "<time>"),
    ];
    let (mut named, mut rest) = (String::new(), line);
    while let Some(first) = rest.chars().next() {
        let digest = rest.bytes().take_while(u8::is_ascii_hexdigit).count();
        let time = SHAPES.iter().find(|(shape, _)| has_shape(rest, shape));
        let (length, name) = match time {
            _ if digest == 64 => (64, "<sha256>"),
            Some((shape, name)) => (shape.len(), *name),
            // a word is looked at from its beginning alone
            None if digest > 0 => (digest, &rest[..digest]),
            None => (first.len_utf8(), &rest[..first.len_utf8()]),
        };
        named.push_str(name);
        rest = &rest[length..];
    }
    named
}

fn has_shape(text: &str, shape: &str) -> bool {
    let fits = |(byte, wanted): (u8, u8)| match wanted {
        b'9' => byte.is_ascii_digit(),
        b'_' => byte.is_ascii_digit() || byte == b' ',
        b'A' => byte.is_ascii_alphabetic(),
        _ => byte == wanted,
    };
    text.len() >= shape.len() && text.bytes().zip(shape.bytes()).all(fits)
}
