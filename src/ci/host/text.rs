//! Text made fit for a host: no command in a line, no more of it than is shown.

use crate::fault::printable;

/// characters of an annotation's message
pub(super) const MESSAGE_LIMIT: usize = 4096;
/// bytes of a step's summary; GitHub drops a longer one whole
pub(super) const SUMMARY_LIMIT: usize = 1024 * 1024;

/// A log line that is no command on any host: `::` at the start, `##[` and `##vso[` anywhere.
pub fn defang(line: &str) -> String {
    let line = printable(line);
    match line.trim_start().strip_prefix("::") {
        Some(rest) => format!("{}: :{rest}", &line[..line.len() - line.trim_start().len()]),
        None => line,
    }
}

/// Printable, with line breaks kept: they are escaped in a command.
pub(super) fn lines_kept(text: &str) -> String {
    let lines: Vec<String> =
        text.split(['\r', '\n']).filter(|line| !line.is_empty()).map(printable).collect();
    lines.join("\n")
}

/// At most `limit` bytes, with a note where text was cut.
pub(super) fn cut(text: &str, limit: usize) -> String {
    const NOTE: &str = "\n\n… cut here; the report file has everything.\n";
    if text.len() <= limit {
        return text.to_owned();
    }
    let Some(mut end) = limit.checked_sub(NOTE.len()) else { return String::new() };
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    // whole lines only, so that no table row or fence is torn
    let end = text[..end].rfind('\n').unwrap_or(0);
    format!("{}{NOTE}", &text[..end])
}
