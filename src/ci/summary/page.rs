//! A page of bounded size: what does not fit is left out in whole rows, and counted.

use super::text::count;

/// Room for the sentence about what was left out.
const NOTE: usize = 160;

/// Markdown that grows to a limit and no further.
pub struct Page {
    text: String,
    /// Bytes, without the room for the note.
    limit: usize,
    left_out: usize,
}

impl Page {
    /// A page of at most `limit` bytes.
    pub fn new(limit: usize) -> Self {
        Self { text: String::new(), limit: limit.saturating_sub(NOTE), left_out: 0 }
    }

    /// All of it, or nothing.
    pub fn block(&mut self, text: &str) {
        self.rows("", [text.to_owned()], "");
    }

    /// `open`, as many rows as fit, `close`; nothing at all where no row fits. After the first row
    /// that does not fit nothing more is added: what comes later matters less.
    pub fn rows(&mut self, open: &str, rows: impl IntoIterator<Item = String>, close: &str) {
        let mut opened = false;
        for row in rows {
            let start = if opened { 0 } else { open.len() };
            let needed = start + row.len() + close.len();
            if self.left_out > 0 || self.text.len() + needed > self.limit {
                self.left_out += 1;
                continue;
            }
            if !opened {
                self.text.push_str(open);
                opened = true;
            }
            self.text.push_str(&row);
        }
        if opened {
            self.text.push_str(close);
        }
    }

    /// The page, with a note where something was left out.
    pub fn finish(mut self) -> String {
        if self.left_out > 0 {
            self.text.push_str(&format!(
                "\n_Cut to fit: {} left out here. The report file has everything (output `report`)._\n",
                count(self.left_out, "row")
            ));
        }
        self.text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_left_out_whole_and_what_was_opened_is_closed() {
        let mut page = Page::new(NOTE + 20);
        page.rows("<d>\n", (0..5).map(|n| format!("row {n}\n")), "</d>\n");
        page.block("x\n");
        assert_eq!(
            page.finish(),
            "<d>\nrow 0\n</d>\n\n_Cut to fit: 5 rows left out here. The report file has everything (output `report`)._\n"
        );
    }

    #[test]
    fn a_page_never_passes_its_limit() {
        for limit in [0, 100, NOTE, NOTE + 1, 1000] {
            let mut page = Page::new(limit);
            page.rows("open\n", (0..500).map(|n| format!("row {n}\n")), "close\n");
            assert!(page.finish().len() <= limit.max(NOTE), "{limit}");
        }
    }
}
