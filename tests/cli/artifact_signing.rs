//! `sign --artifact-signing-…`: a certificate profile of Artifact Signing, behind Entra.

use insta::assert_snapshot;
use sealwright::lab::{
    Auth, Chain, Fault, IssueRequest, KeySpec, LabOptions, Role, Route, SigningProfile, Stamp,
};

use super::world::World;

/// An Azure registry, Entra credentials in the environment, and a policy that trusts the service's root
/// and the authority's.
async fn world() -> World {
    let options = LabOptions { auth: Auth::Acr, ..LabOptions::default() };
    let mut world = World::start(options).await;
    for line in world.lab.env_lines(&world.home.path("")).expect("written") {
        let (name, value) = line.split_once('=').expect("a variable");
        world.home.set(name, value);
    }
    let endpoint = world.lab.signing_endpoint();
    world.home.replace(endpoint.trim_end_matches('/'), "https://eus.codesigning.azure.net");
    world.home.write("publisher.crt", world.lab.signing_root_pem().expect("issued"));
    world.home.write("tsa.crt", world.lab.timestamp_root_pem());
    for line in ["ca --store publisher $HOME/publisher.crt", "tsa --store clock $HOME/tsa.crt"] {
        let added = world.run(&format!("cert add --type {line}"));
        assert!(added.ends_with("[exit] 0"), "{added}");
    }
    let identity = "x509.subject: C=US, ST=WA, O=Lab Publisher, CN=Lab Publisher";
    world.policy(|policy| {
        policy
            .replace(r#""ca:wabbit""#, r#""ca:publisher", "tsa:clock""#)
            .replace(r#"["*"]}]"#, &format!(r#"["{identity}"]}}]"#))
    });
    world
}

fn flags(world: &World, profile: &str) -> String {
    format!(
        "--azure-extra-hosts {} --artifact-signing-endpoint {} --artifact-signing-account {} --artifact-signing-profile {profile}",
        world.lab.extra_hosts(),
        world.lab.signing_endpoint(),
        world.lab.signing_account(),
    )
}

fn stamped(world: &World) -> String {
    let url = world.lab.timestamp_url(Stamp::Good);
    format!("--timestamp-url {url} --timestamp-root-cert $HOME/tsa.crt")
}

fn sign(world: &World, profile: &str, rest: &str) -> String {
    let line = format!("sign {} {} {rest}", flags(world, profile), stamped(world));
    world.run(&line)
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_profile_signs_verifies_by_its_root_and_subject() {
    let world = world().await;
    for format in ["jws", "cose"] {
        world.lab.control().reset();
        let rest = format!("--signature-format {format} --output json $IMAGE");
        let shown = sign(&world, "working", &rest);
        assert!(shown.ends_with("[exit] 0"), "{shown}");
        assert!(!shown.contains("Warning"), "{shown}");
        let key = r#""key": "https://eus.codesigning.azure.net/codesigningaccounts/lab-account/certificateprofiles/working""#;
        assert!(shown.contains(key), "{shown}");
        // the chain, the operation begun, and asked twice
        let counts = world.lab.control().counts();
        assert_eq!(counts[&Role::ArtifactSigning], 4, "{counts:?}");
        assert_eq!((counts[&Role::Entra], counts[&Role::Tsa]), (2, 1), "{counts:?}");
        assert!(!counts.contains_key(&Role::Vault), "{counts:?}");
    }
    let extra = format!("--azure-extra-hosts {}", world.lab.extra_hosts());
    let verified = world.run(&format!("verify {extra} $IMAGE"));
    assert!(verified.contains("Successfully verified signature"), "{verified}");
    let shown = world.run(&format!("inspect {extra} $IMAGE"));
    assert!(shown.contains("azure-artifactsigning"), "{shown}");
}

#[tokio::test(flavor = "multi_thread")]
async fn many_images_are_signed_side_by_side_with_one_chain() {
    let world = world().await;
    let host = world.lab.registry_host();
    let images: Vec<String> = (0..6)
        .map(|n| {
            let digest = world.lab.push_image(&format!("app-{n}"), "v1").expect("stored");
            format!("{host}/app-{n}@{digest}")
        })
        .collect();
    world.lab.control().reset();
    let shown = sign(&world, "published", &format!("--concurrency 3 {}", images.join(" ")));
    assert!(shown.ends_with("[exit] 0"), "{shown}");
    assert_eq!(shown.matches("Successfully signed ").count(), 6, "{shown}");
    let requests = world.lab.control().requests();
    let count = |part: &str| {
        let of = requests.iter().filter(|e| e.role == Role::ArtifactSigning);
        of.filter(|e| e.path.contains(part)).count()
    };
    assert_eq!((count("/certchain"), count(":sign"), count("/sign/")), (1, 6, 7));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_timestamped_signature_of_an_earlier_certificate_is_enough() {
    let world = world().await;
    let digest = world.image.split_once('@').expect("by digest").1;
    // it signs with another certificate than it shows, as on the day after
    for words in ["Successfully signed ", "Already signed ", "Already signed "] {
        let shown = sign(&world, "renewing", "--skip-signed $IMAGE");
        assert!(shown.contains(words), "{shown}");
        assert_eq!(world.lab.referrers("net-monitor", digest).len(), 1);
    }
    // a vault's certificate with the same subject and root name is another signer
    let issued = world.lab.issue(&IssueRequest {
        subject: "CN=Lab Publisher,O=Lab Publisher,L=Seattle,ST=WA,C=US".to_owned(),
        chain: Chain::Three,
        key: KeySpec::Rsa3072,
        ..IssueRequest::named("publisher")
    });
    let key_id = issued.expect("issued").key_id;
    let other = world.lab.push_image("other", "v1").expect("stored");
    let other = format!("{}/other@{other}", world.lab.registry_host());
    let extra = world.lab.extra_hosts();
    let by_vault =
        format!("sign --azure-extra-hosts {extra} --plugin azure-kv --id {key_id} {other}");
    assert!(world.run(&by_vault).ends_with("[exit] 0"));
    let shown = sign(&world, "working", &format!("--skip-signed {other}"));
    assert!(shown.contains("Successfully signed "), "{shown}");
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_pushed_where_no_signature_was_made() {
    let world = world().await;
    for (profile, words) in [
        ("failing", " ended as Failed: CertificateRevoked: The certificate of this profile"),
        ("unending", " is still InProgress after 0 seconds\nhint: sign again"),
        ("forging", " gave a signature that the key of the certificate \"CN=Lab Publisher,"),
        ("rootless", "Error: the certificate chain of https://eus.codesigning.azure.net/"),
        ("refusing", "ERROR: the service gave no reason\nhint: assign the role"),
        ("elsewhere", "Artifact Signing does not know https://eus.codesigning.azure.net/"),
        ("x", "\"x\" is no certificate profile of Artifact Signing"),
    ] {
        let shown = sign(&world, profile, "$IMAGE");
        assert!(shown.contains(words), "{profile}: {shown}");
        assert!(shown.ends_with("[exit] 1"), "{shown}");
    }
    let endpoint = flags(&world, "working").replace(&world.lab.signing_endpoint(), "https://a.b/");
    let shown = world.run(&format!("sign {endpoint} {} $IMAGE", stamped(&world)));
    let words = "Error: \"https://a.b/\" is not an endpoint of Artifact Signing\n";
    assert!(shown.contains(words), "{shown}");
    assert_eq!(world.lab.tags("net-monitor"), ["v1"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_throttled_service_is_asked_again_and_one_signature_is_pushed() {
    let world = world().await;
    let route = Route::on(Role::ArtifactSigning).method("POST");
    world.lab.control().fault(route, Fault::throttled(0), 1);
    let shown = sign(&world, SigningProfile::Published.name(), "$IMAGE");
    assert!(shown.ends_with("[exit] 0"), "{shown}");
    let digest = world.image.split_once('@').expect("by digest").1;
    assert_eq!(world.lab.referrers("net-monitor", digest).len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_flags_go_together_with_a_timestamp_and_without_another_key() {
    let world = world().await;
    world.lab.control().reset();
    let three = "--artifact-signing-endpoint https://eus.codesigning.azure.net --artifact-signing-account acc --artifact-signing-profile images";
    assert_snapshot!(world.run(&format!("sign {three} $IMAGE")), @r"
    [stderr]
    Error: certificates of Artifact Signing end after 72 hours, and with them a signature without a timestamp: give --timestamp-url and --timestamp-root-cert
    hint: --timestamp-url http://timestamp.acs.microsoft.com --timestamp-root-cert <file with the authority's root>
    [exit] 1
    ");
    let one = "sign --artifact-signing-account acc $IMAGE";
    assert_snapshot!(world.run(one), @r"
    [stderr]
    Error: if any flags in the group [artifact-signing-endpoint artifact-signing-account artifact-signing-profile] are set they must all be set; missing [artifact-signing-endpoint artifact-signing-profile]
    [exit] 1
    ");
    for other in ["--key k", "--id i --plugin azure-kv", "--plugin-config a=b"] {
        let line = format!("sign {three} {} {other} $IMAGE", stamped(&world));
        let shown = world.run(&line);
        assert!(shown.contains("are set none of the others can be"), "{shown}");
        assert!(shown.contains("artifact-signing-endpoint"), "{shown}");
        assert!(shown.ends_with("[exit] 1"), "{shown}");
    }
    assert!(world.lab.control().requests().is_empty());
}
