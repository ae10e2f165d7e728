//! Text from outside as Markdown that means nothing but itself.

use crate::fault::printable;

/// Keeps GitHub from reading a mention, a reference or a link; it renders as nothing.
const BREAK: &str = "&#8203;";

/// Plain text of a line or a table cell: no markup, no HTML, no link, no mention, no reference to an
/// issue. Entities and backslashes alone do not keep GitHub from mentions and references, because it
/// looks for them in what was rendered.
pub fn prose(text: &str) -> String {
    let text = printable(text);
    let mut escaped = String::with_capacity(text.len() + text.len() / 8);
    let mut before = ' ';
    for (at, c) in text.char_indices() {
        let rest = &text[at + c.len_utf8()..];
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            // mathematics
            '$' => escaped.push_str("&#36;"),
            '\t' => escaped.push(' '),
            '\\' | '`' | '*' | '_' | '[' | ']' | '(' | ')' | '#' | '|' | '!' | '~' => {
                escaped.push('\\');
                escaped.push(c);
            }
            _ => escaped.push(c),
        }
        let broken = match c {
            // `app@sha256:…` mentions nobody, and is copied
            '@' => !(before.is_alphanumeric() && rest.starts_with("sha")),
            '#' => rest.starts_with(|next: char| next.is_ascii_digit()),
            '-' => {
                ends_word(&text[..at], "gh") && rest.starts_with(|next: char| next.is_ascii_digit())
            }
            ':' => rest.starts_with("//"),
            'w' | 'W' => rest.starts_with('.') && ends_word(&text[..at], "ww"),
            _ => false,
        };
        if broken {
            escaped.push_str(BREAK);
        }
        before = c;
    }
    escaped
}

/// As code, in a line or a table cell.
pub fn code(text: &str) -> String {
    format!("`{}`", verbatim(text).replace('|', "\u{fffd}"))
}

/// A line of a fenced block: nothing in it ends the block.
pub fn verbatim(text: &str) -> String {
    printable(text).replace(['`', '\t'], "\u{fffd}")
}

/// `sha256:` and the first twelve digits.
pub fn short(digest: &str) -> String {
    match digest.split_once(':') {
        Some((algorithm, hex)) if hex.len() > 12 && hex.is_ascii() => {
            format!("{algorithm}:{}…", &hex[..12])
        }
        _ => digest.to_owned(),
    }
}

/// The date of a time (RFC 3339).
pub fn day(rfc3339: &str) -> &str {
    rfc3339.split('T').next().unwrap_or(rfc3339)
}

/// `1 image`, `2 images`
pub fn count(number: usize, noun: &str) -> String {
    format!("{number} {noun}{}", if number == 1 { "" } else { "s" })
}

/// Whether the last word of `text` is this one, whatever its case.
fn ends_word(text: &str, word: &str) -> bool {
    let last = text.rsplit(|c: char| !c.is_alphanumeric()).next();
    last.is_some_and(|last| last.eq_ignore_ascii_case(word))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn outside_text_stays_in_its_cell() {
        assert_eq!(
            prose("a|b\n<img src=x> [l](u) @team `x` #1 $y$"),
            "a\\|b\u{fffd}&lt;img src=x&gt; \\[l\\]\\(u\\) @&#8203;team \\`x\\` \\#&#8203;1 &#36;y&#36;"
        );
        assert_eq!(code("a`b|c"), "`a\u{fffd}b\u{fffd}c`");
    }

    #[test]
    fn nobody_is_mentioned_and_nothing_is_linked() {
        for (text, escaped) in [
            ("@all", "@&#8203;all"),
            ("a@b.com", "a@&#8203;b.com"),
            ("o/r#12 GH-3 gh-4 high-5", "o/r\\#&#8203;12 GH-&#8203;3 gh-&#8203;4 high-5"),
            ("https://evil.example", "https:&#8203;//evil.example"),
            ("wWw.evil.example", "wWw&#8203;.evil.example"),
            ("r.io/app@sha256:00", "r.io/app@sha256:00"),
            (" @sha256-team", " @&#8203;sha256-team"),
            ("<!-- x -->", "&lt;\\!-- x --&gt;"),
        ] {
            assert_eq!(prose(text), escaped);
        }
    }

    #[test]
    fn nothing_ends_a_fenced_block() {
        assert_eq!(verbatim("x\n```\ny"), "x\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}y");
    }
}
