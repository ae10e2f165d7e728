//! The log of a run, line by line.

use super::TasksError;
use super::storage::{self, RANGE_SIZE, SignedUrl};
use crate::http::Http;

/// bytes of the log that are followed; a build's is seldom over 1 MiB
const SIZE: u64 = 64 * 1024 * 1024;
/// a line is broken here
const LINE: usize = 16 * 1024;

/// addresses asked for anew; one lasts an hour, a run eight
const RENEWALS: u32 = 10;

/// A log that is read while it grows.
pub(super) struct Log {
    url: SignedUrl,
    offset: u64,
    lines: Lines,
    complete: bool,
    renewals: u32,
}

impl Log {
    pub fn new(url: SignedUrl) -> Self {
        Self { url, offset: 0, lines: Lines::default(), complete: false, renewals: 0 }
    }

    /// Every line that is there by now and was not before.
    pub async fn follow(
        &mut self,
        http: &Http,
        mut say: impl FnMut(&str),
    ) -> Result<(), TasksError> {
        while !self.complete && self.offset < SIZE {
            let Some(part) = storage::part(http, &self.url, self.offset).await? else { break };
            let full = part.bytes.len() as u64 == RANGE_SIZE;
            self.offset += part.bytes.len() as u64;
            self.complete = part.complete && !full;
            self.lines.push(&part.bytes, &mut say);
            if part.bytes.is_empty() || !full {
                break;
            }
        }
        Ok(())
    }

    /// Whether another address may be asked for.
    pub fn may_renew(&self) -> bool {
        self.renewals < RENEWALS
    }

    /// Goes on with another address of the same log.
    pub fn renew(&mut self, url: SignedUrl) {
        self.url = url;
        self.renewals += 1;
    }

    /// Whether everything was read.
    pub async fn is_done(&mut self, http: &Http) -> Result<bool, TasksError> {
        if !self.complete {
            self.complete = storage::ends_at(http, &self.url, self.offset).await?;
        }
        Ok(self.complete || self.offset >= SIZE)
    }

    /// What stands after the last line end.
    pub fn end(&mut self, mut say: impl FnMut(&str)) {
        self.lines.flush(&mut say);
        if self.offset >= SIZE {
            say("… the log goes on; no more of it is shown");
        }
    }
}

/// Bytes cut into lines at `\n` and at `\r`, without escape sequences.
#[derive(Default)]
struct Lines {
    pending: Vec<u8>,
}

impl Lines {
    fn push(&mut self, bytes: &[u8], say: &mut impl FnMut(&str)) {
        for byte in bytes {
            match byte {
                b'\n' | b'\r' => self.flush(say),
                byte => self.pending.push(*byte),
            }
            if self.pending.len() >= LINE {
                self.flush(say);
            }
        }
    }

    fn flush(&mut self, say: &mut impl FnMut(&str)) {
        let line = plain(&String::from_utf8_lossy(&self.pending));
        self.pending.clear();
        if !line.trim().is_empty() {
            say(&line);
        }
    }
}

/// Without the control sequences that colour text (ECMA-48, "CSI"); other control characters stay, for
/// whoever prints them to replace.
fn plain(line: &str) -> String {
    let mut text = String::with_capacity(line.len());
    let mut rest = line;
    while let Some(at) = rest.find("\u{1b}[") {
        text.push_str(&rest[..at]);
        let sequence = &rest[at + 2..];
        let end = sequence.find(|c: char| ('\u{40}'..='\u{7e}').contains(&c));
        rest = end.map_or("", |end| &sequence[end + 1..]);
    }
    text + rest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_come_whole_however_they_arrive() {
        let mut seen = Vec::new();
        let mut lines = Lines::default();
        for part in ["Step 1", "/2\r\n\r\nCaf\u{c3}", "x\n50%\r100%\r", "\nend"] {
            lines.push(part.as_bytes(), &mut |line| seen.push(line.to_owned()));
        }
        lines.push(&"\u{e9}".as_bytes()[..1], &mut |line| seen.push(line.to_owned()));
        lines.push(&"\u{e9}".as_bytes()[1..], &mut |line| seen.push(line.to_owned()));
        lines.flush(&mut |line| seen.push(line.to_owned()));
        assert_eq!(seen, ["Step 1/2", "Caf\u{c3}x", "50%", "100%", "end\u{e9}"]);
    }

    #[test]
    fn an_endless_line_is_broken() {
        let mut count = 0;
        let mut lines = Lines::default();
        lines.push(&[b'x'; 3 * LINE], &mut |_| count += 1);
        assert_eq!(count, 3);
    }

    #[test]
    fn colours_go_and_other_sequences_stay_for_the_printer() {
        assert_eq!(plain("\u{1b}[1;31mred\u{1b}[0m\u{1b}[2K!"), "red!");
        assert_eq!(plain("a\u{1b}[12"), "a");
        assert_eq!(plain("\u{1b}]0;title\u{7}"), "\u{1b}]0;title\u{7}");
    }
}
