//! The job summary: a table people like to read, and the reason and hint of each failure.

use std::fmt::Write as _;

use super::report::{ErrorReport, ImageReport, Outcome, Report};
use crate::fault::printable;

/// Markdown for the job's page. Outside text cannot leave its cell.
pub fn summary(report: &Report) -> String {
    let mut text = String::new();
    let _ = writeln!(text, "## {} {}\n", mark(report.outcome), headline(report));
    if let Some(error) = &report.error {
        failure(&mut text, error);
    }
    if !report.images.is_empty() {
        table(&mut text, &report.images);
    }
    for image in &report.images {
        details(&mut text, image);
    }
    bullets(&mut text, "Not checked", &report.not_checked);
    bullets(&mut text, "Warnings", &report.warnings);
    text
}

fn headline(report: &Report) -> String {
    let total = report.images.len();
    let images = format!("{total} {}", if total == 1 { "image" } else { "images" });
    let failed = report.images.iter().filter(|i| i.outcome == Outcome::Failed).count();
    match (report.outcome, report.command) {
        (Outcome::Failed, command) if total == 0 => format!("sealwright {command} failed"),
        (Outcome::Failed, "verify") => format!("{failed} of {total} not verified"),
        (Outcome::Failed, _) => format!("{failed} of {total} not signed"),
        (Outcome::Signed, _) => format!("Signed {images}"),
        (Outcome::Verified, _) => format!("Verified {images}"),
        (Outcome::DryRun, command) if total == 0 => format!("Dry run of sealwright {command}"),
        (Outcome::DryRun, _) => format!("Dry run of {images}, nothing was signed"),
        (Outcome::Skipped, "verify") => "Verification is skipped by the trust policy".to_owned(),
        (Outcome::Skipped, "sign") if total > 0 => format!("{images} signed already"),
        (Outcome::Skipped, command) => format!("sealwright {command} done"),
    }
}

fn mark(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Signed | Outcome::Verified => "✅",
        Outcome::Skipped | Outcome::DryRun => "⚪",
        Outcome::Failed => "❌",
    }
}

fn table(text: &mut String, images: &[ImageReport]) {
    text.push_str("| | Image | Digest | Signer | Certificate ends | Signature |\n");
    text.push_str("|---|---|---|---|---|---|\n");
    for image in images {
        let (subject, end) = match &image.signer {
            Some(signer) => (cell(&signer.subject), cell(day(&signer.not_after))),
            None => ("–".to_owned(), "–".to_owned()),
        };
        let name = image.image.split('@').next().unwrap_or_default();
        let _ = writeln!(
            text,
            "| {} {} | {} | {} | {subject} | {end} | {} |",
            mark(image.outcome),
            image.outcome.name(),
            match &image.platform {
                Some(platform) => format!("{} {}", code(name), cell(platform)),
                None => code(name),
            },
            image.digest.as_deref().map_or("–".to_owned(), |d| code(&short(d))),
            image.signature.as_deref().map_or("–".to_owned(), |d| code(&short(d))),
        );
    }
    text.push('\n');
}

/// Verdict per check, warnings, the reason and the hint.
fn details(text: &mut String, image: &ImageReport) {
    let checked = image.signatures.iter().any(|s| !s.checks.is_empty());
    if image.error.is_none() && image.warnings.is_empty() && !checked {
        return;
    }
    let _ = writeln!(text, "### {}\n", code(&image.image));
    if let Some(policy) = &image.policy {
        let _ = writeln!(text, "Trust policy {}, level {}.\n", code(&policy.name), policy.level);
    }
    for signature in &image.signatures {
        let verdict = mark(signature.outcome);
        let checks: Vec<String> = signature
            .checks
            .iter()
            .map(|c| {
                format!(
                    "{} {}",
                    c.check,
                    if c.action == "log" && c.outcome == "failed" {
                        "failed (logged)"
                    } else {
                        c.outcome
                    }
                )
            })
            .collect();
        let _ = write!(text, "- {verdict} {}", code(&short(&signature.digest)));
        if !checks.is_empty() {
            let _ = write!(text, ": {}", checks.join(", "));
        }
        if let Some(error) = &signature.error {
            let _ = write!(text, "<br>{}", cell(&error.message));
        }
        text.push('\n');
    }
    if !image.signatures.is_empty() {
        text.push('\n');
    }
    if let Some(error) = &image.error {
        failure(text, error);
    }
    bullets(text, "Warnings", &image.warnings);
}

fn failure(text: &mut String, error: &ErrorReport) {
    let _ = writeln!(text, "**{}** ({})\n", cell(&error.message), error.code);
    for reason in &error.because {
        let _ = writeln!(text, "- {}", cell(reason));
    }
    if !error.because.is_empty() {
        text.push('\n');
    }
    if let Some(hint) = &error.hint {
        text.push_str("What mends it:\n\n");
        for line in hint.lines() {
            // an indented block takes no markup, so the command can be copied as it is
            let _ = writeln!(text, "    {}", printable(line));
        }
        text.push('\n');
    }
}

fn bullets(text: &mut String, title: &str, items: &[String]) {
    if items.is_empty() {
        return;
    }
    let _ = writeln!(text, "**{title}**\n");
    for item in items {
        let _ = writeln!(text, "- {}", cell(item));
    }
    text.push('\n');
}

/// Outside text as plain text of a table cell: no markup, no HTML, no mention, one line.
fn cell(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in printable(text).chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '@' => escaped.push_str("&#64;"),
            '\t' => escaped.push(' '),
            '\\' | '`' | '*' | '_' | '[' | ']' | '(' | ')' | '#' | '|' | '!' | '~' => {
                escaped.push('\\');
                escaped.push(c);
            }
            _ => escaped.push(c),
        }
    }
    escaped
}

/// Outside text as code in a cell.
fn code(text: &str) -> String {
    let text: String = printable(text)
        .chars()
        .map(|c| match c {
            '`' | '|' | '\t' => '\u{fffd}',
            c => c,
        })
        .collect();
    format!("`{text}`")
}

/// `sha256:` and the first twelve digits; the report file has the rest.
fn short(digest: &str) -> String {
    match digest.split_once(':') {
        Some((algorithm, hex)) if hex.len() > 12 && hex.is_ascii() => {
            format!("{algorithm}:{}…", &hex[..12])
        }
        _ => digest.to_owned(),
    }
}

fn day(rfc3339: &str) -> &str {
    rfc3339.split('T').next().unwrap_or(rfc3339)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ci::report::SignerReport;
    use crate::registry::Reference;

    fn image(text: &str) -> ImageReport {
        ImageReport::rehearsed(&Reference::parse(text).unwrap())
    }

    #[test]
    fn outside_text_stays_in_its_cell() {
        assert_eq!(
            cell("a|b\n<img src=x> [l](u) @team `x` #1"),
            "a\\|b\u{fffd}&lt;img src=x&gt; \\[l\\]\\(u\\) &#64;team \\`x\\` \\#1"
        );
        assert_eq!(code("a`b|c"), "`a\u{fffd}b\u{fffd}c`");
    }

    #[test]
    fn a_signed_image_is_one_row() {
        let mut one = image("r.io/app:v1");
        one.outcome = Outcome::Signed;
        one.digest = Some(format!("sha256:{}", "ab".repeat(32)));
        one.signature = Some(format!("sha256:{}", "cd".repeat(32)));
        one.signer = Some(SignerReport {
            subject: "CN=w,O=N,C=US".into(),
            thumbprint: "00".into(),
            not_after: "2027-01-02T03:04:05Z".into(),
        });
        let text = summary(&Report::of("sign", vec![one], Outcome::Signed));
        assert_eq!(
            text,
            "## ✅ Signed 1 image\n\n\
             | | Image | Digest | Signer | Certificate ends | Signature |\n\
             |---|---|---|---|---|---|\n\
             | ✅ signed | `r.io/app:v1` | `sha256:abababababab…` | CN=w,O=N,C=US | 2027-01-02 | `sha256:cdcdcdcdcdcd…` |\n\n"
        );
    }

    #[test]
    fn a_failure_tells_reason_and_hint_and_the_others_are_still_rows() {
        let mut bad = image("r.io/bad:v1");
        bad.outcome = Outcome::Failed;
        bad.error = Some(ErrorReport {
            code: "registry-not-found",
            message: "r.io/bad:v1: not found".into(),
            because: vec!["nobody pushed it".into()],
            hint: Some("push it first".into()),
        });
        let mut good = image("r.io/good:v1");
        good.outcome = Outcome::Signed;
        let text = summary(&Report::of("sign", vec![good, bad], Outcome::Signed));
        assert!(text.starts_with("## ❌ 1 of 2 not signed\n"), "{text}");
        assert!(text.contains("✅ signed | `r.io/good:v1`"), "{text}");
        assert!(text.contains("**r.io/bad:v1: not found** (registry-not-found)"), "{text}");
        assert!(text.contains("- nobody pushed it\n"), "{text}");
        assert!(text.contains("What mends it:\n\n    push it first\n"), "{text}");
    }
}
