//! `sealwright schema …`

use crate::runner::Runner;

#[test]
fn the_schemas_are_printed() {
    let runner = Runner::new();
    for (name, schema) in
        [("report", sealwright::ci::report_schema()), ("config", sealwright::ci::config_schema())]
    {
        let done = runner.runs(&format!("schema {name}")).done().succeeded();
        assert_eq!(serde_json::from_str::<serde_json::Value>(&done.stdout).unwrap(), schema);
        assert!(jsonschema::meta::is_valid(&schema), "{name}");
    }
}

#[test]
fn another_schema_is_refused() {
    let runner = Runner::new();
    for (line, expected) in [("schema", "report or config"), ("schema step", "\"step\"")] {
        let done = runner.runs(line).done();
        assert_eq!(done.status, 1);
        assert!(done.stderr.contains(expected), "{}", done.stderr);
    }
}
