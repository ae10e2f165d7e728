//! What no lab can break: facts that contradict each other.

use time::macros::datetime;

use super::*;
use crate::crypto::VerifyError;
use crate::x509::testing;

fn facts() -> Facts {
    let none = || "nobody asked".to_owned();
    let chain = testing::chain(2);
    let certificate = VaultCertificate {
        leaf: chain[0].clone(),
        version: "aa".into(),
        exportable: Some(false),
        content_type: None,
    };
    let secret = VaultSecret {
        version: "aa".into(),
        content_type: "application/x-pem-file".into(),
        certificates: chain.clone(),
    };
    Facts {
        now: datetime!(2030-01-01 00:00 UTC),
        identity: Asked::Not(none()),
        azure_cli: Asked::Not(none()),
        signing: Signing {
            key: Asked::Answered("k".into()),
            chain: Asked::Answered(chain),
            signer: Asked::Answered(()),
        },
        vault: Vault {
            names: Some(("v".into(), "c".into())),
            required: Required::Needed,
            certificate: Asked::Answered(certificate),
            latest: Asked::Not(none()),
            secret: Asked::Answered(secret),
            sign: Asked::Answered(KeySignature { version: "aa".into(), fits: Asked::Answered(()) }),
            strangers: Asked::Answered(Some(0)),
        },
        image: None,
        repository: Repository {
            answers: Asked::Not(none()),
            credential: None,
            pull: Asked::Not(none()),
            push: Asked::Not(none()),
            delete: Asked::Not(none()),
            referrers_api: Asked::Not(none()),
        },
        timestamp: Asked::Not(none()),
        server_clocks: Vec::new(),
        trust: Trust {
            policy: Asked::Not(none()),
            statement: Asked::Not(none()),
            stores: Stores::default(),
            verdict: Asked::Not(none()),
        },
    }
}

fn finding(facts: &Facts, check: &str) -> Finding {
    let found = examine(facts).into_iter().find(|finding| finding.check == check);
    found.expect("the check")
}

#[test]
fn versions_that_are_not_in_step_are_told_apart() {
    let mut facts = facts();
    assert_eq!(finding(&facts, "vault-versions").mark, Mark::Passed);
    facts.vault.sign =
        Asked::Answered(KeySignature { version: "bb".into(), fits: Asked::Answered(()) });
    let found = finding(&facts, "vault-versions");
    assert_eq!(
        (found.mark, found.because.as_slice()),
        (Mark::Noted, &["the key is at version bb".to_owned()][..])
    );
    assert!(found.hint.expect("a command").contains("list-versions --vault-name v -n c"));
}

#[test]
fn a_key_that_is_not_the_certificates_fails() {
    let mut facts = facts();
    facts.vault.sign = Asked::Answered(KeySignature {
        version: "aa".into(),
        fits: Asked::Refused(VerifyError.into()),
    });
    let found = finding(&facts, "vault-key-sign");
    assert_eq!((found.mark, found.code), (Mark::Failed, Some("crypto-signature-invalid")));
    assert!(!is_well(&examine(&facts)));
}

#[test]
fn a_slow_az_is_noted() {
    let mut facts = facts();
    let took = |seconds| {
        let token_took = Some(std::time::Duration::from_secs(seconds));
        Asked::Answered(AzureCli { version: "2.77.0".into(), token_took })
    };
    facts.azure_cli = took(2);
    assert_eq!(finding(&facts, "azure-cli").mark, Mark::Passed);
    facts.azure_cli = took(9);
    let found = finding(&facts, "azure-cli");
    assert_eq!(found.mark, Mark::Noted);
    assert_eq!(found.text, "az 2.77.0 is signed in; a token takes 9.0 s");
}

#[test]
fn one_server_with_a_wrong_clock_accuses_nobody() {
    let mut facts = facts();
    let hour = time::Duration::HOUR;
    facts.server_clocks = vec![("a.io".into(), hour), ("b.io".into(), time::Duration::SECOND)];
    assert_eq!(finding(&facts, "clock").mark, Mark::Passed);
    facts.server_clocks = vec![("a.io".into(), hour), ("b.io".into(), -hour)];
    assert_eq!(finding(&facts, "clock").mark, Mark::Failed);
}
