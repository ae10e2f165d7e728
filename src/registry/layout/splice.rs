//! An entry put at the end of an index's `manifests`; every other byte stays as it is.

/// The index with the entry; none where it has no `manifests`, which is a list or null.
///
/// `index` was read as JSON before, and its `manifests` with it.
pub(super) fn append(index: &[u8], entry: &[u8]) -> Option<Vec<u8>> {
    let start = value_of(index, "manifests")?;
    let (at, replaced, lead, tail) = match index.get(start)? {
        b'[' => {
            let end = end_of_list(index, start)?;
            let inside = &index[start + 1..end];
            let kept = inside.iter().rposition(|byte| !byte.is_ascii_whitespace());
            match kept {
                Some(last) => (start + 1 + last + 1, 0, ",", ""),
                None => (start + 1, 0, "", ""),
            }
        }
        b'n' => (start, "null".len(), "[", "]"),
        _ => return None,
    };
    let mut spliced = Vec::with_capacity(index.len() + entry.len() + 2);
    spliced.extend_from_slice(&index[..at]);
    spliced.extend_from_slice(lead.as_bytes());
    spliced.extend_from_slice(entry);
    spliced.extend_from_slice(tail.as_bytes());
    spliced.extend_from_slice(&index[at + replaced..]);
    Some(spliced)
}

/// Where the value of a member of the outermost object begins. A name that is written with escapes is
/// not found.
fn value_of(json: &[u8], name: &str) -> Option<usize> {
    let mut depth = 0usize;
    let mut at = 0;
    while let Some(byte) = json.get(at) {
        match byte {
            b'{' | b'[' => depth += 1,
            b'}' | b']' => depth = depth.checked_sub(1)?,
            b'"' => {
                let end = end_of_text(json, at)?;
                let after = skip_space(json, end + 1);
                if depth == 1
                    && json.get(after) == Some(&b':')
                    && &json[at + 1..end] == name.as_bytes()
                {
                    return Some(skip_space(json, after + 1));
                }
                at = end;
            }
            _ => {}
        }
        at += 1;
    }
    None
}

/// The bracket that ends the list which begins at `start`.
fn end_of_list(json: &[u8], start: usize) -> Option<usize> {
    let mut depth = 0usize;
    let mut at = start;
    while let Some(byte) = json.get(at) {
        match byte {
            b'{' | b'[' => depth += 1,
            b'}' | b']' => {
                depth = depth.checked_sub(1)?;
                if depth == 0 {
                    return Some(at);
                }
            }
            b'"' => at = end_of_text(json, at)?,
            _ => {}
        }
        at += 1;
    }
    None
}

/// The quotation mark that ends the text which begins at `start`.
fn end_of_text(json: &[u8], start: usize) -> Option<usize> {
    let mut at = start + 1;
    loop {
        match json.get(at)? {
            b'"' => return Some(at),
            b'\\' => at += 2,
            _ => at += 1,
        }
    }
}

fn skip_space(json: &[u8], from: usize) -> usize {
    let space = json.get(from..).unwrap_or_default();
    from + space.iter().take_while(|byte| byte.is_ascii_whitespace()).count()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn appended(index: &str) -> Option<String> {
        append(index.as_bytes(), b"{}").map(|bytes| String::from_utf8(bytes).expect("text"))
    }

    #[test]
    fn only_the_entry_is_new() {
        for (index, expected) in [
            (r#"{"manifests":[]}"#, r#"{"manifests":[{}]}"#),
            (r#"{"manifests":[ ]}"#, r#"{"manifests":[{} ]}"#),
            (r#"{"manifests":null,"x":1e400}"#, r#"{"manifests":[{}],"x":1e400}"#),
            (
                "{\n  \"x\": \"]\\\"\",\n  \"manifests\" : [\n    {\"a\": [\"}\"]}\n  ]\n}\n",
                "{\n  \"x\": \"]\\\"\",\n  \"manifests\" : [\n    {\"a\": [\"}\"]},{}\n  ]\n}\n",
            ),
            (
                r#"{"annotations":{"manifests":"[]"},"y":["manifests",":"],"manifests":[1]}"#,
                r#"{"annotations":{"manifests":"[]"},"y":["manifests",":"],"manifests":[1,{}]}"#,
            ),
            (
                r#"{"manifests":[{"digest":"d"}],"unknown":{"deep":[1,2]}}"#,
                r#"{"manifests":[{"digest":"d"},{}],"unknown":{"deep":[1,2]}}"#,
            ),
        ] {
            assert_eq!(appended(index).as_deref(), Some(expected), "{index}");
        }
    }

    #[test]
    fn an_index_without_a_list_is_left_alone() {
        for index in [
            "",
            "{}",
            "[]",
            r#"{"manifests":{}}"#,
            r#"{"manifests":["#,
            r#"{"manifests":["\"#,
            r#"{"manifest\u0073":[]}"#,
            r#"}{"manifests":[]}"#,
        ] {
            assert_eq!(appended(index), None, "{index}");
        }
    }
}
