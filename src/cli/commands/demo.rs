//! `demo`: signing with Key Vault and verifying, step by step, against a lab in this process.

use std::io::{Cursor, Write};
use std::path::Path;
use std::sync::{Arc, Mutex};

use clap::ArgMatches;

use super::lab::refused;
use super::{CommandSpec, Done, unchecked};
use crate::cli::error::CliError;
use crate::cli::session::Session;
use crate::cli::{Streams, run_at};
use crate::clock::Clock;
use crate::env::{Env, name};
use crate::lab::{Auth, Chain, IssueRequest, Lab, LabOptions};

const SUBJECT: &str = "CN=wabbit-networks.io,O=Notation,L=Seattle,ST=WA,C=US";
const CERTIFICATE: &str = "wabbit-networks-io";
const STORE: &str = "wabbit-networks.io";
const REPOSITORY: &str = "net-monitor";

pub const DEMO: CommandSpec = CommandSpec {
    path: &["demo"],
    usage: "demo",
    build: |command| {
        command.about("Sign and verify an image from beginning to end, against a lab on loopback").long_about(
            "Sign and verify an image from beginning to end\n\n\
             A certificate issued by a CA lies in a key vault, an image in a registry; both, and the CA, are a lab \
             on loopback. Each step is shown as the command you would type.",
        )
    },
    check: unchecked,
    run: |values, session| Box::pin(run(values, session)),
};

async fn run(_values: &ArgMatches, session: &mut Session) -> Done {
    let home = tempfile::Builder::new().prefix("sealwright-demo-").tempdir().map_err(file)?;
    let options =
        LabOptions { auth: Auth::Acr, clock: session.clock.clone(), ..LabOptions::default() };
    let lab = Lab::start(options).await.map_err(refused)?;
    let request = IssueRequest {
        subject: SUBJECT.to_owned(),
        chain: Chain::Three,
        ..IssueRequest::named(CERTIFICATE)
    };
    let issued = lab.issue(&request).map_err(refused)?;
    let digest = lab.push_image(REPOSITORY, "v1").map_err(refused)?;
    let unsigned = lab.push_image(REPOSITORY, "v2").map_err(refused)?;

    let image = format!("{}/{REPOSITORY}@{digest}", lab.registry_host());
    let stranger = format!("{}/{REPOSITORY}@{unsigned}", lab.registry_host());
    let root = home.path().join("root.crt");
    let policy = home.path().join("trustpolicy.json");
    write(&root, &issued.root_pem)?;
    write(&policy, &trust_policy(&format!("{}/{REPOSITORY}", lab.registry_host())))?;
    let mut tour = Tour {
        env: environment(&lab, home.path())?,
        clock: session.clock.clone(),
        streams: &mut session.streams,
        names: vec![
            (image.clone(), "$IMAGE"),
            (stranger.clone(), "$UNSIGNED"),
            (issued.key_id.clone(), "$KEY_ID"),
            (lab.extra_hosts(), "$LAB"),
            (root.display().to_string(), "root.crt"),
            (policy.display().to_string(), "./trustpolicy.json"),
        ],
    };
    let (image, key_id, hosts) = (image.as_str(), issued.key_id.as_str(), lab.extra_hosts());
    let (root, policy) = (root.display().to_string(), policy.display().to_string());

    tour.say("A registry, a key vault, Entra and a CA are up on loopback. The CA has issued a certificate into the")?;
    tour.say("vault, its chain beside it; two images are in the registry.")?;
    tour.say("")?;
    tour.set("IMAGE", image)?;
    tour.set("UNSIGNED", &stranger)?;
    tour.set("KEY_ID", key_id)?;
    tour.set("LAB", &hosts)?;
    tour.say("")?;
    tour.title("Sign the pushed digest with the key in the vault")?;
    let sign =
        ["sign", "--signature-format", "cose", image, "--id", key_id, "--plugin", "azure-kv"];
    tour.step(&with_hosts(&sign, &hosts), Expect::Success).await?;
    tour.title("List its signatures")?;
    tour.step(&with_hosts(&["ls", image], &hosts), Expect::Success).await?;
    tour.title("Trust the CA's root, and the subject of the certificate")?;
    let add = ["cert", "add", "--type", "ca", "--store", STORE, &root];
    tour.step(&add, Expect::Success).await?;
    tour.step(&["cert", "ls"], Expect::Success).await?;
    tour.step(&["policy", "import", &policy], Expect::Success).await?;
    tour.step(&["policy", "show"], Expect::Success).await?;
    tour.title("Verify")?;
    tour.step(&with_hosts(&["verify", image], &hosts), Expect::Success).await?;
    tour.title("Refuse what is not signed")?;
    tour.step(&with_hosts(&["verify", &stranger], &hosts), Expect::Failure).await?;
    tour.say("Done: signed, listed, trusted, verified; the unsigned image was refused. Nothing is left behind.")?;
    lab.stop().await;
    Ok(())
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Expect {
    Success,
    Failure,
}

/// Runs the program's own commands and shows them.
struct Tour<'a> {
    env: Env,
    clock: Arc<dyn Clock>,
    streams: &'a mut Streams,
    /// Long values and the names they are shown by.
    names: Vec<(String, &'static str)>,
}

impl Tour<'_> {
    fn say(&mut self, text: &str) -> Result<(), CliError> {
        self.streams.line(text)
    }

    fn title(&mut self, text: &str) -> Result<(), CliError> {
        self.say(&format!("# {text}"))
    }

    fn set(&mut self, variable: &str, value: &str) -> Result<(), CliError> {
        self.say(&format!("$ {variable}={value}"))
    }

    /// Shows a command, runs it, shows what it printed.
    async fn step(&mut self, arguments: &[&str], expect: Expect) -> Result<(), CliError> {
        let shown: Vec<&str> = arguments.iter().map(|a| self.shown(a)).collect();
        let command = format!("$ sealwright {}", shown.join(" "));
        self.say(&command)?;
        let progress = self.streams.spinner(&command);
        let output = Captured::default();
        let streams = Streams::piped(Cursor::new(Vec::new()), output.clone(), output.clone());
        let arguments = arguments.iter().map(|a| (*a).to_owned()).collect();
        let code = run_at(arguments, self.env.clone(), streams, self.clock.clone()).await;
        progress.finish_and_clear();
        for line in output.text().lines() {
            self.say(line)?;
        }
        self.say("")?;
        match (code, expect) {
            (0, Expect::Success) | (1.., Expect::Failure) => Ok(()),
            _ => Err(CliError::Lab(format!(
                "`{command}` ended with {code}, which is not what it should"
            ))),
        }
    }

    fn shown<'b>(&'b self, argument: &'b str) -> &'b str {
        self.names.iter().find(|(value, _)| value == argument).map_or(argument, |(_, name)| name)
    }
}

/// What a command printed, on both streams.
#[derive(Clone, Default)]
struct Captured(Arc<Mutex<Vec<u8>>>);

impl Captured {
    fn text(&self) -> String {
        String::from_utf8_lossy(&self.0.lock().expect("no panic holds this lock")).into_owned()
    }
}

impl Write for Captured {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().expect("no panic holds this lock").extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

fn with_hosts<'a>(arguments: &[&'a str], hosts: &'a str) -> Vec<&'a str> {
    let mut all = arguments.to_vec();
    all.extend(["--azure-extra-hosts", hosts]);
    all
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

fn trust_policy(scope: &str) -> String {
    format!(
        r#"{{
    "version": "1.0",
    "trustPolicies": [
        {{
            "name": "wabbit-networks-images",
            "registryScopes": [ "{scope}" ],
            "signatureVerification": {{ "level": "strict" }},
            "trustStores": [ "ca:{STORE}" ],
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
