//! The time-stamping authorities that a command names, ready to be asked.

use std::path::Path;
use std::sync::Arc;

use clap::{ArgMatches, Command};

use super::error::CliError;
use super::local_key::read;
use super::parse::flags;
use crate::clock::Clock;
use crate::fault::BoxFault;
use crate::http::Http;
use crate::timestamp::{Authority, HttpAuthority, Stamper, root_certificate};

const URL: &str = "timestamp-url";
const ROOT: &str = "timestamp-root-cert";

/// `--timestamp-url` and `--timestamp-root-cert`.
pub fn with_flags(command: Command) -> Command {
    command
        .arg(flags::texts(
            URL,
            "string",
            "RFC 3161 Timestamping Authority (TSA) server URL; several are tried in order",
        ))
        .arg(flags::text(ROOT, "string", "filepath of timestamp authority root certificate"))
}

/// Both flags or none, and neither empty.
pub fn check(values: &ArgMatches) -> Result<(), CliError> {
    flags::together(values, &[URL, ROOT])?;
    if flags::texts_of(values, URL).iter().any(|url| url.is_empty()) {
        return Err(CliError::FlagGroup("timestamping: tsa url cannot be empty".to_owned()));
    }
    if flags::text_of(values, ROOT).is_some_and(str::is_empty) {
        let message = "timestamping: tsa root certificate path cannot be empty";
        return Err(CliError::FlagGroup(message.to_owned()));
    }
    Ok(())
}

/// The addresses and the root's path; none when no flag was given.
pub fn chosen(values: &ArgMatches) -> Option<(Vec<String>, &Path)> {
    let root = flags::text_of(values, ROOT)?;
    let urls = flags::texts_of(values, URL).into_iter().cloned().collect();
    Some((urls, Path::new(root)))
}

/// Everything that can be wrong with them is said before anything is asked.
pub fn stamper(
    http: &Http,
    clock: Arc<dyn Clock>,
    urls: &[String],
    root: &Path,
) -> Result<Stamper, BoxFault> {
    let mut authorities: Vec<Arc<dyn Authority>> = Vec::new();
    for url in urls {
        authorities.push(Arc::new(HttpAuthority::new(http.clone(), url)?));
    }
    let root = root_certificate(&root.display().to_string(), &read(root)?)?;
    Ok(Stamper::new(authorities, root, clock))
}
