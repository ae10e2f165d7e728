//! `vault csr`: requests, versions, and what waits already.

use sealwright::lab::IssueRequest;

use super::*;

#[tokio::test(flavor = "multi_thread")]
async fn a_request_goes_to_the_standard_output_alone() {
    let world = empty().await;
    let shown = done(&world, &format!("csr --key-type ec-p384 --subject '{SUBJECT}'"));
    let (stdout, stderr) = shown.split_once("[stderr]\n").expect("notes beside the request");
    let pem = stdout.strip_prefix("[stdout]\n").expect("the request");
    assert!(pem.starts_with("-----BEGIN CERTIFICATE REQUEST-----\n"), "{shown}");
    assert!(pem.ends_with("-----END CERTIFICATE REQUEST-----\n"), "{shown}");
    assert!(stderr.contains("Next: give the request to the CA"), "{shown}");
    let answered = world.lab.answer_request(pem, Chain::Two, Validity::default());
    assert_eq!(answered.expect("byte by byte").len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_name_that_is_there_gets_a_new_version_with_a_new_key() {
    let (mut world, issued) = with_certificate(&IssueRequest::named("wabbit")).await;
    let shown = done(&world, "csr --out $HOME/wabbit.csr");
    assert!(
        shown.contains("wabbit is there already: this is a new version with a new key; version <version> signs until the CA's answer is merged"),
        "{shown}"
    );
    // the subject of the current one, since none was given
    assert!(
        shown.contains("Subject: CN=wabbit,O=Sealwright Lab,L=Seattle,ST=WA,C=US\n"),
        "{shown}"
    );
    let shown = done(&world, "show");
    assert!(shown.contains("Warning: a request for the next version waits for its CA"), "{shown}");
    world.home.write("answer.pem", answer(&world).concat());
    let shown = done(&world, "merge $HOME/answer.pem");
    let version = shown.split("/wabbit/").nth(1).expect("a version")[..32].to_owned();
    world.home.replace(&version, "<second>");
    let shown = done(&world, "show");
    assert!(shown.contains("keys/wabbit/<second>\n"), "{shown}");
    assert!(shown.contains("<second> ") && shown.contains("<version>"), "both are listed\n{shown}");
    assert!(!file(&world, "answer.pem").contains(&issued.leaf_pem));
    // a version by its id is shown as it is
    let older = run(&world, "show").replace("<second>", "");
    assert!(older.contains("Key:          EC-256"), "as the first one's\n{older}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_that_waits_is_told_written_again_or_thrown_away() {
    let world = empty().await;
    requested(&world);
    let first = file(&world, "wabbit.csr");
    let shown = fails(&world, &format!("csr --subject '{SUBJECT}'"), &[]);
    insta::assert_snapshot!(shown, @r"
    [stderr]
    Error: a certificate request of this name waits for its CA already
    hint: write the request again, for the CA: sealwright vault csr --resume --id https://v.vault.azure.net/certificates/wabbit
          when the CA has answered: sealwright vault merge --id https://v.vault.azure.net/certificates/wabbit <file>...
          to throw the request away with its key, and begin anew: sealwright vault csr --force --subject <subject> --id https://v.vault.azure.net/certificates/wabbit
    [exit] 1
    ");
    let again = done(&world, "csr --resume");
    assert!(again.contains(&first), "{again}");
    assert!(!again.contains("Warning"), "{again}");
    let shown = done(
        &world,
        &format!("csr --force --key-type ec-p256 --subject '{SUBJECT}' --out $HOME/wabbit.csr"),
    );
    assert!(shown.contains("The request that waited was thrown away, with its key"), "{shown}");
    assert_ne!(file(&world, "wabbit.csr"), first);
    answer(&world);
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_waits_where_nothing_was_asked_for() {
    let world = empty().await;
    for line in ["csr --resume", "merge $HOME/root.crt"] {
        world.home.write("root.crt", world.lab.ca_pem());
        fails(
            &world,
            line,
            &[
                "no certificate request of this name waits for its CA",
                "hint: begin with a request: sealwright vault csr",
            ],
        );
    }
    requested(&world);
    fails(&world, "show", &["not there yet: its request waits", "sealwright vault csr --resume"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn wrong_flags_are_refused_before_anything_is_asked() {
    let world = empty().await;
    world.lab.control().reset();
    for (line, part) in [
        ("csr --subject CN=wabbit", "no mandatory RDN attribute"),
        ("csr --subject O=a,ST=b,C=US", "has no common name (CN)"),
        ("csr --subject CN=w,O=a,ST=b,C=us", "two letters, not \"us\""),
        ("csr --key-type rsa-1024", "unsupported key type \"rsa-1024\""),
        ("csr --resume --force", "[force resume] were all set"),
        ("csr --vault v", "[id vault] were all set"),
        ("csr --credential-type magic", "Invalid credential type: magic"),
        ("self-signed --months 0 --subject CN=w,O=a,ST=b,C=US", "from 1 to 1200"),
        ("self-signed", "a new certificate needs a subject"),
        ("merge", "missing the file"),
        ("import", "missing the file"),
        ("merge $HOME/nowhere.pem", "nowhere.pem: no such file or directory"),
        ("show --output yaml", "unrecognized output format yaml"),
    ] {
        fails(&world, line, &[part]);
    }
    let shown = world.run("vault show --vault wabbit");
    assert!(shown.contains("required flag(s) \"name\" not set"), "{shown}");
    let shown = world.run("vault show --vault https://attacker.example --name wabbit");
    assert!(shown.contains("is not an Azure Key Vault host"), "{shown}");
    assert_eq!(world.lab.control().requests().len(), 0);
    fails(&world, "csr", &["a new certificate needs a subject", "hint: --subject 'CN="]);
}
