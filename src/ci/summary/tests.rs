//! Summaries as a reader sees them.

use insta::assert_snapshot;

use super::*;
use crate::ci::report::{CheckReport, ErrorReport, PluginReport, PolicyReport, SignerReport};
use crate::registry::Reference;

const LIMIT: usize = 1_000_000;

fn image(text: &str) -> ImageReport {
    ImageReport::rehearsed(&Reference::parse(text).unwrap())
}

fn signer() -> Option<SignerReport> {
    Some(SignerReport {
        subject: "CN=wabbit-networks.io,O=Notary,C=US".into(),
        thumbprint: "00".into(),
        not_after: "2027-01-02T03:04:05Z".into(),
    })
}

fn signed(name: &str) -> ImageReport {
    ImageReport {
        outcome: Outcome::Signed,
        signature: Some(format!("sha256:{}", "cd".repeat(32))),
        signer: signer(),
        key: Some("https://v.vault.azure.net/keys/wabbit/1".into()),
        ..image(&format!("r.io/{name}@sha256:{}", "ab".repeat(32)))
    }
}

fn failed(name: &str, error: ErrorReport) -> ImageReport {
    ImageReport { outcome: Outcome::Failed, error: Some(error), ..image(&format!("r.io/{name}")) }
}

fn denied(name: &str) -> ErrorReport {
    ErrorReport {
        code: "registry-denied",
        message: format!("r.io/{name}: push is denied"),
        because: vec!["the token carries no `push`".into()],
        hint: Some("az role assignment create --role AcrPush".into()),
    }
}

fn check(check: &'static str, action: &'static str, outcome: &'static str) -> CheckReport {
    CheckReport { check, action, outcome, reason: None }
}

fn tried(checks: Vec<CheckReport>, error: Option<ErrorReport>) -> SignatureReport {
    SignatureReport {
        digest: format!("sha256:{}", "cd".repeat(32)),
        outcome: if error.is_some() { Outcome::Failed } else { Outcome::Verified },
        signer: signer(),
        checks,
        revocation: Vec::new(),
        plugin: None,
        error,
    }
}

#[test]
fn one_signed_image() {
    let text = summary(&Report::of("sign", vec![signed("app")], Outcome::Signed), LIMIT);
    assert_snapshot!(text, @r#"
    ## ✅ Signed 1 image

    |  | Image | Digest | Signer | Certificate ends | Signature |
    |---|---|---|---|---|---|
    | ✅ signed | `r.io/app` | `sha256:abababababab…` | CN=wabbit-networks.io,O=Notary,C=US | 2027-01-02 | `sha256:cdcdcdcdcdcd…` |

    <details><summary>Full digests, to copy</summary>

    ```text
    r.io/app@sha256:abababababababababababababababababababababababababababababababab
      signature sha256:cdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcd
      signer    CN=wabbit-networks.io,O=Notary,C=US
      key       https://v.vault.azure.net/keys/wabbit/1
    ```

    </details>
    "#);
}

#[test]
fn failures_come_first_and_those_alike_are_explained_once() {
    let missing = ErrorReport {
        code: "registry-not-found",
        message: "r.io/gone:v1: not found".into(),
        because: Vec::new(),
        hint: Some("docker push r.io/gone:v1".into()),
    };
    let already = ImageReport { outcome: Outcome::Skipped, ..signed("old") };
    let warned =
        ImageReport { warnings: vec!["the index has a stale entry".into()], ..signed("b") };
    let images = vec![
        warned,
        failed("c:v1", denied("c:v1")),
        already,
        failed("gone:v1", missing),
        failed("e:v1", denied("e:v1")),
    ];
    let text = summary(&Report::of("sign", images, Outcome::Signed), LIMIT);
    assert_snapshot!(text, @r#"
    ## ❌ 3 of 5 not signed

    3 failed · 1 signed · 1 signed already

    |  | Image | Digest | Signer | Certificate ends | Signature |
    |---|---|---|---|---|---|
    | ❌ failed | `r.io/c:v1` | – | – | – | – |
    | ❌ failed | `r.io/gone:v1` | – | – | – | – |
    | ❌ failed | `r.io/e:v1` | – | – | – | – |
    | ✅ signed | `r.io/b` | `sha256:abababababab…` | CN=wabbit-networks.io,O=Notary,C=US | 2027-01-02 | `sha256:cdcdcdcdcdcd…` |
    | ⚪ signed already | `r.io/old` | `sha256:abababababab…` | CN=wabbit-networks.io,O=Notary,C=US | 2027-01-02 | `sha256:cdcdcdcdcdcd…` |

    ### ❌ 2 images: registry-denied

    - r.io/c:v1: push is denied
    - r.io/e:v1: push is denied

    Why:

    - the token carries no \`push\`

    What mends it:

        az role assignment create --role AcrPush

    ### ❌ `r.io/gone:v1`

    **r.io/gone:v1: not found** (registry-not-found)

    What mends it:

        docker push r.io/gone:v1

    **Warnings**

    - `r.io/b@sha256:abababababababababababababababababababababababababababababababab`: the index has a stale entry

    <details><summary>Full digests, to copy</summary>

    ```text
    r.io/b@sha256:abababababababababababababababababababababababababababababababab
      signature sha256:cdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcd
      signer    CN=wabbit-networks.io,O=Notary,C=US
      key       https://v.vault.azure.net/keys/wabbit/1
    r.io/old@sha256:abababababababababababababababababababababababababababababababab
      signature sha256:cdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcd
      signer    CN=wabbit-networks.io,O=Notary,C=US
      key       https://v.vault.azure.net/keys/wabbit/1
    ```

    </details>
    "#);
}

#[test]
fn checks_are_marks_and_those_never_made_are_no_columns() {
    let good = || {
        vec![
            check("integrity", "enforce", "passed"),
            check("authenticity", "enforce", "passed"),
            check("expiry", "log", "failed"),
            check("revocation", "skip", "skipped"),
        ]
    };
    let bad =
        vec![check("integrity", "enforce", "passed"), check("authenticity", "enforce", "failed")];
    let stranger = ErrorReport {
        code: "verify-not-trusted",
        message: "the root is not in ca:lab".into(),
        because: Vec::new(),
        hint: None,
    };
    let (name, version) = ("acme".to_owned(), "1.2.0".to_owned());
    let plugin = Some(PluginReport { name, version, decided: Vec::new() });
    let verified = ImageReport {
        outcome: Outcome::Verified,
        policy: Some(PolicyReport { name: "prod".into(), level: "permissive" }),
        signatures: vec![SignatureReport { plugin, ..tried(good(), None) }],
        ..signed("app")
    };
    let refused = ErrorReport {
        code: "verify-no-good-signature",
        message: "no signature of r.io/web:v1 is good".into(),
        because: vec!["sha256:cdcdcdcdcdcd: the root is not in ca:lab".into()],
        hint: Some("sealwright inspect r.io/web:v1".into()),
    };
    let failed =
        ImageReport { signatures: vec![tried(bad, Some(stranger))], ..failed("web:v1", refused) };
    let text = summary(&Report::of("verify", vec![verified, failed], Outcome::Verified), LIMIT);
    assert_snapshot!(text, @r#"
    ## ❌ 1 of 2 not verified

    1 failed · 1 verified

    |  | Image | Digest | Signer | Certificate ends | Signature | Integrity | Authenticity | Expiry |
    |---|---|---|---|---|---|:-:|:-:|:-:|
    | ❌ failed | `r.io/web:v1` | – | – | – | – | ✅ | ❌ | – |
    | ✅ verified | `r.io/app` | `sha256:abababababab…` | CN=wabbit-networks.io,O=Notary,C=US | 2027-01-02 | `sha256:cdcdcdcdcdcd…` | ✅ | ✅ | ⚠️ |

    ### ❌ `r.io/web:v1`

    - ❌ `sha256:cdcdcdcdcdcd…`: integrity passed, authenticity failed<br>the root is not in ca:lab

    **no signature of r.io/web:v1 is good** (verify-no-good-signature)

    - sha256:cdcdcdcdcdcd: the root is not in ca:lab

    What mends it:

        sealwright inspect r.io/web:v1

    <details><summary>Every signature and check</summary>

    ✅ `r.io/app@sha256:abababababababababababababababababababababababababababababababab`, trust policy `prod`, level permissive

    - ✅ `sha256:cdcdcdcdcdcd…`: integrity passed, authenticity passed, expiry failed (logged), revocation skipped, plugin `acme 1.2.0`


    </details>

    <details><summary>Full digests, to copy</summary>

    ```text
    r.io/app@sha256:abababababababababababababababababababababababababababababababab
      signature sha256:cdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcd
      signer    CN=wabbit-networks.io,O=Notary,C=US
      key       https://v.vault.azure.net/keys/wabbit/1
    ```

    </details>
    "#);
}

#[test]
fn five_hundred_images_are_folded_after_the_failures() {
    let mut images: Vec<ImageReport> = (0..485).map(|n| signed(&format!("app{n}"))).collect();
    images.extend((0..15).map(|n| failed(&format!("bad{n}:v1"), denied(&format!("bad{n}:v1")))));
    let report = Report::of("sign", images, Outcome::Signed);
    let text = summary(&report, LIMIT);
    assert!(text.starts_with("## ❌ 15 of 500 not signed\n\n15 failed · 485 signed\n"), "{text}");
    let open = &text[..text.find("<details>").unwrap()];
    assert_eq!(open.lines().filter(|line| line.starts_with("| ❌ failed")).count(), 15);
    assert_eq!(open.lines().filter(|line| line.starts_with("| ✅ signed")).count(), 5);
    assert_eq!(open.matches("az role assignment create").count(), 1);
    assert!(open.contains("- and 5 more, marked ❌ in the table\n"), "{open}");
    assert!(text.contains("<summary>480 more</summary>"), "{text}");
    for image in &report.images {
        let row = format!("| {} |", code(name(image)));
        assert_eq!(text.matches(&row).count(), 1, "{row}");
    }
}

#[test]
fn a_summary_that_is_too_long_is_cut_at_whole_rows() {
    let images: Vec<ImageReport> = (0..500)
        .map(|n| {
            let name = format!("bad{n}:v1");
            let because = vec![format!("reason {n} {}", "x".repeat(2000))];
            failed(&name, ErrorReport { because, ..denied(&name) })
        })
        .collect();
    let report = Report::of("sign", images, Outcome::Signed);
    for limit in [1_000_000, 65_535, 1_000] {
        let text = summary(&report, limit);
        assert!(text.len() <= limit && text.len() + 3000 > limit, "{}", text.len());
        assert!(text.starts_with("## ❌ 500 of 500 not signed\n"), "{text}");
        let note = text.lines().last().unwrap();
        assert!(note.starts_with("_Cut to fit: ") && note.contains("`report`"), "{note}");
        assert_eq!(text.matches("<details>").count(), text.matches("</details>").count());
    }
}

#[test]
fn outside_text_commands_nobody() {
    let evil = "x`|\n<!-- sealwright -->@team #1 [a](https://evil.example) </details>";
    let mut one = signed("app");
    one.signer.as_mut().unwrap().subject = evil.into();
    one.warnings = vec![evil.into()];
    one.key = Some(evil.into());
    let error = ErrorReport {
        code: "registry-status",
        message: evil.into(),
        because: vec![evil.into()],
        hint: Some("retry\n```\n<b>".into()),
    };
    let mut bad = failed("bad:v1", error);
    bad.image = evil.into();
    let mut report = Report::of("sign", vec![one, bad], Outcome::Signed);
    report.not_checked = vec![evil.into()];
    let text = summary(&report, LIMIT);
    for line in text.lines() {
        // code and indented blocks show their text as it is
        let shown: String = line.split('`').step_by(2).collect();
        let free = !line.starts_with("    ") && !line.starts_with("  ");
        let ours = line.starts_with("<details><summary>") || line == "</details>";
        if free && !ours {
            let plain = shown.replace("<br>", "");
            assert!(!plain.contains(['<', '>']), "{line}");
            assert!(!plain.contains("@team") && !plain.contains("https://"), "{line}");
            assert!(!plain.contains("](") && !plain.contains(" #1"), "{line}");
        }
    }
    assert_eq!(text.matches("```").count(), 2 + text.matches("    ```").count(), "{text}");
}
