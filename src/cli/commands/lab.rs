//! `lab`: a registry, a key vault, Artifact Signing, Entra, a timestamp authority and a PKI on loopback, for workflows and trying out.

use std::path::PathBuf;

use clap::builder::EnumValueParser;
use clap::{Arg, ArgMatches, ValueEnum};

use super::{CommandSpec, Done, unchecked};
use crate::cli::error::CliError;
use crate::cli::parse::flags;
use crate::cli::session::Session;
use crate::lab::{Auth, Deletes, LabError, LabOptions, Pushes, Referrers, ServeOptions, serve};

pub const LAB: CommandSpec = CommandSpec {
    path: &["lab"],
    usage: "lab [flags]",
    build: |command| {
        command
            .about("Serve a registry, a key vault, Artifact Signing, Entra, a timestamp authority and a PKI on loopback")
            .long_about(
                "Serve a registry, a key vault, Artifact Signing, Entra, a timestamp authority and a PKI on loopback\n\n\
                 Prints KEY=value lines fit for $GITHUB_ENV, then `ready`, and ends on SIGTERM or Ctrl-C.",
            )
            .after_help("Example:\n  sealwright lab --auth acr | tee lab.log &\n  grep = lab.log >> \"$GITHUB_ENV\"")
            .arg(choice::<Auth>("auth", "how the registry lets in (default acr)"))
            .arg(choice::<Referrers>("referrers", "Referrers API or tag schema only (default api)"))
            .arg(choice::<Deletes>("deletes", "whether manifests may be deleted (default allowed)"))
            .arg(choice::<Pushes>("pushes", "whether images may be pushed (default allowed)"))
            .arg(flags::text(
                "folder",
                "path",
                "where the CA and the certificates are written (default: a temporary folder, removed at the end)",
            ))
    },
    check: unchecked,
    run: |values, session| Box::pin(run(values, session)),
};

fn choice<T: ValueEnum + Clone + Send + Sync + 'static>(
    name: &'static str,
    help: &'static str,
) -> Arg {
    Arg::new(name).long(name).help(help).value_parser(EnumValueParser::<T>::new())
}

async fn run(values: &ArgMatches, session: &mut Session) -> Done {
    let temporary = tempfile::Builder::new().prefix("sealwright-lab-").tempdir().map_err(folder)?;
    let place = match flags::text_of(values, "folder") {
        Some(path) => {
            let path = PathBuf::from(path);
            std::fs::create_dir_all(&path).map_err(folder)?;
            std::path::absolute(&path).map_err(folder)?
        }
        None => temporary.path().to_owned(),
    };
    let mut options = ServeOptions::new(place);
    options.lab = LabOptions {
        auth: chosen(values, "auth").unwrap_or(Auth::Acr),
        referrers: chosen(values, "referrers").unwrap_or(Referrers::Api),
        deletes: chosen(values, "deletes").unwrap_or(Deletes::Allowed),
        pushes: chosen(values, "pushes").unwrap_or(Pushes::Allowed),
        clock: session.clock.clone(),
        ..LabOptions::default()
    };
    serve(options, &mut session.streams.shared_stdout(), ended()).await.map_err(refused)?;
    Ok(())
}

fn chosen<T: Clone + Send + Sync + 'static>(values: &ArgMatches, name: &str) -> Option<T> {
    values.get_one::<T>(name).cloned()
}

/// SIGTERM or Ctrl-C.
async fn ended() {
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        if let Ok(mut terminate) = signal(SignalKind::terminate()) {
            tokio::select! {
                _ = terminate.recv() => {}
                _ = tokio::signal::ctrl_c() => {}
            }
            return;
        }
    }
    // without a handler the signal itself ends the process
    let _ = tokio::signal::ctrl_c().await;
}

/// The lab's own failures, worded for the user.
pub(super) fn refused(error: LabError) -> CliError {
    CliError::Lab(error.to_string())
}

fn folder(error: std::io::Error) -> CliError {
    CliError::File { what: "the lab's folder".to_owned(), reason: error.to_string() }
}
