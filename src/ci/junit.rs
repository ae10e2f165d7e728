//! The report as JUnit XML, for the test tabs of CI systems.
//!
//! One `testsuite`, one `testcase` per image. A step that failed before its first image, or had
//! none, is a test case itself, so that a tab is never green by being empty.

use std::fmt::Write as _;

use super::report::{ErrorReport, ImageReport, Outcome, Report};
use crate::fault::printable;

/// An XML 1.0 document.
pub fn junit(report: &Report) -> String {
    let suite = format!("sealwright {}", report.command);
    let mut cases = Vec::new();
    if report.error.is_some() || report.images.is_empty() {
        cases.push(Case {
            name: &suite,
            outcome: report.outcome,
            error: report.error.as_ref(),
            notes: report
                .checks
                .iter()
                .map(|c| format!("{} {}: {}", c.check, c.outcome, c.message))
                .collect(),
        });
    }
    cases.extend(report.images.iter().map(Case::of));
    let count = |kind: &str| cases.iter().filter(|case| case.element() == Some(kind)).count();
    let counts = format!(
        r#"tests="{}" failures="{}" errors="0" skipped="{}""#,
        cases.len(),
        count(FAILURE),
        count(SKIPPED)
    );

    let mut xml = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
    let _ = writeln!(xml, "<testsuites {counts}>");
    let _ = writeln!(xml, "  <testsuite name=\"{}\" {counts}>", attribute(&suite));
    for case in &cases {
        case.write(&mut xml, &suite);
    }
    let notes: Vec<String> = (report.not_checked.iter().map(|line| format!("not checked: {line}")))
        .chain(report.warnings.iter().map(|line| format!("warning: {line}")))
        .collect();
    system_out(&mut xml, "    ", &notes);
    xml.push_str("  </testsuite>\n</testsuites>\n");
    xml
}

const FAILURE: &str = "failure";
const SKIPPED: &str = "skipped";

struct Case<'a> {
    name: &'a str,
    outcome: Outcome,
    error: Option<&'a ErrorReport>,
    notes: Vec<String>,
}

impl<'a> Case<'a> {
    fn of(image: &'a ImageReport) -> Self {
        let signer = image.signer.iter().map(|signer| format!("signer: {}", signer.subject));
        let signature = image.signature.iter().map(|digest| format!("signature: {digest}"));
        let checks = image.signatures.iter().flat_map(|signature| {
            signature.checks.iter().map(|check| {
                let reason = check.reason.as_ref().map(|r| format!(": {r}")).unwrap_or_default();
                let (digest, name, action) = (&signature.digest, check.check, check.action);
                format!("{digest}: {name} ({action}) {}{reason}", check.outcome)
            })
        });
        let warnings = image.warnings.iter().map(|warning| format!("warning: {warning}"));
        Self {
            name: &image.image,
            outcome: image.outcome,
            error: image.error.as_ref(),
            notes: signer.chain(signature).chain(checks).chain(warnings).collect(),
        }
    }

    /// The element that tells a case that did not pass. A dry run passes: it tests what it can.
    fn element(&self) -> Option<&'static str> {
        match self.outcome {
            Outcome::Failed => Some(FAILURE),
            // a step without images skips nothing
            Outcome::Skipped if self.name.starts_with("sealwright ") => None,
            Outcome::Skipped => Some(SKIPPED),
            Outcome::Signed | Outcome::Verified | Outcome::DryRun | Outcome::Passed => None,
        }
    }

    fn write(&self, xml: &mut String, suite: &str) {
        let (name, class) = (attribute(self.name), attribute(&suite.replace(' ', ".")));
        let _ = write!(xml, "    <testcase name=\"{name}\" classname=\"{class}\"");
        if self.element().is_none() && self.notes.is_empty() {
            xml.push_str("/>\n");
            return;
        }
        xml.push_str(">\n");
        match (self.element(), self.error) {
            (Some(FAILURE), Some(error)) => failure(xml, error),
            (Some(element), _) => {
                let _ = writeln!(xml, "      <{element} message=\"{}\"/>", self.outcome.name());
            }
            (None, _) => {}
        }
        system_out(xml, "      ", &self.notes);
        xml.push_str("    </testcase>\n");
    }
}

fn failure(xml: &mut String, error: &ErrorReport) {
    let mut text = error.message.clone();
    for reason in &error.because {
        let _ = write!(text, "\nbecause {reason}");
    }
    if let Some(hint) = &error.hint {
        let _ = write!(text, "\nhint: {hint}");
    }
    let _ = writeln!(
        xml,
        "      <failure message=\"{}\" type=\"{}\">{}</failure>",
        attribute(&error.message),
        attribute(error.code),
        body(&text)
    );
}

fn system_out(xml: &mut String, indent: &str, lines: &[String]) {
    if !lines.is_empty() {
        // each is one line, whoever wrote it
        let lines: Vec<String> = lines.iter().map(|line| escape(line)).collect();
        let _ = writeln!(xml, "{indent}<system-out>{}</system-out>", lines.join("\n"));
    }
}

/// Outside text as one line between double quotes.
fn attribute(text: &str) -> String {
    escape(text).replace('\t', " ")
}

/// Text of several lines.
fn body(text: &str) -> String {
    text.lines().map(escape).collect::<Vec<_>>().join("\n")
}

/// One line without control characters and without what XML 1.0 has no way to write ("Characters",
/// production 2); markup is escaped, also the `>` of `]]>`.
fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in printable(text).chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&apos;"),
            '\u{fffe}' | '\u{ffff}' => escaped.push('\u{fffd}'),
            c => escaped.push(c),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use insta::assert_snapshot;

    use super::*;
    use crate::registry::Reference;

    fn image(name: &str, outcome: Outcome) -> ImageReport {
        let mut image = ImageReport::rehearsed(&Reference::parse(name).unwrap());
        image.outcome = outcome;
        image
    }

    #[test]
    fn one_case_per_image() {
        let mut bad = image("r.io/bad:v1", Outcome::Failed);
        bad.error = Some(ErrorReport {
            code: "registry-not-found",
            message: "r.io/bad:v1: not found".into(),
            because: vec!["nobody pushed it".into()],
            hint: Some("push it first:\ndocker push r.io/bad:v1".into()),
        });
        let mut good = image("r.io/good:v1", Outcome::Verified);
        good.warnings.push("expires soon".into());
        let dry = image("r.io/dry:v1", Outcome::DryRun);
        let images = vec![good, bad, dry, image("r.io/skipped:v1", Outcome::Skipped)];
        assert_snapshot!(junit(&Report::of("verify", images, Outcome::Skipped)), @r#"
        <?xml version="1.0" encoding="UTF-8"?>
        <testsuites tests="4" failures="1" errors="0" skipped="1">
          <testsuite name="sealwright verify" tests="4" failures="1" errors="0" skipped="1">
            <testcase name="r.io/good:v1" classname="sealwright.verify">
              <system-out>warning: expires soon</system-out>
            </testcase>
            <testcase name="r.io/bad:v1" classname="sealwright.verify">
              <failure message="r.io/bad:v1: not found" type="registry-not-found">r.io/bad:v1: not found
        because nobody pushed it
        hint: push it first:
        docker push r.io/bad:v1</failure>
            </testcase>
            <testcase name="r.io/dry:v1" classname="sealwright.verify"/>
            <testcase name="r.io/skipped:v1" classname="sealwright.verify">
              <skipped message="skipped"/>
            </testcase>
          </testsuite>
        </testsuites>
        "#);
    }

    #[test]
    fn a_step_without_images_is_a_case_itself() {
        assert_snapshot!(junit(&Report::of("login", Vec::new(), Outcome::Skipped)), @r#"
        <?xml version="1.0" encoding="UTF-8"?>
        <testsuites tests="1" failures="0" errors="0" skipped="0">
          <testsuite name="sealwright login" tests="1" failures="0" errors="0" skipped="0">
            <testcase name="sealwright login" classname="sealwright.login"/>
          </testsuite>
        </testsuites>
        "#);
        let mut report = Report::of("sign", Vec::new(), Outcome::Failed);
        report.error = Some(ErrorReport {
            code: "ci-input-missing",
            message: "input `key` is missing".into(),
            because: Vec::new(),
            hint: None,
        });
        assert_snapshot!(junit(&report), @r#"
        <?xml version="1.0" encoding="UTF-8"?>
        <testsuites tests="1" failures="1" errors="0" skipped="0">
          <testsuite name="sealwright sign" tests="1" failures="1" errors="0" skipped="0">
            <testcase name="sealwright sign" classname="sealwright.sign">
              <failure message="input `key` is missing" type="ci-input-missing">input `key` is missing</failure>
            </testcase>
          </testsuite>
        </testsuites>
        "#);
    }

    #[test]
    fn outside_text_cannot_leave_its_place() {
        let hostile = "a\"/><failure>]]>&amp;<!--\u{1b}[31m\u{0}\u{fffe}\n##vso[x]\t'";
        let mut bad = image("r.io/bad:v1", Outcome::Failed);
        bad.image = hostile.into();
        bad.warnings.push(hostile.into());
        bad.error = Some(ErrorReport {
            code: "registry-status",
            message: hostile.into(),
            because: vec![hostile.into()],
            hint: Some(hostile.into()),
        });
        let mut report = Report::of("sign", vec![bad], Outcome::Failed);
        report.not_checked.push(hostile.into());
        let xml = junit(&report);
        assert_eq!(xml.matches("<failure").count(), 1, "{xml}");
        assert_eq!(xml.matches("<testcase").count(), 1, "{xml}");
        for lost in ["]]>", "<!--", "\u{1b}", "\u{0}", "\u{fffe}", "##vso["] {
            assert!(!xml.contains(lost), "{lost:?}: {xml}");
        }
        let one = "a&quot;/&gt;&lt;failure&gt;]]&gt;&amp;amp;&lt;!--\u{fffd}[31m\u{fffd}\u{fffd}";
        let name = format!("name=\"{one}\u{fffd}# #vso[x] &apos;\" classname");
        assert!(xml.contains(&name), "{xml}");
        assert!(xml.contains(&format!("<system-out>warning: {one}\u{fffd}# #vso[x]\t&apos;</")));
    }
}
