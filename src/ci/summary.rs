//! The job summary: a table people like to read, and the reason and the hint of each failure.

mod checks;
mod failures;
mod page;
mod revocation;
mod table;
#[cfg(test)]
mod tests;
mod text;

pub(super) use text::code;

use std::fmt::Write as _;

use super::report::{Announced, ImageReport, Outcome, Report, SignatureReport, announced};
use page::Page;
use text::{count, prose, short, verbatim};

/// Rows of the table that are shown unfolded.
const OPEN_ROWS: usize = 20;

/// Markdown for the job's page, of at most `limit` bytes. Failures come first, with what mends them;
/// what is folded away comes last and is cut first. Outside text cannot leave its place.
pub fn summary(report: &Report, limit: usize) -> String {
    let mut page = Page::new(limit);
    page.block(&format!("## {} {}\n\n{}", mark(report.outcome), headline(report), tally(report)));
    if let Some(error) = &report.error {
        page.block(&failures::explained(error));
    }
    checks::write(&mut page, &report.checks);
    let images = failed_first(&report.images);
    let (open, folded) = images.split_at(images.len().min(OPEN_ROWS));
    let columns = table::Columns::of(&report.images);
    if !open.is_empty() {
        page.rows(&columns.header(), open.iter().map(|image| columns.row(image)), "\n");
    }
    let shown = failures::write(&mut page, &images);
    page.rows("**Not checked**\n\n", report.not_checked.iter().map(|text| bullet(text)), "\n");
    page.rows("**Ends soon**\n\n", announced(&report.images).iter().map(ends), "\n");
    page.rows("**Warnings**\n\n", warnings(report), "\n");
    if !folded.is_empty() {
        let title = format!("{} more", folded.len());
        let (open, close) = fold(&title);
        let rows = folded.iter().map(|image| columns.row(image));
        page.rows(&format!("{open}{}", columns.header()), rows, &close);
    }
    let checked = images.iter().filter(|image| {
        let elsewhere = shown.iter().any(|other| std::ptr::eq(*other, **image));
        !elsewhere && image.signatures.iter().any(|signature| !signature.checks.is_empty())
    });
    let (open, close) = fold("Every signature and check");
    page.rows(&open, checked.map(|image| checks(image)), &close);
    revocation::write(&mut page, &images);
    let (open, close) = fold("Full digests, to copy");
    let references = images.iter().filter(|image| image.digest.is_some());
    page.rows(
        &format!("{open}```text\n"),
        references.map(|image| reference(image)),
        &format!("```\n{close}"),
    );
    page.finish()
}

/// What became of all images, in a few words of plain text.
pub(super) fn headline(report: &Report) -> String {
    let total = report.images.len();
    let images = count(total, "image");
    let failed = report.images.iter().filter(|i| i.outcome == Outcome::Failed).count();
    match (report.outcome, report.command) {
        (Outcome::Failed, _) if !report.checks.is_empty() => checks::tally(&report.checks),
        (Outcome::Failed, command) if total == 0 => format!("sealwright {command} failed"),
        (Outcome::Failed, "verify") => format!("{failed} of {total} not verified"),
        (Outcome::Failed, _) => format!("{failed} of {total} not signed"),
        (Outcome::Signed, _) => format!("Signed {images}"),
        (Outcome::Verified, _) => format!("Verified {images}"),
        (Outcome::DryRun, command) if total == 0 => format!("Dry run of sealwright {command}"),
        (Outcome::DryRun, _) => format!("Dry run of {images}, nothing was signed"),
        (Outcome::Passed, _) => "Signing and verifying would work".to_owned(),
        (Outcome::Skipped, "verify") => "Verification is skipped by the trust policy".to_owned(),
        (Outcome::Skipped, "sign") if total > 0 => format!("{images} signed already"),
        (Outcome::Skipped, command) => format!("sealwright {command} done"),
    }
}

/// How many of each, failures first, where not all images fared the same.
fn tally(report: &Report) -> String {
    let mut kinds: Vec<(&'static str, usize)> = Vec::new();
    for image in failed_first(&report.images) {
        match kinds.iter_mut().find(|(kind, _)| *kind == word(image)) {
            Some((_, number)) => *number += 1,
            None => kinds.push((word(image), 1)),
        }
    }
    if kinds.len() < 2 {
        return String::new();
    }
    let parts: Vec<String> =
        kinds.iter().map(|(kind, number)| format!("{number} {kind}")).collect();
    format!("{}\n\n", parts.join(" · "))
}

fn failed_first(images: &[ImageReport]) -> Vec<&ImageReport> {
    let failed = |image: &&ImageReport| image.outcome == Outcome::Failed;
    let (mut first, mut rest): (Vec<_>, Vec<_>) = images.iter().partition(failed);
    first.append(&mut rest);
    first
}

fn mark(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Signed | Outcome::Verified | Outcome::Passed => "✅",
        Outcome::Skipped | Outcome::DryRun => "⚪",
        Outcome::Failed => "❌",
    }
}

fn word(image: &ImageReport) -> &'static str {
    match image.outcome {
        Outcome::Skipped if image.policy.is_none() => "signed already",
        Outcome::DryRun => "dry run",
        other => other.name(),
    }
}

/// Repository and tag, without the digest.
fn name(image: &ImageReport) -> &str {
    image.image.split('@').next().unwrap_or_default()
}

/// A fact, with its image or how many it concerns.
fn ends(fact: &Announced<'_>) -> String {
    match fact.images.as_slice() {
        [image] => format!("- {}: {}\n", code(image), prose(&fact.text)),
        images => format!("- {}: {}\n", count(images.len(), "image"), prose(&fact.text)),
    }
}

/// Each text once, with its image or how many have it.
fn warnings(report: &Report) -> Vec<String> {
    let mut texts: Vec<(&str, Vec<&str>)> = Vec::new();
    for image in &report.images {
        for warning in &image.warnings {
            match texts.iter_mut().find(|(text, _)| text == warning) {
                Some((_, images)) => images.push(&image.image),
                None => texts.push((warning, vec![&image.image])),
            }
        }
    }
    let of_images = texts.iter().map(|(text, images)| match images.as_slice() {
        [image] => format!("- {}: {}\n", code(image), prose(text)),
        _ => format!("- {}: {}\n", count(images.len(), "image"), prose(text)),
    });
    report.warnings.iter().map(|text| bullet(text)).chain(of_images).collect()
}

fn bullet(text: &str) -> String {
    format!("- {}\n", prose(text))
}

/// What opens and closes a part that is folded away. The title is our own text.
fn fold(title: &str) -> (String, String) {
    (format!("<details><summary>{title}</summary>\n\n"), "\n</details>\n\n".to_owned())
}

/// The policy and every signature tried, with its checks.
fn checks(image: &ImageReport) -> String {
    let mut text = format!("{} {}", mark(image.outcome), code(&image.image));
    if let Some(policy) = &image.policy {
        let _ = write!(text, ", trust policy {}, level {}", code(&policy.name), policy.level);
    }
    text.push_str("\n\n");
    for signature in &image.signatures {
        text.push_str(&tried(signature));
    }
    text.push('\n');
    text
}

/// One signature, its checks, and what is wrong with it.
fn tried(signature: &SignatureReport) -> String {
    let checks: Vec<String> = signature
        .checks
        .iter()
        .map(|check| match (check.action, check.outcome) {
            ("log", "failed") => format!("{} failed (logged)", check.check),
            (_, outcome) => format!("{} {outcome}", check.check),
        })
        .collect();
    let mut text = format!("- {} {}", mark(signature.outcome), code(&short(&signature.digest)));
    if !checks.is_empty() {
        let _ = write!(text, ": {}", checks.join(", "));
    }
    if let Some(plugin) = &signature.plugin {
        let _ = write!(text, ", plugin {}", code(&format!("{} {}", plugin.name, plugin.version)));
    }
    if let Some(error) = &signature.error {
        let _ = write!(text, "<br>{}", prose(&error.message));
    }
    text.push('\n');
    text
}

/// The image and its signature in full, each on a line of its own, and what signed.
fn reference(image: &ImageReport) -> String {
    let mut text = match (&image.digest, image.image.contains('@')) {
        (Some(digest), false) => verbatim(&format!("{}@{digest}", image.image)),
        _ => verbatim(&image.image),
    };
    if let Some(signature) = &image.signature {
        let _ = write!(text, "\n  signature {}", verbatim(signature));
    }
    if let Some(signer) = &image.signer {
        let _ = write!(text, "\n  signer    {}", verbatim(&signer.subject));
    }
    if let Some(key) = &image.key {
        let _ = write!(text, "\n  key       {}", verbatim(key));
    }
    text.push('\n');
    text
}
