//! azure-kv as a plugin of notation: `plugin serve azure-kv`, or this program under the name
//! `notation-azure-kv`.
//!
//! The host reads JSON from standard output and, after a failure, from standard error: nothing else is
//! written there, and whatever goes wrong is a [`Refusal`].

mod vault_keys;

use std::ffi::{OsStr, OsString};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use super::native_plugin::AZURE_KV;
use super::streams::Streams;
use crate::clock::Clock;
use crate::env::Env;
use crate::http::Deadline;
use crate::plugin::{REQUEST_LIMIT, Refusal, SERVED, Served, answer};
use vault_keys::VaultKeys;

/// The words before a command of the plugin.
const SERVE: [&str; 3] = ["plugin", "serve", AZURE_KV.name];

/// longest call: a vault that is busy for longer is not waited for, since hosts set no limit
const LIMIT: Duration = Duration::from_secs(5 * 60);

/// The program's arguments without its name; under the name `notation-azure-kv` it is the plugin.
pub fn arguments(mut words: impl Iterator<Item = OsString>) -> Vec<String> {
    let is_plugin = words.next().is_some_and(|name| is_plugin_name(&name));
    let before = SERVE.into_iter().filter(|_| is_plugin).map(str::to_owned);
    before.chain(words.map(|word| word.to_string_lossy().into_owned())).collect()
}

/// The plugin's own arguments, if the plugin is asked.
pub fn asked(arguments: &[String]) -> Option<&[String]> {
    let rest = arguments.get(SERVE.len()..)?;
    let serves = arguments.iter().zip(SERVE).all(|(word, expected)| word == expected);
    let asks_for_help = rest.iter().any(|word| matches!(word.as_str(), "-h" | "--help"));
    (serves && !asks_for_help).then_some(rest)
}

/// Answers one call. Returns the exit code: 1 for a refusal.
pub async fn serve(
    arguments: &[String],
    env: Env,
    mut streams: Streams,
    clock: Arc<dyn Clock>,
) -> u8 {
    let Some(command) = arguments.first() else {
        return streams.text(&help()).map_or(1, |()| 0);
    };
    let keys = VaultKeys { env, deadline: Deadline(clock.elapsed() + LIMIT), clock: clock.clone() };
    let work = call(command, &mut streams, &keys);
    let done = tokio::select! {
        biased;
        done = work => done,
        () = clock.sleep(LIMIT) => Err(Refusal::new(
            Refusal::TIMEOUT,
            format!("no answer within {} seconds", LIMIT.as_secs()),
        )),
    };
    match done {
        Ok(line) => streams.text(&format!("{line}\n")).map_or(1, |()| 0),
        Err(refusal) => {
            streams.complain(&refusal.to_json());
            1
        }
    }
}

async fn call(command: &str, streams: &mut Streams, keys: &VaultKeys) -> Result<String, Refusal> {
    let command = Served::parse(command)?;
    let request = match command.reads_request() {
        true => request(streams)?,
        false => String::new(),
    };
    answer(command, &request, &AZURE_KV.metadata(), keys).await
}

/// One line, since a host may leave the pipe open behind it.
fn request(streams: &mut Streams) -> Result<String, Refusal> {
    let line = streams.line_within(REQUEST_LIMIT + 1, "the request");
    let line = line.map_err(|error| Refusal::invalid(error.to_string()))?.unwrap_or_default();
    if line.len() as u64 > REQUEST_LIMIT {
        return Err(Refusal::invalid(format!("the request is larger than {REQUEST_LIMIT} bytes")));
    }
    Ok(line)
}

fn help() -> String {
    let mut text = format!(
        "notation-{name} - {description}\n\nUsage:\n  notation-{name} <command>\n\nVersion:\n  {version}\n\nCommands:\n",
        name = AZURE_KV.name,
        description = AZURE_KV.description,
        version = AZURE_KV.version,
    );
    for (_, word, about) in SERVED {
        text.push_str(&format!("  {word:<19}  {about}\n"));
    }
    text
}

/// `notation-azure-kv`, with the suffix that executables have on Windows.
fn is_plugin_name(program: &OsStr) -> bool {
    let Some(file) = Path::new(program).file_name() else { return false };
    let file = file.to_string_lossy().to_ascii_lowercase();
    let stem = file.strip_suffix(".exe").unwrap_or(&file);
    stem.strip_prefix("notation-") == Some(AZURE_KV.name)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(line: &str) -> Vec<String> {
        arguments(line.split(' ').map(OsString::from))
    }

    #[test]
    fn the_plugins_name_is_as_good_as_the_words() {
        for name in [
            "notation-azure-kv",
            "/x/plugins/azure-kv/notation-azure-kv",
            "./notation-azure-kv.exe",
        ] {
            let line = format!("{name} describe-key");
            assert_eq!(asked(&words(&line)), Some(&["describe-key".to_owned()][..]), "{name}");
        }
        assert_eq!(asked(&words("sealwright plugin serve azure-kv")), Some(&[][..]));
        for line in [
            "sealwright",
            "notation plugin list",
            "notation-azure-kv-2 describe-key",
            "sealwright plugin serve",
            "sealwright plugin serve other describe-key",
            "sealwright plugin serve azure-kv --help",
            "sealwright x plugin serve azure-kv",
        ] {
            assert_eq!(asked(&words(line)), None, "{line}");
        }
    }
}
