//! `trusted-certificates` in `sealwright.yml`: a mapping of stores to sources, or the input's text.

use std::fmt;

use serde::Deserialize;
use serde::de::{Deserializer, Error, MapAccess, SeqAccess, Visitor};

use super::NewKey;

/// As the input's text: `<type>:<store>=<source>` lines.
pub(super) struct Sources(pub String);

impl<'de> Deserialize<'de> for Sources {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(SourcesVisitor)
    }
}

struct SourcesVisitor;

impl<'de> Visitor<'de> for SourcesVisitor {
    type Value = Sources;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a mapping of `<type>:<store>` to sources, or a text")
    }

    fn visit_unit<E: Error>(self) -> Result<Sources, E> {
        Ok(Sources(String::new()))
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Sources, E> {
        Ok(Sources(text.to_owned()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Sources, A::Error> {
        let mut lines: Vec<String> = Vec::new();
        while let Some(item) = items.next_element()? {
            lines.push(item);
        }
        Ok(Sources(lines.join("\n")))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut stores: A) -> Result<Sources, A::Error> {
        let mut seen = Vec::new();
        let mut lines = Vec::new();
        while let Some(store) = stores.next_key_seed(NewKey { seen: &seen })? {
            let OfOneStore(sources) = stores.next_value()?;
            lines.extend(sources.iter().map(|source| format!("{store}={source}")));
            seen.push(store);
        }
        Ok(Sources(lines.join("\n")))
    }
}

/// One source or a list of them.
struct OfOneStore(Vec<String>);

impl<'de> Deserialize<'de> for OfOneStore {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(OfOneStoreVisitor)
    }
}

struct OfOneStoreVisitor;

impl<'de> Visitor<'de> for OfOneStoreVisitor {
    type Value = OfOneStore;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a source or a list of sources: path, https address, Key Vault id or PEM text")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<OfOneStore, E> {
        Ok(OfOneStore(vec![text.to_owned()]))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<OfOneStore, A::Error> {
        let mut sources = Vec::new();
        while let Some(source) = items.next_element()? {
            sources.push(source);
        }
        Ok(OfOneStore(sources))
    }
}

#[cfg(test)]
mod tests {
    use crate::ci::Draft;

    #[test]
    fn stores_are_a_mapping_a_list_or_a_text() {
        let lines = "ca:a=root.crt\nca:b=one.crt\nca:b=two.crt";
        for text in [
            "trusted-certificates:\n  ca:a: root.crt\n  ca:b:\n    - one.crt\n    - two.crt\n",
            "trusted-certificates:\n  - ca:a=root.crt\n  - ca:b=one.crt\n  - ca:b=two.crt\n",
            "trusted-certificates: |\n  ca:a=root.crt\n  ca:b=one.crt\n  ca:b=two.crt\n",
        ] {
            let draft = Draft::from_yaml("f", text).unwrap();
            assert_eq!(draft.given("trusted-certificates"), Some(lines), "{text}");
        }
        let pem = "trusted-certificates:\n  ca:a: |\n    -----BEGIN X-----\n    AA\n    -----END X-----\n";
        let draft = Draft::from_yaml("f", pem).unwrap();
        let text = draft.given("trusted-certificates").unwrap();
        assert_eq!(text, "ca:a=-----BEGIN X-----\nAA\n-----END X-----");
    }

    #[test]
    fn other_shapes_are_refused() {
        for text in [
            "trusted-certificates: 7\n",
            "trusted-certificates: [[a]]\n",
            "trusted-certificates:\n  ca:a: {b: c}\n",
            "trusted-certificates:\n  ca:a: x\n  ca:a: y\n",
        ] {
            assert!(Draft::from_yaml("f", text).is_err(), "{text}");
        }
    }
}
