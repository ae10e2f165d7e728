//! JSON as Go prints it: indented, `<`, `>` and `&` escaped.

use serde::Serialize;

/// The value with four spaces of indentation and a line end.
pub fn json(value: &impl Serialize) -> String {
    indented(value, "    ")
}

/// The value with this indentation and a line end.
pub fn indented(value: &impl Serialize, indent: &str) -> String {
    let mut bytes = Vec::new();
    let formatter = serde_json::ser::PrettyFormatter::with_indent(indent.as_bytes());
    let mut serializer = serde_json::Serializer::with_formatter(&mut bytes, formatter);
    value.serialize(&mut serializer).expect("results have text keys and write to memory");
    let text = String::from_utf8(bytes).expect("JSON is UTF-8");
    // Outside of strings JSON has none of these characters.
    let mut escaped = String::with_capacity(text.len() + 1);
    for c in text.chars() {
        match c {
            '<' | '>' | '&' | '\u{2028}' | '\u{2029}' | '\u{7f}'..='\u{9f}' => {
                escaped.push_str(&format!("\\u{:04x}", u32::from(c)));
            }
            c => escaped.push(c),
        }
    }
    escaped.push('\n');
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_is_gos() {
        let value = serde_json::json!({ "a": ["<b>&\u{2028}\u{9b}\u{1b}"], "e": [] });
        assert_eq!(
            json(&value),
            "{\n    \"a\": [\n        \"\\u003cb\\u003e\\u0026\\u2028\\u009b\\u001b\"\n    ],\n    \"e\": []\n}\n"
        );
    }
}
