//! task.json as an agent uses it: inputs with their defaults, variables that may be set.

use std::collections::BTreeMap;
use std::path::Path;

use serde_json::Value;

/// The task as it is packaged.
pub fn task() -> Value {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("task.json");
    serde_json::from_slice(&std::fs::read(path).expect("read")).expect("JSON")
}

/// `INPUT_` variables: all of the task with its defaults, files below `root`, and those given.
pub fn inputs(given: &[(String, String)], root: &Path) -> BTreeMap<String, String> {
    let mut variables = BTreeMap::new();
    let mut set = |name: &str, value: &str| {
        let name = name.to_uppercase().replace([' ', '.'], "_");
        variables.insert(format!("INPUT_{name}"), value.to_owned());
    };
    for (name, value) in given {
        set(name, value);
    }
    for input in task()["inputs"].as_array().expect("inputs") {
        let name = input["name"].as_str().expect("a name");
        let default = input["defaultValue"].as_str().unwrap_or_default();
        // agents know names in any capitals
        let same = |(n, _): &&(String, String)| n.eq_ignore_ascii_case(name);
        let value = given.iter().find(same).map_or(default, |(_, v)| v);
        match input["type"].as_str() {
            // also when it is not given
            Some("filePath") => set(name, root.join(value).to_str().expect("UTF-8")),
            _ => set(name, value),
        }
    }
    variables
}

pub fn names(list: &Value) -> Vec<String> {
    let name = |item: &Value| item.as_str().or(item["name"].as_str()).expect("a name").to_owned();
    list.as_array().expect("a list").iter().map(name).collect()
}

pub fn may_be_set(variable: &str) -> bool {
    names(&task()["restrictions"]["settableVariables"]["allowed"]).iter().any(|n| n == variable)
}
