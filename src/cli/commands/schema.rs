//! `schema <report|config>`

use clap::ArgMatches;

use super::CommandSpec;
use crate::ci;
use crate::cli::error::CliError;
use crate::cli::parse::flags;

pub const SCHEMA: CommandSpec = CommandSpec {
    path: &["schema"],
    usage: "schema <report|config>",
    build: |command| {
        command
            .about("Print the JSON Schema of the step's report or of sealwright.yml")
            .arg(flags::positionals("name"))
    },
    check: |values| schema(values).map(|_| ()),
    run: |values, session| {
        Box::pin(async move {
            let schema = schema(values)?();
            Ok(session.streams.text(&format!("{schema:#}\n"))?)
        })
    },
};

fn schema(values: &ArgMatches) -> Result<fn() -> serde_json::Value, CliError> {
    match flags::first_of(values) {
        "report" => Ok(ci::report_schema),
        "config" => Ok(ci::config_schema),
        "" => Err(CliError::Missing("missing schema: report or config".to_owned())),
        other => {
            Err(CliError::Arguments(format!("unknown schema {other:?}: expected report or config")))
        }
    }
}
