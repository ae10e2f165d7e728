//! Signatures that name a verification plugin: notation-go and sealwright ask the same plugin the same, and
//! come to the same; where sealwright refuses more, the reason stands beside it.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use crate::cell::{Bench, Cell, Check as _, Format, Registry};
use crate::plugin::sign_with;
use crate::world::World;
use crate::{expect, matrix, peer, tester};

const CHAIN: (&str, u8) = ("rsa2048", 2);
const STRICT: &str = r#"{"level":"strict"}"#;
const AUDIT: &str = r#"{"level":"audit"}"#;
const UNCHECKED: &str = r#"{"level":"strict","override":{"revocation":"skip"}}"#;

/// What both come to.
#[derive(Debug, Clone, Copy)]
enum Verdict {
    Good,
    Refused,
    /// notation-go takes it, sealwright refuses it: for this reason.
    Stricter(&'static str),
}

/// The signature's critical attributes, what the verifier tells the plugin, and the level.
type Row = (&'static str, &'static str, &'static str, Verdict);

const PLUGIN: &str = "io.cncf.notary.verificationPlugin=tester";
const WITH: &str = "io.cncf.notary.verificationPlugin=tester,com.example.a=1";

const TABLE: [Row; 17] = {
    use Verdict::{Good, Refused, Stricter};
    [
        (PLUGIN, "", STRICT, Good),
        (WITH, "", STRICT, Good),
        (WITH, "processed=com.example.b", STRICT, Refused),
        (WITH, "processed=number", STRICT, Refused),
        (PLUGIN, "identity=fail:nobody", STRICT, Refused),
        (PLUGIN, "identity=fail:nobody", AUDIT, Good),
        (PLUGIN, "revocation=fail:gone", STRICT, Refused),
        (PLUGIN, "revocation=fail:gone", AUDIT, Good),
        (PLUGIN, "revocation=fail:gone", UNCHECKED, Good),
        (PLUGIN, "results=none", STRICT, Refused),
        (PLUGIN, "capabilities=RAW", STRICT, Refused),
        (PLUGIN, "version=1.0", STRICT, Refused),
        (PLUGIN, "misbehave=error", AUDIT, Refused),
        (
            "io.cncf.notary.verificationPlugin=tester,io.cncf.notary.verificationPluginMinVersion=1.0.1",
            "",
            STRICT,
            Refused,
        ),
        ("io.cncf.notary.verificationPlugin=absent", "", STRICT, Refused),
        ("com.example.a=1", "", STRICT, Stricter("nobody understood a critical attribute")),
        (
            WITH,
            "capabilities=REVOCATION",
            UNCHECKED,
            Stricter("nobody processed a critical attribute: the plugin has nothing to check"),
        ),
    ]
};

#[test]
fn notation_go_and_sealwright_ask_the_same_and_come_to_the_same() {
    let title = "verification plugins, both";
    let Some((world, log)) = open(title) else { return };
    let mut problems = Vec::new();
    // one after the other: they share the plugin's log
    for row in TABLE {
        if let Verdict::Stricter(reason) = row.3 {
            peer::say(&format!("sealwright alone refuses {} {}: {reason}", row.0, row.1));
        }
        for format in Format::ALL {
            let cell = Cell::new(*format, CHAIN.0, CHAIN.1, Registry::TagSchema);
            if let Err(problem) = hold(&Bench { world: &world, cell }, &log, row) {
                problems.push(format!("{} {row:?}: {problem}", format.name()));
            }
        }
    }
    peer::say(&format!("{title}: {} cells", TABLE.len() * Format::ALL.len()));
    assert!(problems.is_empty(), "{}", problems.join("\n"));
}

fn hold(cell: &Bench<'_>, log: &Path, row: Row) -> Result<(), String> {
    let (critical, config, level, verdict) = row;
    trust(cell.world, "ca:peers", level);
    let image = cell.world.image(cell.registry, &cell.repository("verifier"))?;
    sign_with(cell, &image, &[format!("--plugin-config=critical={critical}")])?;
    asked(log);
    let flag = (!config.is_empty()).then(|| format!("--plugin-config={config}"));
    let flags: Vec<String> = flag.into_iter().collect();
    let theirs = cell.peer_verify(&image, &flags);
    let asked_by_them = asked(log);
    let ours = cell.verify(&image, &flags)?.succeeds();
    let asked_by_us = asked(log);
    let (takes, we_take) = match verdict {
        Verdict::Good => (true, true),
        Verdict::Refused => (false, false),
        Verdict::Stricter(_) => (true, false),
    };
    (theirs.is_ok() == takes).or(|| format!("notation-go: {theirs:?}"))?;
    match ours {
        Ok(_) => we_take.or(|| "sealwright takes it".to_owned()),
        Err(words) => (!we_take).or(|| words),
    }?;
    expect::equal("what the plugin was asked", &asked_by_us, &asked_by_them)
}

/// notation-go runs a plugin whoever signed; sealwright only for who is trusted, and refuses where
/// audit logs that nobody is.
#[test]
fn a_plugin_that_a_stranger_names_runs_for_notation_go_alone() {
    let title = "a stranger's plugin";
    let Some((world, log)) = open(title) else { return };
    let cell = Cell::new(Format::Cose, CHAIN.0, CHAIN.1, Registry::TagSchema);
    let root = world.chain("p256-1").join("root.pem");
    let store = world.config().join("truststore/x509/ca/others");
    fs::create_dir_all(&store).expect("made");
    fs::copy(root, store.join("root.pem")).expect("copied");
    matrix::run_some(title, &world, &[cell], |cell, image| {
        sign_with(cell, image, &[format!("--plugin-config=critical={PLUGIN}")])?;
        for (level, takes) in [(STRICT, false), (AUDIT, true)] {
            trust(&world, "ca:others", level);
            let _ = fs::remove_file(&log);
            let theirs = cell.peer_verify(image, &[]);
            (theirs.is_ok() == takes).or(|| format!("notation-go: {theirs:?}"))?;
            (!asked(&log).is_empty()).or(|| "notation-go ran nothing".to_owned())?;
            cell.verify(image, &[])?.fails_saying(&[])?;
            expect::equal("runs for sealwright", &asked(&log), &Vec::new())?;
        }
        Ok(())
    });
}

/// A world with the test plugin, which writes what it is asked to the file returned.
fn open(title: &str) -> Option<(World, PathBuf)> {
    let python = tester::python(title)?;
    let world = World::open(title)?;
    let log = world.config().join("plugin.log");
    let files = world.chain(&format!("{}-{}", CHAIN.0, CHAIN.1));
    let settings = json!({
        "capabilities": "ENVELOPE,IDENTITY,REVOCATION",
        "log": log,
        "key": files.join("key.pem"),
        "chain": files.join("chain.pem"),
    });
    tester::place(&world.config().join("plugins"), "tester", &python, &settings);
    Some((world, log))
}

fn trust(world: &World, store: &str, verification: &str) {
    let verification: Value = serde_json::from_str(verification).expect("JSON");
    let identities = ["x509.subject: C=US, ST=WA, O=Peer\\, Inc.", "com.example.team: a & <b>"];
    let policy = json!({ "version": "1.0", "trustPolicies": [{
        "name": "p",
        "registryScopes": ["*"],
        "signatureVerification": verification,
        "trustStores": [store],
        "trustedIdentities": identities,
    }]});
    fs::write(world.config().join("trustpolicy.json"), policy.to_string()).expect("written");
}

/// What the plugin was asked since the last time: each command with its request as written, member by
/// member.
fn asked(log: &Path) -> Vec<String> {
    let text = fs::read_to_string(log).unwrap_or_default();
    let _ = fs::remove_file(log);
    text.lines().map(str::to_owned).collect()
}
