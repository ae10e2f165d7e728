//! `vault merge`: the CA's answer in each form, and the wrong ones.

use super::*;

/// Certificates as `openssl crl2pkcs7 -nocrl` packs them.
fn p7b(certificates: &[Vec<u8>]) -> Vec<u8> {
    let signed_data = yasna::models::ObjectIdentifier::from_slice(&[1, 2, 840, 113549, 1, 7, 2]);
    let data = yasna::models::ObjectIdentifier::from_slice(&[1, 2, 840, 113549, 1, 7, 1]);
    yasna::construct_der(|writer| {
        writer.write_sequence(|writer| {
            writer.next().write_oid(&signed_data);
            writer.next().write_tagged(yasna::Tag::context(0), |writer| {
                writer.write_sequence(|writer| {
                    writer.next().write_u8(1);
                    writer.next().write_set(|_| ());
                    writer.next().write_sequence(|writer| writer.next().write_oid(&data));
                    writer.next().write_tagged_implicit(yasna::Tag::context(0), |writer| {
                        writer.write_set_of(|writer| {
                            for der in certificates {
                                writer.next().write_der(der);
                            }
                        });
                    });
                    writer.next().write_set(|_| ());
                });
            });
        });
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn a_p7b_is_merged_whatever_its_order() {
    let world = empty().await;
    requested(&world);
    let all: Vec<Vec<u8>> = answer(&world).iter().rev().map(|pem| der(pem)).collect();
    world.home.write("answer.p7b", p7b(&all));
    done(&world, "merge $HOME/answer.p7b");
    let shown = done(&world, "show");
    assert!(shown.contains("  1. CN=wabbit-networks.io"), "{shown}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_cas_answer_lacks_is_asked_for_by_name() {
    let world = empty().await;
    requested(&world);
    let [leaf, issuing, root] = answer(&world).try_into().expect("three certificates");
    world.home.write("leaf.pem", &leaf);
    world.home.write("root.pem", &root);
    world.home.write("issuing.pem", &issuing);
    insta::assert_snapshot!(fails(&world, "merge $HOME/leaf.pem $HOME/issuing.pem", &[]), @r#"
    [stderr]
    Error: the chain is not complete: "CN=wabbit Root CA,O=Sealwright Lab,ST=WA,C=US", which issued "CN=wabbit Issuing CA,O=Sealwright Lab,ST=WA,C=US", is not among the certificates given
    hint: take the certificate of that name from the CA, as PEM, DER or P7B, and give it too:
          sealwright vault merge --id https://v.vault.azure.net/certificates/wabbit $HOME/leaf.pem $HOME/issuing.pem <issuer.crt>
    [exit] 1
    "#);
    for line in ["merge $HOME/leaf.pem", "merge $HOME/leaf.pem $HOME/root.pem"] {
        fails(
            &world,
            line,
            &[
                "\"CN=wabbit Issuing CA,O=Sealwright Lab,ST=WA,C=US\", which issued \"CN=wabbit-networks.io,",
            ],
        );
    }
    // nothing was sent: the request still waits
    done(&world, "merge $HOME/leaf.pem $HOME/issuing.pem $HOME/root.pem");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_to_another_request_is_refused_with_the_names_it_holds() {
    let world = empty().await;
    requested(&world);
    world.home.write("answer.pem", answer(&world).concat());
    done(
        &world,
        &format!("csr --force --key-type ec-p256 --subject '{SUBJECT}' --out $HOME/wabbit.csr"),
    );
    fails(
        &world,
        "merge $HOME/answer.pem",
        &[
            "none of the 3 certificates given has the key of the pending request: \"CN=wabbit-networks.io",
            "hint: give the certificate that the CA issued for the latest request",
        ],
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_that_is_over_or_holds_strangers_is_refused() {
    let world = empty().await;
    requested(&world);
    let request = file(&world, "wabbit.csr");
    let old = world.lab.answer_request(&request, Chain::Two, Validity::expired()).expect("issued");
    world.home.write("old.pem", old.concat());
    fails(&world, "merge $HOME/old.pem", &["was invalid at", "; it is valid from "]);
    let good = world.lab.answer_request(&request, Chain::Two, Validity::default()).expect("issued");
    let other = world.lab.issue(&IssueRequest::named("other")).expect("issued");
    world.home.write("good.pem", format!("{}{}", good.concat(), other.root_pem));
    fails(&world, "merge $HOME/good.pem", &["left over", "hint: leave out the files"]);
    for (name, content) in [("empty.pem", ""), ("page.html", "<html></html>")] {
        world.home.write(name, content);
    }
    fails(&world, "merge $HOME/empty.pem", &["there is no certificate in it"]);
    fails(&world, "merge $HOME/page.html", &["page.html: x509: malformed certificate"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_for_another_certificate_is_not_believed() {
    use sealwright::lab::{Fault, Role, Route};
    let world = empty().await;
    requested(&world);
    world.home.write("answer.pem", answer(&world).concat());
    let other = world.lab.issue(&IssueRequest::named("wabbit")).expect("issued");
    let cer: String = other.leaf_pem.lines().filter(|line| !line.starts_with("-----")).collect();
    let body = format!(r#"{{"id":"{}","cer":"{cer}"}}"#, other.certificate_id);
    let route = Route::on(Role::Vault).method("POST").path("/pending/merge");
    world.lab.control().fault(route, Fault::Body(body.into()), 1);
    fails(
        &world,
        "merge $HOME/answer.pem",
        &["the vault answered another certificate than it was given"],
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_merge_whose_answer_was_lost_is_found_done() {
    use sealwright::lab::{Fault, Role, Route};
    let world = empty().await;
    requested(&world);
    world.home.write("answer.pem", answer(&world).concat());
    let route = Route::on(Role::Vault).method("POST").path("/pending/merge");
    world.lab.control().fault(route, Fault::LostAnswer, 1);
    done(&world, "merge $HOME/answer.pem");
    assert_eq!(world.lab.control().faults_left(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_flag_that_would_do_nothing_is_refused() {
    let world = empty().await;
    fails(&world, "show --out $HOME/root.crt", &["give --root, too"]);
    for flag in ["--key-type ec-p256".to_owned(), format!("--subject '{SUBJECT}'")] {
        fails(&world, &format!("csr --resume {flag}"), &["another one begins with --force"]);
    }
}
