//! Who was asked about the certificates that sign, and what was told.

use super::fold;
use super::page::Page;
use super::text::{code, prose};
use crate::ci::report::{ImageReport, Outcome, RevocationReport};

/// One mark for the signing chain of an image; none where it names nobody to ask.
pub fn mark(image: &ImageReport) -> Option<&'static str> {
    let asked = image.revocation.iter().any(|c| c.status != "non-revokable");
    let doubt = image.revocation.iter().any(|c| matches!(c.status, "revoked" | "unknown"));
    match (doubt, image.outcome) {
        (true, Outcome::Failed) => Some("❌"),
        (true, _) => Some("⚠️"),
        (false, _) => asked.then_some("✅"),
    }
}

/// Every certificate that was asked about, once, folded away.
pub fn write(page: &mut Page, images: &[&ImageReport]) {
    let mut rows: Vec<String> = Vec::new();
    for image in images.iter().filter(|image| mark(image).is_some()) {
        for row in image.revocation.iter().map(row) {
            if !rows.contains(&row) {
                rows.push(row);
            }
        }
    }
    let (open, close) = fold("Revocation of the signing certificates");
    page.rows(&open, rows, &close);
}

fn row(certificate: &RevocationReport) -> String {
    let mut text = format!("- {}: {}", prose(&certificate.subject), certificate.status);
    if let Some(at) = &certificate.revoked_at {
        text.push_str(&format!(" on {at}"));
    }
    if let Some(reason) = certificate.reason {
        text.push_str(&format!(", reason: {reason}"));
    }
    if let Some(problem) = &certificate.problem {
        text.push_str(&format!("<br>{}", prose(problem)));
    }
    for server in &certificate.servers {
        text.push_str(&format!("<br>{} {}: ", server.method, code(&server.url)));
        text.push_str(&server.problem.as_deref().map_or(server.status.to_owned(), prose));
    }
    text.push('\n');
    text
}
