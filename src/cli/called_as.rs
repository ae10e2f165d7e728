//! The name the program was started by, and its own words under that name.

use std::borrow::Cow;
use std::ffi::OsStr;
use std::path::Path;

use super::commands::{COMMANDS, GROUPS};
use super::parse::PROGRAM;

/// What the user calls the program, by the base name of its `argv[0]`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum CalledAs {
    #[default]
    Sealwright,
    /// A copy or link named `notation`, or `notation.exe`.
    Notation,
}

impl CalledAs {
    /// Reads the first of the process's arguments; any other name is the program's own.
    pub fn of(argv0: Option<&OsStr>) -> Self {
        let base = argv0.and_then(|path| Path::new(path).file_name()).and_then(OsStr::to_str);
        let base = base.unwrap_or_default().to_ascii_lowercase();
        match base.strip_suffix(".exe").unwrap_or(&base) {
            "notation" => CalledAs::Notation,
            _ => CalledAs::Sealwright,
        }
    }

    /// The word to type.
    pub const fn name(self) -> &'static str {
        match self {
            CalledAs::Sealwright => PROGRAM,
            CalledAs::Notation => "notation",
        }
    }

    /// The program's own text, in which a command to type begins with this name: `sealwright login a.io`
    /// becomes `notation login a.io`. Names of files and hosts stay as they are.
    pub fn reword(self, text: &str) -> Cow<'_, str> {
        if self == CalledAs::Sealwright || !text.contains(PROGRAM) {
            return Cow::Borrowed(text);
        }
        let mut reworded = String::with_capacity(text.len());
        let mut rest = text;
        while let Some(at) = rest.find(PROGRAM) {
            let (before, after) = (&rest[..at], &rest[at + PROGRAM.len()..]);
            let begins = before.chars().next_back().or(reworded.chars().next_back());
            reworded.push_str(before);
            let is_command = begins.is_none_or(|c| c.is_whitespace() || "`'\"(".contains(c))
                && after.strip_prefix(' ').is_some_and(begins_with_a_command);
            reworded.push_str(if is_command { self.name() } else { PROGRAM });
            rest = after;
        }
        reworded.push_str(rest);
        Cow::Owned(reworded)
    }
}

/// `login …`, `cert add …`, `[command]`, `--help`.
fn begins_with_a_command(text: &str) -> bool {
    let end = text.find(|c: char| !(c.is_ascii_alphanumeric() || "-[]".contains(c)));
    let word = &text[..end.unwrap_or(text.len())];
    matches!(word, "--help" | "[command]" | "help")
        || COMMANDS.iter().any(|spec| spec.path[0] == word)
        || GROUPS.iter().any(|group| group.name == word || group.aliases.contains(&word))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_base_name_tells() {
        for name in
            ["notation", "/usr/local/bin/notation", "./notation", "notation.exe", "Notation.EXE"]
        {
            assert_eq!(CalledAs::of(Some(OsStr::new(name))), CalledAs::Notation, "{name}");
        }
        for name in
            ["sealwright", "/notation/sealwright", "notation2", "notation-azure-kv", "", "/"]
        {
            assert_eq!(CalledAs::of(Some(OsStr::new(name))), CalledAs::Sealwright, "{name}");
        }
        assert_eq!(CalledAs::of(None), CalledAs::Sealwright);
    }

    #[test]
    fn commands_to_type_begin_with_the_name() {
        let notation = |text| CalledAs::Notation.reword(text).into_owned();
        assert_eq!(notation("sealwright login a.io"), "notation login a.io");
        assert_eq!(
            notation("use `sealwright sign --help`, 'sealwright cert add' or\n  sealwright --help"),
            "use `notation sign --help`, 'notation cert add' or\n  notation --help"
        );
        assert_eq!(
            notation("sealwright sign && sealwright verify"),
            "notation sign && notation verify"
        );
        assert_eq!(notation("--scope in \"sealwright verify\""), "--scope in \"notation verify\"");
        for kept in [
            "sealwright",
            "sealwright.yml",
            "/opt/sealwright sign/x",
            "a.io/sealwright login",
            "sealwright signs images",
            "mysealwright sign",
        ] {
            assert_eq!(notation(kept), kept);
        }
        assert_eq!(CalledAs::Sealwright.reword("sealwright login"), "sealwright login");
    }
}
