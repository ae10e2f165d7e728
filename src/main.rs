//! Arguments, environment and streams in; exit code out.

use std::process::ExitCode;

use sealwright::cli::{self, Streams};
use sealwright::env::Env;

fn main() -> ExitCode {
    let env = Env::take_from_process();
    let arguments = std::env::args_os().skip(1).map(|a| a.to_string_lossy().into_owned()).collect();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime needs only file descriptors");
    let code = runtime.block_on(cli::run(arguments, env, Streams::of_process()));
    // A thread that still waits for input does not hold the process.
    runtime.shutdown_background();
    ExitCode::from(code)
}
