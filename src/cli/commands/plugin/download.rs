//! A plugin's source from an address, into its staging folder.

use std::time::Duration;

use indicatif::{HumanBytes, ProgressBar};
use url::Url;

use crate::cli::error::CliError;
use crate::cli::http_client::http_client;
use crate::cli::session::Session;
use crate::fault::BoxFault;
use crate::http::{Http, Sink, redacted};
use crate::plugin::{Copied, SIZE_LIMIT, SourceFile, Staging};

/// longest time for a download: 10 minutes, as notation
const TIME: Duration = Duration::from_secs(600);

/// An https address.
pub fn address(given: &str) -> Result<Url, CliError> {
    let url = Url::parse(given).map_err(|error| {
        // a password or a token may be in it all the same
        let address = given.split(['?', '#']).next().unwrap_or_default();
        let address = address.rsplit('@').next().unwrap_or_default();
        CliError::Arguments(format!(
            "failed to parse plugin download URL {address} with error: {error}"
        ))
    })?;
    match url.scheme() {
        "https" => Ok(url),
        other => Err(CliError::Arguments(format!(
            "failed to download plugin from URL: only the HTTPS scheme is supported, but got {other}"
        ))),
    }
}

/// The address as it was given; without what may be a token in it.
pub fn shown(given: &str, url: &Url) -> String {
    match url.query().is_none() && url.username().is_empty() && url.password().is_none() {
        true => given.to_owned(),
        false => redacted(url),
    }
}

/// Writes what is there to the staging folder: nothing else is done with it before its checksum was
/// compared.
pub async fn download(
    session: &mut Session,
    url: &Url,
    staging: &Staging,
) -> Result<Copied, BoxFault> {
    session.limit(TIME);
    let action = || format!("failed to download plugin from URL {}", redacted(url));
    let failed = |fault: BoxFault| CliError::Plugin { action: action(), fault };
    let http = http_client(&session.env, session.clock.clone(), session.deadline())
        .map_err(|error| failed(error.into()))?;
    fetch(&http, url, staging, session.streams.spinner("Downloading")).await
}

/// The same with a client of the caller's.
pub async fn fetch(
    http: &Http,
    url: &Url,
    staging: &Staging,
    progress: ProgressBar,
) -> Result<Copied, BoxFault> {
    let action = || format!("failed to download plugin from URL {}", redacted(url));
    let file = staging
        .source()
        .map_err(|error| CliError::Plugin { action: action(), fault: error.into() })?;
    let mut download = Download { file, progress };
    let done = http.download(url, SIZE_LIMIT, &mut download).await;
    download.progress.finish_and_clear();
    done.map_err(|error| {
        let action = format!("{} with error", action());
        CliError::Plugin { action, fault: error.into() }
    })?;
    Ok(download.file.finish())
}

struct Download {
    file: SourceFile,
    progress: ProgressBar,
}

impl Sink for Download {
    fn piece(&mut self, bytes: &[u8], whole: Option<u64>) -> Result<(), String> {
        self.file.write(bytes).map_err(|error| error.to_string())?;
        let length = HumanBytes(self.file.length());
        let message = match whole {
            Some(whole) => format!("Downloading: {length} of {}", HumanBytes(whole)),
            None => format!("Downloading: {length}"),
        };
        self.progress.set_message(message);
        Ok(())
    }

    fn again(&mut self) -> Result<(), String> {
        self.file.restart().map_err(|error| error.to_string())
    }
}
