//! What the user is told when something fails: a code, the fact, its reasons and the next command.

use std::fmt::Write as _;

/// A failure worded for the person who meets it.
///
/// The `Display` of the error is the fact in one line, without a trailing period. Every error enum
/// of the crate implements this trait; `cli` prints it, `ci` turns it into an annotation.
pub trait Fault: std::error::Error + Send + Sync + 'static {
    /// Stable, kebab-case, prefixed by the room: `registry-not-found`.
    fn code(&self) -> &'static str;

    /// The fact as lines. Only an error that makes the line ends itself has several: a line end in
    /// text from outside stays inside its line and is replaced when printed.
    fn lines(&self) -> Vec<String> {
        vec![self.to_string()]
    }

    /// The reasons below the fact, outermost first; empty when the fact says it all.
    fn because(&self) -> Vec<String> {
        causes(self.source())
    }

    /// The next command to type, or the setting to change; never one that loosens a policy.
    fn hint(&self) -> Option<String> {
        None
    }

    /// The exit status of the process.
    fn exit(&self) -> u8 {
        1
    }
}

/// A fault of any room, for places where several meet.
pub type BoxFault = Box<dyn Fault>;

impl<F: Fault> From<F> for BoxFault {
    fn from(fault: F) -> Self {
        Box::new(fault)
    }
}

/// longest line of a message, in characters: registries and certificates can bring in megabytes
pub const LINE_LIMIT: usize = 4096;

/// Renders a fault below its first line: `because` and `hint` lines, each ending in a newline.
///
/// The first line differs by audience (`Error: …` for notation's commands, `error[code]: …` for
/// ours), so the caller prints it.
pub fn details(fault: &dyn Fault) -> String {
    let mut text = String::new();
    for reason in fault.because() {
        let _ = writeln!(text, "because {}", printable(&excerpt(&reason, LINE_LIMIT)));
    }
    if let Some(hint) = fault.hint() {
        for (i, line) in hint.lines().enumerate() {
            let _ = match i {
                0 => writeln!(text, "hint: {}", printable(line)),
                // a name in a hint may have a line end in it
                _ => writeln!(text, "      {}", beginning(line)),
            };
        }
    }
    text
}

/// Text from outside with control characters replaced, so that it cannot move the cursor, colour
/// the terminal or start a line of its own; and without `##[` and `##vso[`, which command a CI
/// system from inside of a line.
pub fn printable(text: &str) -> String {
    let text: String =
        text.chars().map(|c| if c == '\t' || !is_control(c) { c } else { '\u{fffd}' }).collect();
    let mut text = text.replace("##[", "# #[");
    // agents may read a command's name in any case
    for at in text.to_ascii_lowercase().rmatch_indices("##vso[").map(|(at, _)| at) {
        text.insert(at + 1, ' ');
    }
    text
}

/// [`printable`] text with which a line begins: no command of GitHub's, which it looks for behind leading
/// space.
pub fn beginning(text: &str) -> String {
    let text = printable(text);
    match text.trim_start().starts_with("::") {
        true => format!("\u{fffd}{text}"),
        false => text,
    }
}

/// The first `limit` characters of a text from outside, for quoting: whoever wrote it does not say
/// how long a message is.
pub fn excerpt(text: &str, limit: usize) -> String {
    match text.char_indices().nth(limit) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.into(),
    }
}

/// Text as one word of a shell command: as it is where no shell reads anything into it, else between
/// single quotes (POSIX.1, "Shell Command Language", 2.2.2). For hints, which are copied.
pub fn shell_word(text: &str) -> String {
    let plain = |b: u8| b.is_ascii_alphanumeric() || b"_./:@%+=-".contains(&b);
    match !text.is_empty() && !text.starts_with('-') && text.bytes().all(plain) {
        true => text.to_owned(),
        false => format!("'{}'", text.replace('\'', r"'\''")),
    }
}

/// The messages of an error's sources, outermost first, without repeats.
pub fn causes(mut source: Option<&(dyn std::error::Error + 'static)>) -> Vec<String> {
    let mut reasons: Vec<String> = Vec::new();
    while let Some(error) = source {
        let text = error.to_string();
        if reasons.last() != Some(&text) {
            reasons.push(text);
        }
        source = error.source();
    }
    reasons
}

/// An operating-system error in POSIX's words (`no such file or directory`), as notation prints it.
pub fn os_reason(error: &std::io::Error) -> String {
    use std::io::ErrorKind as Kind;
    let words = match error.kind() {
        Kind::NotFound => "no such file or directory",
        Kind::PermissionDenied => "permission denied",
        Kind::AlreadyExists => "file exists",
        Kind::IsADirectory => "is a directory",
        Kind::NotADirectory => "not a directory",
        Kind::DirectoryNotEmpty => "directory not empty",
        Kind::ReadOnlyFilesystem => "read-only file system",
        Kind::StorageFull => "no space left on device",
        _ => return error.to_string(),
    };
    words.to_owned()
}

/// C0, DEL, C1, the line separators, and what takes no place of its own (Unicode,
/// "Default_Ignorable_Code_Point", and the bidirectional marks): a host may look through the latter
/// when it searches a line for commands, and so may a reader.
fn is_control(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}'
            | '\u{180b}'..='\u{180f}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{3164}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{ffa0}'
            | '\u{fff0}'..='\u{fffb}' | '\u{1bca0}'..='\u{1bca3}' | '\u{1d173}'..='\u{1d17a}'
            | '\u{e0000}'..='\u{e0fff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, thiserror::Error)]
    #[error("the file is not there")]
    struct Missing;

    impl Fault for Missing {
        fn code(&self) -> &'static str {
            "test-missing"
        }
        fn because(&self) -> Vec<String> {
            vec!["a\u{1b}[31mred\n::error::x ##[error]y ##vSo[task.complete]".into()]
        }
        fn hint(&self) -> Option<String> {
            Some("make it:\n  touch file\n ::error::x".into())
        }
    }

    #[test]
    fn an_operating_system_error_reads_as_posix_words() {
        let error = std::io::Error::from(std::io::ErrorKind::NotFound);
        assert_eq!(os_reason(&error), "no such file or directory");
    }

    #[test]
    fn a_shell_reads_nothing_into_outside_text() {
        for text in ["/a/b.json", "a.io:5000/x@sha256:0", "100%"] {
            assert_eq!(shell_word(text), text);
        }
        for (text, word) in [
            ("", "''"),
            ("$(id)", "'$(id)'"),
            ("a b;c`d`", "'a b;c`d`'"),
            ("it's", r"'it'\''s'"),
            ("-rf", "'-rf'"),
            ("~/x", "'~/x'"),
        ] {
            assert_eq!(shell_word(text), word);
        }
    }

    #[test]
    fn what_takes_no_place_is_shown() {
        for hidden in
            ['\u{ad}', '\u{200b}', '\u{200d}', '\u{2060}', '\u{fe0f}', '\u{feff}', '\u{e0001}']
        {
            assert_eq!(printable(&format!("##v{hidden}so[x]")), "##v\u{fffd}so[x]");
        }
        assert_eq!(printable("Zürich 東京 🔏"), "Zürich 東京 🔏");
    }

    #[test]
    fn details_are_lines_and_outside_text_cannot_command() {
        assert_eq!(
            details(&Missing),
            "because a\u{fffd}[31mred\u{fffd}::error::x # #[error]y # #vSo[task.complete]\nhint: make it:\n        touch file\n      \u{fffd} ::error::x\n"
        );
    }
}
