//! Findings as text: one line for each check, below it the reasons and the command that mends it.

use crate::cli::streams::Kind;
use crate::doctor::{Finding, GROUPS, Mark, is_well};
use crate::env::{Env, name};
use crate::fault::{LINE_LIMIT, excerpt, printable};

/// What the reader's terminal can show.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Look {
    marks: Marks,
    paint: Paint,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Marks {
    Unicode,
    Ascii,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Paint {
    Colours,
    Plain,
}

impl Look {
    /// Marks as the locale can show them (POSIX.1, "Internationalization Variables"); colours on a
    /// terminal whose user did not forbid them (no-color.org).
    pub fn of(env: &Env, output: Kind) -> Self {
        let locale =
            [name::LC_ALL, name::LC_CTYPE, name::LANG].into_iter().find_map(|n| env.value(n));
        let utf8 = locale.map_or(cfg!(windows), |locale| {
            let locale = locale.to_ascii_lowercase();
            locale.contains("utf-8") || locale.contains("utf8")
        });
        let colours = output == Kind::Terminal && env.value(name::NO_COLOR).is_none();
        Self {
            marks: if utf8 { Marks::Unicode } else { Marks::Ascii },
            paint: if colours { Paint::Colours } else { Paint::Plain },
        }
    }

    fn mark(self, mark: Mark) -> String {
        let sign = match (self.marks, mark) {
            (Marks::Unicode, mark) => mark.sign(),
            (Marks::Ascii, Mark::Passed) => "ok  ",
            (Marks::Ascii, Mark::Failed) => "FAIL",
            (Marks::Ascii, Mark::Noted) => "!   ",
            (Marks::Ascii, Mark::NotAsked) => "-   ",
        };
        let colour = match mark {
            Mark::Passed => 32,
            Mark::Failed => 31,
            Mark::Noted => 33,
            Mark::NotAsked => 2,
        };
        match self.paint {
            Paint::Colours => format!("\u{1b}[{colour}m{sign}\u{1b}[0m"),
            Paint::Plain => sign.to_owned(),
        }
    }
}

/// Every finding under its group, and what they come to.
pub fn doctor(findings: &[Finding], look: Look) -> String {
    let mut text = String::new();
    for group in GROUPS {
        text.push_str(&format!("{}\n", group.name()));
        for finding in findings.iter().filter(|finding| finding.group == group) {
            let line = printable(&excerpt(&finding.text, LINE_LIMIT));
            text.push_str(&format!("  {} {line}\n", look.mark(finding.mark)));
            for reason in &finding.because {
                let reason = printable(&excerpt(reason, LINE_LIMIT));
                text.push_str(&format!("      because {reason}\n"));
            }
            for line in finding.hint.iter().flat_map(|hint| hint.lines()) {
                text.push_str(&format!("      {}\n", printable(line)));
            }
        }
    }
    text.push_str(&format!("\n{}\n", conclusion(findings)));
    text
}

/// `Signing and verifying would work.`, or how many checks say otherwise.
pub fn conclusion(findings: &[Finding]) -> String {
    let count = |mark| findings.iter().filter(|finding| finding.mark == mark).count();
    let (failed, asked) = (count(Mark::Failed), findings.len() - count(Mark::NotAsked));
    match is_well(findings) {
        true => format!("{asked} checks passed or noted: what was examined would work."),
        false => format!("{failed} of {asked} checks failed: mend them and run it again."),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::Group;

    fn finding(mark: Mark, text: &str) -> Finding {
        Finding {
            check: "identity",
            group: Group::Identity,
            mark,
            text: text.to_owned(),
            because: Vec::new(),
            hint: None,
            code: None,
        }
    }

    #[test]
    fn marks_are_what_the_locale_can_show_and_colours_are_for_terminals() {
        let findings = [
            finding(Mark::Passed, "good"),
            Finding {
                because: vec!["of this".into()],
                hint: Some("do:\n  that".into()),
                ..finding(Mark::Failed, "bad\u{1b}[31m")
            },
        ];
        let utf8 = Env::default().with(name::LANG, "C.UTF-8");
        let plain = doctor(&findings, Look::of(&utf8, Kind::Pipe));
        assert!(
            plain.starts_with("identity\n  ✔ good\n  ✖ bad\u{fffd}[31m\n      because of this\n      do:\n        that\nvault\n"),
            "{plain}"
        );
        assert!(
            plain.ends_with("\n1 of 2 checks failed: mend them and run it again.\n"),
            "{plain}"
        );
        let ascii = doctor(&findings, Look::of(&Env::default(), Kind::Pipe));
        if !cfg!(windows) {
            assert!(
                ascii.is_char_boundary(0) && ascii.contains("  ok   good\n  FAIL bad"),
                "{ascii}"
            );
        }
        let coloured = doctor(&findings, Look::of(&utf8, Kind::Terminal));
        assert!(coloured.contains("\u{1b}[32m✔\u{1b}[0m good"), "{coloured}");
        let forbidden = Look::of(&utf8.with(name::NO_COLOR, "1"), Kind::Terminal);
        assert!(doctor(&findings, forbidden).contains("  ✔ good"));
    }
}
