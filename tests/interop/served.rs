//! notation-go runs this program as its plugin azure-kv; what it signs, both verify.

use std::path::{Path, PathBuf};

use sealwright::lab::{Auth, Chain, IssueRequest, KeySpec, Lab, LabOptions};
use serde_json::{Value, json};

use crate::cell::{Format, Registry};
use crate::peer;
use crate::world::World;

/// The plugins directory with this program in it, a configuration, and an environment with credentials.
struct Desk {
    folder: tempfile::TempDir,
    environment: Vec<(String, PathBuf)>,
}

impl Desk {
    fn new(lab: &Lab) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let plugin = folder.path().join("plugins/azure-kv");
        std::fs::create_dir_all(&plugin).expect("made");
        let name = format!("notation-azure-kv{}", std::env::consts::EXE_SUFFIX);
        std::fs::copy(program(), plugin.join(name)).expect("installed");
        let lines = lab.env_lines(folder.path()).expect("written");
        let pairs = lines.iter().filter_map(|line| line.split_once('='));
        let mut environment: Vec<(String, PathBuf)> =
            pairs.map(|(name, value)| (name.to_owned(), value.into())).collect();
        environment.push(("HOME".to_owned(), folder.path().join("home")));
        environment.push(("NOTATION_CONFIG".to_owned(), folder.path().join("config")));
        Self { folder, environment }
    }

    /// Trusts one more root.
    fn trust(&self, name: &str, root_pem: &str) {
        let config = self.folder.path().join("config");
        let store = config.join("truststore/x509/ca/lab");
        std::fs::create_dir_all(&store).expect("made");
        std::fs::write(store.join(format!("{name}.pem")), root_pem).expect("written");
        let policy = json!({
            "version": "1.0",
            "trustPolicies": [{
                "name": "lab",
                "registryScopes": ["*"],
                "signatureVerification": { "level": "strict", "override": { "revocation": "skip" } },
                "trustStores": ["ca:lab"],
                "trustedIdentities": ["*"],
            }],
        });
        std::fs::write(config.join("trustpolicy.json"), policy.to_string()).expect("written");
    }

    fn run(&self, program: &Path, arguments: &[String]) -> Result<peer::Answer, String> {
        let environment: Vec<(&str, &Path)> =
            self.environment.iter().map(|(name, value)| (name.as_str(), value.as_path())).collect();
        peer::run(program, arguments, &environment)
    }

    fn signs(&self, world: &World, lab: &Lab, key: KeySpec, format: Format) -> Result<(), String> {
        let name = format!("{key:?}-{}", format.name()).to_lowercase();
        let request = IssueRequest { key, chain: Chain::Three, ..IssueRequest::named(&name) };
        let issued = lab.issue(&request).expect("issued");
        self.trust(&name, &issued.root_pem);
        let image = world.image(Registry::TagSchema, &name)?;
        let plugins = self.folder.path().join("plugins");
        let sign = [
            "sign-plugin".to_owned(),
            format!("--ref={image}"),
            format!("--format={}", format.name()),
            format!("--plugins={}", plugins.display()),
            "--plugin=azure-kv".to_owned(),
            format!("--id={}", issued.key_id),
            format!("--config=azure_extra_hosts={}", lab.extra_hosts()),
        ];
        self.run(&world.peer, &sign)?.succeeds()?;
        let config = self.folder.path().join("config");
        let verify = [
            "verify".to_owned(),
            format!("--ref={image}"),
            format!("--config={}", config.display()),
        ];
        let answer = self.run(&world.peer, &verify)?.succeeds()?;
        let verified: Value = serde_json::from_str(&answer.stdout).map_err(|e| e.to_string())?;
        let agent = verified["signingAgent"].as_str().unwrap_or_default();
        if !agent.ends_with("azure-kv/1.2.1") {
            return Err(format!("the agent is {agent}"));
        }
        let ours = self.run(program(), &["verify".to_owned(), image])?;
        ours.succeeds().map(drop)
    }
}

fn program() -> &'static Path {
    Path::new(env!("CARGO_BIN_EXE_sealwright"))
}

#[test]
fn notation_gos_host_signs_with_every_kind_of_key() {
    let Some(world) = World::open("this program as notation-go's plugin") else { return };
    let options = LabOptions { auth: Auth::Acr, ..LabOptions::default() };
    let lab = Lab::start_apart(options).expect("the lab starts");
    let desk = Desk::new(&lab);
    for key in KeySpec::ALL {
        for format in Format::ALL {
            desk.signs(&world, &lab, key, *format)
                .unwrap_or_else(|problem| panic!("{key:?} {}: {problem}", format.name()));
        }
    }
}
