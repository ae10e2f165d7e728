//! .dockerignore: which files of a folder are left out (docs.docker.com, "Build context",
//! ".dockerignore files").

mod pattern;

use pattern::Pattern;

/// longest file read; more lines than any project has
pub(super) const SIZE: u64 = 1024 * 1024;
const LINES: usize = 10_000;

/// The rules in their order: the last one that matches decides.
#[derive(Debug, Default)]
pub(super) struct Ignore {
    rules: Vec<Rule>,
}

#[derive(Debug)]
struct Rule {
    pattern: Pattern,
    effect: Effect,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Effect {
    LeaveOut,
    TakeBack,
}

/// A line that is no rule.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Malformed {
    /// From 1.
    pub line: usize,
    pub pattern: String,
    pub problem: &'static str,
}

impl Ignore {
    /// The rules of a file; `first` go before them.
    pub fn parse(text: &str, first: &[&str]) -> Result<Self, Malformed> {
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        let mut rules = Vec::new();
        let lines = first.iter().map(|line| (0, *line));
        for (line, raw) in lines.chain((1..).zip(text.lines())) {
            if raw.starts_with('#') || raw.trim().is_empty() {
                continue;
            }
            let malformed = |problem| Malformed { line, pattern: raw.trim().to_owned(), problem };
            if rules.len() == LINES {
                return Err(malformed("one rule too many"));
            }
            let (effect, rest) = match raw.trim().strip_prefix('!') {
                Some(rest) => (Effect::TakeBack, rest.trim()),
                None => (Effect::LeaveOut, raw.trim()),
            };
            if rest.is_empty() {
                return Err(malformed("an exception of nothing"));
            }
            let pattern = Pattern::parse(&clean(rest)).map_err(malformed)?;
            rules.push(Rule { pattern, effect });
        }
        Ok(Self { rules })
    }

    /// Whether `path`, relative with `/`, or a folder it is in, is left out.
    pub fn leaves_out(&self, path: &str) -> bool {
        let mut out = false;
        for rule in &self.rules {
            // what would change nothing is not tried
            if out != (rule.effect == Effect::LeaveOut) && rule.pattern.takes(path) {
                out = !out;
            }
        }
        out
    }

    /// Whether something below a folder that is left out may be taken back.
    pub fn takes_back(&self) -> bool {
        self.rules.iter().any(|rule| rule.effect == Effect::TakeBack)
    }
}

/// A path without `.`, `..` (as far as there is something to go up from), doubled and trailing `/`, and
/// without the one at its start: the root of the context.
fn clean(text: &str) -> String {
    let rooted = text.starts_with('/');
    let mut parts: Vec<&str> = Vec::new();
    for part in text.split('/') {
        match part {
            "" | "." => {}
            ".." if parts.last().is_some_and(|last| *last != "..") => {
                parts.pop();
            }
            ".." if rooted => {}
            _ => parts.push(part),
        }
    }
    match parts.is_empty() {
        true => ".".to_owned(),
        false => parts.join("/"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn assert_left_out(rules: &str, out: &[&str], kept: &[&str]) {
        let ignore = Ignore::parse(rules, &[]).unwrap();
        for path in out {
            assert!(ignore.leaves_out(path), "{path} is left out by {rules:?}");
        }
        for path in kept {
            assert!(!ignore.leaves_out(path), "{path} is kept by {rules:?}");
        }
    }

    #[test]
    fn the_documented_examples() {
        assert_left_out(
            "# comment\n*/temp*\n*/*/temp*\ntemp?\n",
            &[
                "somedir/temporary.txt",
                "somedir/temp",
                "somedir/subdir/temporary.txt",
                "tempa",
                "tempb",
            ],
            &["# comment", "temp", "temporary.txt", "a/b/c/temp", "tempab"],
        );
        assert_left_out("**/*.go", &["a.go", "x/a.go", "x/y/a.go"], &["a.gone", "go"]);
        assert_left_out("*.md\n!README.md", &["a.md"], &["README.md", "x/a.md"]);
        assert_left_out(
            "*.md\n!README*.md\nREADME-secret.md",
            &["a.md", "README-secret.md"],
            &["README.md", "README-x.md"],
        );
        // the middle line has no effect: the last rule that matches decides
        assert_left_out("*.md\nREADME-secret.md\n!README*.md", &["a.md"], &["README-secret.md"]);
        // "/foo/bar" and "foo/bar" are the same
        assert_left_out("/foo/bar\n/x/\n", &["foo/bar", "foo/bar/a", "x", "x/y"], &["foo", "a/x"]);
    }

    #[test]
    fn a_folder_takes_what_is_in_it_and_an_exception_takes_it_back() {
        assert_left_out("node_modules", &["node_modules/a/b.js"], &["src/node_modules/a"]);
        assert_left_out("**/node_modules", &["node_modules/a", "src/node_modules/a"], &["src/a"]);
        assert_left_out("*\n!src\n!Dockerfile", &["a", "docs/x"], &["src/x/y", "Dockerfile"]);
        assert_left_out("*\n!src/**/*.rs", &["src/a.txt", "src/x"], &["src/a.rs", "src/x/a.rs"]);
        assert_left_out("docs\n!docs/a.md", &["docs/b.md"], &["docs/a.md"]);
        assert_left_out("docs/**\n!**/README.md", &["docs/x/a"], &["docs/x/README.md"]);
    }

    #[test]
    fn deep_wildcards_wherever_they_stand() {
        assert_left_out("**", &["a", "a/b"], &[]);
        assert_left_out("a/**", &["a/b", "a/b/c"], &["a", "ab"]);
        assert_left_out("a/**/b", &["a/b", "a/x/b", "a/x/y/b"], &["a/xb", "b", "ab"]);
        assert_left_out("**/b", &["b", "a/b"], &["ab"]);
        // as docker has it: two stars at the start and no other wildcard mean an ending
        assert_left_out("**b", &["b", "ab", "a/cb"], &["ba"]);
        assert_left_out("a**b", &["ab", "a/x/b"], &["a/"]);
        assert_left_out("dir/**/*.log", &["dir/a.log", "dir/x/y.log"], &["a.log"]);
    }

    #[test]
    fn classes_and_escapes() {
        assert_left_out("[a-c].txt", &["a.txt", "c.txt"], &["d.txt", "ab.txt"]);
        assert_left_out("[^a-c].txt", &["d.txt"], &["a.txt"]);
        assert_left_out(r"a\*b", &["a*b"], &["axb"]);
        assert_left_out(r"[\]]x", &["]x"], &["ax"]);
        assert_left_out("a+b(c)$^|{}", &["a+b(c)$^|{}"], &["aab"]);
        assert_left_out("caf\u{e9}?", &["caf\u{e9}\u{e9}"], &["caf\u{e9}"]);
    }

    #[test]
    fn lines_are_trimmed_and_comments_are_only_at_the_start() {
        assert_left_out("\u{feff}a  \r\n  b\n\n ! c\n", &["a", "b"], &["c"]);
        assert_left_out(" #x", &["#x"], &[]);
        assert_left_out("./a/../b//c/", &["b/c"], &["a", "b"]);
        assert_left_out("/../a", &["a"], &[]);
        assert_left_out("../a", &[], &["a"]);
    }

    #[test]
    fn what_is_no_pattern_is_refused_with_its_line() {
        for (text, line, problem) in [
            ("a\n!\n", 2, "an exception of nothing"),
            ("[a", 1, "a class without its end"),
            ("\n\n[]", 3, "a class without its end"),
            ("a\\", 1, "an escape of nothing"),
            ("[z-a]", 1, "a range that goes backwards"),
        ] {
            let error = Ignore::parse(text, &[]).unwrap_err();
            assert_eq!((error.line, error.problem), (line, problem), "{text:?}");
        }
        let error = Ignore::parse(&"a\n".repeat(LINES + 1), &[]).unwrap_err();
        assert_eq!(error.problem, "one rule too many");
    }

    #[test]
    fn a_hostile_pattern_takes_no_time() {
        let rules = format!("{}b", "**/*a*".repeat(200));
        let ignore = Ignore::parse(&rules, &[]).unwrap();
        assert!(!ignore.leaves_out(&"a/".repeat(500)));
    }

    #[test]
    fn the_rules_that_go_first_can_be_taken_back() {
        let ignore = |text| Ignore::parse(text, &[".git"]).unwrap();
        assert!(ignore("").leaves_out(".git/config"));
        assert!(!ignore("!.git").leaves_out(".git/config"));
        assert!(ignore("!.git").takes_back() && !ignore("a").takes_back());
    }
}
