//! What plugins sign through sealwright, notation-go verifies, and sealwright too.

use serde_json::json;

use crate::cell::{Bench, Cell, Check as _, Format, Registry};
use crate::world::World;
use crate::{expect, matrix, tester};

/// The chains of RSA that the test plugin's keys have.
const CHAINS: [(&str, u8); 3] = [("rsa2048", 1), ("rsa3072", 2), ("rsa4096", 3)];

#[test]
fn notation_go_verifies_what_plugins_sign() {
    let title = "plugins sign, peer verifies";
    let Some(python) = tester::python(title) else { return };
    for (kind, capability) in [("raw", "RAW"), ("envelope", "ENVELOPE")] {
        let title = format!("{title}: {capability}");
        let Some(world) = World::open(&title) else { return };
        let plugins = world.config().join("plugins");
        tester::place(&plugins, "tester", &python, &json!({ "capabilities": capability }));
        matrix::run_some(&title, &world, &cells(), |cell, image| {
            let signed = sign(cell, image)?;
            let verified = cell.peer_verify(image, &[])?;
            expect::facts(cell, &verified)?;
            expect::storage(cell, image, &verified, &signed)?;
            let agent = verified["signingAgent"].as_str().unwrap_or_default();
            (agent.ends_with("tester/1.0.0")
                && agent.starts_with("sealwright/") == (kind == "raw"))
                .or(|| format!("the agent is {agent}"))?;
            cell.verify(image, &[])?
                .succeeds()?
                .prints(&format!("Successfully verified signature for {image}\n"))
        });
    }
}

fn cells() -> Vec<Cell> {
    let mut cells = Vec::new();
    for (suite, length) in CHAINS {
        for format in Format::ALL {
            for registry in Registry::ALL {
                cells.push(Cell::new(*format, suite, length, *registry));
            }
        }
    }
    cells
}

fn sign(cell: &Bench<'_>, image: &str) -> Result<String, String> {
    sign_with(cell, image, &[])
}

/// `sealwright sign --plugin`; the signature's digest.
pub fn sign_with(cell: &Bench<'_>, image: &str, flags: &[String]) -> Result<String, String> {
    let files = cell.world.chain(&cell.chain());
    let mut arguments: Vec<String> = [
        "sign",
        "--plugin=tester",
        "--id=k",
        &format!("--signature-format={}", cell.format.name()),
        &format!("--plugin-config=key={}", files.join("key.pem").display()),
        &format!("--plugin-config=chain={}", files.join("chain.pem").display()),
    ]
    .map(str::to_owned)
    .to_vec();
    if cell.registry == Registry::ReferrersApi {
        arguments.push("--force-referrers-tag=false".to_owned());
    }
    arguments.extend_from_slice(flags);
    arguments.push(image.to_owned());
    let answer = cell.world.sealwright(&arguments)?.succeeds()?;
    let digest = answer.stdout.trim_end().rsplit('@').next().unwrap_or_default();
    Ok(digest.to_owned())
}
