//! Files signed by a key in a vault, with a timestamp, and with a chain that is asked about.

use std::sync::Arc;

use sealwright::clock::{Clock as _, ManualClock, SystemClock};
use sealwright::lab::{LabOptions, Role, Stamp};

use super::POLICY;
use crate::azure::{azure, command};
use crate::world::World;

#[tokio::test(flavor = "multi_thread")]
async fn a_key_in_a_vault_signs_a_file() {
    let (world, issued) = azure(LabOptions::default()).await;
    world.home.write("file.bin", "hello\n");
    let run = |line: &str| command(&world, &issued, line);
    let sign = "blob sign $EXTRA --id $KEY_ID --plugin azure-kv";
    assert_eq!(
        run(&format!("{sign} $HOME/file.bin")),
        "[stdout]\nSuccessfully signed $HOME/file.bin\n Signature file written to $HOME/file.bin.jws.sig\n[exit] 0"
    );
    world.home.write(".config/notation/trustpolicy.blob.json", POLICY.replace("wabbit", "vault"));
    run("cert add --type ca --store vault $HOME/root.crt");
    let verified = run("blob verify -s $HOME/file.bin.jws.sig $HOME/file.bin");
    assert!(
        verified.ends_with("Successfully verified signature for $HOME/file.bin\n[exit] 0"),
        "{verified}"
    );
    let json = run(&format!("{sign} --force -o json --plugin-config ca_cert=x $HOME/file.bin"));
    assert!(
        json.contains("\"key\": \"https://v.vault.azure.net/keys/wabbit/<version>\""),
        "{json}"
    );
    assert!(json.contains("Warning: azure-kv has no setting \"ca_cert\""), "{json}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_timestamp_is_attached_and_verified() {
    // `cert generate-test` makes certificates that begin now: no timestamp of this second fits
    let clock = Arc::new(ManualClock::at(SystemClock::new().now() + time::Duration::HOUR));
    let world = World::start(LabOptions { clock, ..LabOptions::default() }).await;
    world.home.write("tsa.pem", world.lab.timestamp_root_pem());
    world.home.write("file.bin", "hello\n");
    let policy = POLICY.replace(r#""ca:wabbit""#, r#""ca:wabbit", "tsa:clock""#);
    world.home.write(".config/notation/trustpolicy.blob.json", policy);
    world.run("cert add --type tsa --store clock $HOME/tsa.pem");
    let verify = "blob verify -s $HOME/file.bin.cose.sig $HOME/file.bin";
    let sign = "blob sign --signature-format cose --force $HOME/file.bin";
    world.run(sign);
    let shown = world.run(verify);
    assert!(
        shown.contains(
            "Error: signature verification failed: no timestamp countersignature was found"
        ),
        "{shown}"
    );
    assert!(
        shown.contains(
            "hint: sign the file again with a timestamp: sealwright blob sign --timestamp-url"
        ),
        "{shown}"
    );
    world.lab.control().forget();
    let url = world.lab.timestamp_url(Stamp::Good);
    let signed =
        world.run(&format!("{sign} --timestamp-url {url} --timestamp-root-cert $HOME/tsa.pem"));
    assert!(signed.ends_with("[exit] 0"), "{signed}");
    assert_eq!(world.lab.control().counts()[&Role::Tsa], 1);
    let shown = world.run(verify);
    assert!(shown.contains("Successfully verified signature for $HOME/file.bin"), "{shown}");
    let shown = world.run("blob inspect $HOME/file.bin.cose.sig");
    for words in ["── timestamp signature\n", "── timestamp: ["] {
        assert!(shown.contains(words), "{shown}");
    }
}
