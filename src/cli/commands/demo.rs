//! `demo`: signing with Key Vault and verifying, step by step, against a lab in this process.

mod later;
mod tour;

use std::path::Path;
use std::sync::Arc;

use clap::ArgMatches;

use super::lab::refused;
use super::{CommandSpec, Done, unchecked};
use crate::cli::error::CliError;
use crate::cli::session::Session;
use crate::clock::ShiftedClock;
use crate::env::{Env, name};
use crate::lab::{Auth, Chain, IssueRequest, Lab, LabOptions, Validity};
use later::Scene;
use tour::{Expect, Tour, with_hosts};

const SUBJECT: &str = "CN=wabbit-networks.io,O=Notation,L=Seattle,ST=WA,C=US";
const CERTIFICATE: &str = "wabbit-networks-io";
const STORE: &str = "wabbit-networks.io";
const REPOSITORY: &str = "net-monitor";
/// How long the signing certificate is valid.
const CERTIFICATE_DAYS: u32 = 90;

pub const DEMO: CommandSpec = CommandSpec {
    path: &["demo"],
    usage: "demo",
    build: |command| {
        command.about("Sign and verify an image from beginning to end, against a lab on loopback").long_about(
            "Sign and verify an image from beginning to end\n\n\
             A certificate issued by a CA lies in a key vault, images in a registry; both, and the CA, are a lab \
             on loopback. Each step is shown as the command you would type. In the end the certificate \
             expires, and a timestamp keeps a signature good: the lab moves its clock, nobody waits.",
        )
    },
    check: unchecked,
    run: |values, session| Box::pin(run(values, session)),
};

async fn run(_values: &ArgMatches, session: &mut Session) -> Done {
    let home = tempfile::Builder::new().prefix("sealwright-demo-").tempdir().map_err(file)?;
    let clock = Arc::new(ShiftedClock::new(session.clock.clone()));
    let options = LabOptions { auth: Auth::Acr, clock: clock.clone(), ..LabOptions::default() };
    let lab = Lab::start(options).await.map_err(refused)?;
    let ends = time::Duration::days(CERTIFICATE_DAYS.into());
    let request = IssueRequest {
        subject: SUBJECT.to_owned(),
        chain: Chain::Three,
        validity: Validity { ends, ..Validity::default() },
        ..IssueRequest::named(CERTIFICATE)
    };
    let issued = lab.issue(&request).map_err(refused)?;
    let repository = format!("{}/{REPOSITORY}", lab.registry_host());
    let image = |tag| -> Result<String, CliError> {
        let digest = lab.push_image(REPOSITORY, tag).map_err(refused)?;
        Ok(format!("{repository}@{digest}"))
    };
    let (image, unsigned, stamped) = (image("v1")?, image("v2")?, image("v3")?);
    let mut tour = Tour {
        env: environment(&lab, home.path())?,
        clock: clock.clone(),
        streams: &mut session.streams,
        names: vec![
            (image.clone(), "$IMAGE"),
            (unsigned.clone(), "$UNSIGNED"),
            (stamped.clone(), "$STAMPED"),
            (issued.key_id.clone(), "$KEY_ID"),
            (lab.extra_hosts(), "$LAB"),
        ],
    };
    let root = tour.file(home.path(), "root.crt", "root.crt");
    let policy_file = tour.file(home.path(), "trustpolicy.json", "./trustpolicy.json");
    write(Path::new(&root), &issued.root_pem)?;
    write(Path::new(&policy_file), &trust_policy(&repository, &Asked::NoTimestamp))?;
    let (key_id, hosts) = (issued.key_id.as_str(), lab.extra_hosts());

    tour.say("A registry, a key vault, Entra and a CA are up on loopback. The CA has issued a certificate into the")?;
    tour.say("vault, its chain beside it; images are in the registry.")?;
    tour.say("")?;
    tour.set("IMAGE", &image)?;
    tour.set("UNSIGNED", &unsigned)?;
    tour.set("KEY_ID", key_id)?;
    tour.set("LAB", &hosts)?;
    tour.say("")?;
    tour.title("Sign the pushed digest with the key in the vault")?;
    let sign =
        ["sign", "--signature-format", "cose", &image, "--id", key_id, "--plugin", "azure-kv"];
    tour.step(&with_hosts(&sign, &hosts), Expect::Success).await?;
    tour.title("List its signatures")?;
    tour.step(&with_hosts(&["ls", &image], &hosts), Expect::Success).await?;
    tour.title("Trust the CA's root, and the subject of the certificate")?;
    let add = ["cert", "add", "--type", "ca", "--store", STORE, &root];
    tour.step(&add, Expect::Success).await?;
    tour.step(&["cert", "ls"], Expect::Success).await?;
    tour.step(&["policy", "import", &policy_file], Expect::Success).await?;
    tour.step(&["policy", "show"], Expect::Success).await?;
    tour.title("Verify")?;
    tour.step(&with_hosts(&["verify", &image], &hosts), Expect::Success).await?;
    tour.title("Refuse what is not signed")?;
    tour.step(&with_hosts(&["verify", &unsigned], &hosts), Expect::Failure).await?;
    let scene = Scene {
        lab: &lab,
        clock: &clock,
        home: home.path(),
        repository: &repository,
        image: &image,
        stamped: &stamped,
        key_id,
    };
    later::walk(&mut tour, &scene).await?;
    tour.say("Done: signed, listed, trusted, verified; the unsigned image was refused, and so was a signature whose")?;
    tour.say("certificate has expired, unless it was timestamped. Nothing is left behind.")?;
    lab.stop().await;
    Ok(())
}

/// What a policy asks of a signature's time.
enum Asked<'a> {
    NoTimestamp,
    /// From an authority of this trust store; the rule is `always` or `afterCertExpiry`.
    Timestamp {
        store: &'a str,
        rule: &'a str,
    },
}

/// The lab's variables and a home of the demo's own; nothing of the user's.
fn environment(lab: &Lab, home: &Path) -> Result<Env, CliError> {
    let lines = lab.env_lines(home).map_err(refused)?;
    let mut env: Env = lines
        .iter()
        .filter_map(|line| line.split_once('='))
        .map(|(key, value)| (key.to_owned(), value.to_owned()))
        .collect();
    for (key, folder) in
        [(name::HOME, ""), (name::NOTATION_CONFIG, "notation"), (name::DOCKER_CONFIG, "docker")]
    {
        env = env.with(key, &home.join(folder).to_string_lossy());
    }
    Ok(env)
}

fn trust_policy(scope: &str, asked: &Asked<'_>) -> String {
    let (rule, store) = match asked {
        Asked::NoTimestamp => (String::new(), String::new()),
        Asked::Timestamp { store, rule } => {
            (format!(r#", "verifyTimestamp": "{rule}""#), format!(r#", "tsa:{store}""#))
        }
    };
    format!(
        r#"{{
    "version": "1.0",
    "trustPolicies": [
        {{
            "name": "wabbit-networks-images",
            "registryScopes": [ "{scope}" ],
            "signatureVerification": {{ "level": "strict"{rule} }},
            "trustStores": [ "ca:{STORE}"{store} ],
            "trustedIdentities": [ "x509.subject: {SUBJECT}" ]
        }}
    ]
}}
"#
    )
}

fn write(path: &Path, text: &str) -> Result<(), CliError> {
    std::fs::write(path, text)
        .map_err(|e| CliError::File { what: path.display().to_string(), reason: e.to_string() })
}

fn file(error: std::io::Error) -> CliError {
    CliError::File { what: "the demo's folder".to_owned(), reason: error.to_string() }
}
