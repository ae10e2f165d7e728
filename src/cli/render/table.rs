//! Tables: columns three spaces apart, padded on every line.

use crate::fault::{beginning, printable};

/// Renders a header and its rows; each line ends in the padding of its last column.
pub fn table<const N: usize>(header: [&str; N], rows: &[[String; N]]) -> String {
    let shown = |row: &[String; N]| {
        std::array::from_fn(|at| match at {
            0 => beginning(&row[at]),
            _ => printable(&row[at]),
        })
    };
    let rows: Vec<[String; N]> =
        std::iter::once(header.map(str::to_owned)).chain(rows.iter().map(shown)).collect();
    let mut widths = [0; N];
    for row in &rows {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = (*width).max(cell.chars().count());
        }
    }
    let mut text = String::new();
    for row in &rows {
        for (width, cell) in widths.iter().zip(row) {
            text.push_str(cell);
            text.extend(std::iter::repeat_n(' ', width - cell.chars().count() + 3));
        }
        text.push('\n');
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_row_is_a_command() {
        let rows = [["::error::x".to_owned(), "::y".to_owned()]];
        assert_eq!(
            table(["KEY", "VALUE"], &rows),
            "KEY           VALUE   \n\u{fffd}::error::x   ::y     \n"
        );
    }

    #[test]
    fn columns_are_three_spaces_apart_and_lines_are_padded() {
        let rows = [["* wabbit".to_owned(), "x\u{1b}".to_owned()], ["é".to_owned(), String::new()]];
        assert_eq!(
            table(["NAME", "ID"], &rows),
            "NAME       ID   \n* wabbit   x\u{fffd}   \né               \n"
        );
    }
}
