//! Logging commands as an agent reads them: anywhere in a line, in any case.

use std::collections::BTreeMap;

/// `##vso[area.event key=value;…]data`
#[derive(Debug)]
pub struct Command {
    pub name: String,
    pub properties: BTreeMap<String, String>,
    pub data: String,
}

impl Command {
    /// The command of a line. Text that only looks like one is a warning of the agent, and here a
    /// failure.
    pub fn of(line: &str) -> Option<Self> {
        let at = line.to_ascii_lowercase().find("##vso[")? + "##vso[".len();
        let (inside, data) = line[at..].split_once(']').expect("a command ends");
        let (name, properties) = inside.split_once(' ').unwrap_or((inside, ""));
        assert_eq!(name.split('.').count(), 2, "{line}");
        // a property without a value is dropped
        let properties = properties
            .split(';')
            .filter_map(|property| property.split_once('='))
            .filter(|(_, value)| !value.is_empty())
            .map(|(key, value)| (key.to_ascii_lowercase(), unescaped(value)))
            .collect();
        Some(Self { name: name.to_ascii_lowercase(), properties, data: unescaped(data) })
    }

    pub fn property(&self, key: &str) -> &str {
        self.properties.get(key).unwrap_or_else(|| panic!("{self:?} has no {key}"))
    }

    pub fn is_output(&self) -> bool {
        self.properties.get("isoutput").is_some_and(|value| value.eq_ignore_ascii_case("true"))
    }
}

/// In the agent's order: the percent sign last.
fn unescaped(text: &str) -> String {
    [("%3B", ";"), ("%0D", "\r"), ("%0A", "\n"), ("%5D", "]"), ("%AZP25", "%")]
        .iter()
        .fold(text.to_owned(), |text, (code, character)| text.replace(code, character))
}
