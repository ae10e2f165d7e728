//! Arguments, environment and streams in; exit code out.

use std::process::ExitCode;

use anyhow::Context as _;
use sealwright::cli::{self, CalledAs, Streams};
use sealwright::env::Env;

fn main() -> ExitCode {
    match run() {
        Ok(code) => ExitCode::from(code),
        Err(error) => {
            eprintln!("Error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> anyhow::Result<u8> {
    let env = Env::take_from_process();
    let mut words = std::env::args_os().peekable();
    let called_as = CalledAs::of(words.peek().map(AsRef::as_ref));
    let arguments = cli::arguments(words);
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .context("cannot start the runtime")?;
    let streams = Streams::of_process().called(called_as);
    let code = runtime.block_on(cli::run(arguments, env, streams));
    // A thread that still waits for input does not hold the process.
    runtime.shutdown_background();
    Ok(code)
}
