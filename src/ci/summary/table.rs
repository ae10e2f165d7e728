//! The table of images: one row each, and only the columns that say something.

use super::text::{code, day, prose, short};
use super::{mark, name, revocation, word};
use crate::ci::report::{CheckReport, ImageReport, SignatureReport};

/// Which columns the images fill.
pub struct Columns {
    platform: bool,
    digest: bool,
    signer: bool,
    signature: bool,
    timestamp: bool,
    revocation: bool,
    /// The checks that were made, each a column of marks.
    checks: Vec<&'static str>,
}

const NOTHING: &str = "–";

impl Columns {
    pub fn of(images: &[ImageReport]) -> Self {
        let mut checks: Vec<&'static str> = Vec::new();
        for check in images.iter().filter_map(telling).flat_map(|s| &s.checks) {
            if check.outcome != "skipped" && !checks.contains(&check.check) {
                checks.push(check.check);
            }
        }
        Self {
            platform: images.iter().any(|image| image.platform.is_some()),
            digest: images.iter().any(|image| image.digest.is_some()),
            signer: images.iter().any(|image| image.signer.is_some()),
            signature: images.iter().any(|image| image.signature.is_some()),
            timestamp: images.iter().any(|image| image.timestamp.is_some()),
            revocation: images.iter().any(|image| revocation::mark(image).is_some()),
            checks,
        }
    }

    pub fn header(&self) -> String {
        let mut titles = vec!["".to_owned(), "Image".to_owned()];
        let mut title = |shown: bool, text: &str| shown.then(|| titles.push(text.to_owned()));
        title(self.platform, "Platform");
        title(self.digest, "Digest");
        title(self.signer, "Signer");
        title(self.signer, "Certificate ends");
        title(self.signature, "Signature");
        title(self.timestamp, "Timestamp");
        title(self.revocation, "Not revoked");
        titles.extend(self.checks.iter().map(|check| spaced(check)));
        let left = titles.len() - self.checks.len();
        let lines = "---|".repeat(left) + &":-:|".repeat(self.checks.len());
        format!("| {} |\n|{lines}\n", titles.join(" | "))
    }

    pub fn row(&self, image: &ImageReport) -> String {
        let digest = |text: &Option<String>| {
            text.as_deref().map_or(NOTHING.to_owned(), |digest| code(&short(digest)))
        };
        let mut cells = vec![format!("{} {}", mark(image.outcome), word(image)), code(name(image))];
        if self.platform {
            cells.push(image.platform.as_deref().map_or(NOTHING.to_owned(), prose));
        }
        if self.digest {
            cells.push(digest(&image.digest));
        }
        if self.signer {
            let (subject, end) = match &image.signer {
                Some(signer) => (prose(&signer.subject), prose(day(&signer.not_after))),
                None => (NOTHING.to_owned(), NOTHING.to_owned()),
            };
            cells.extend([subject, end]);
        }
        if self.signature {
            cells.push(digest(&image.signature));
        }
        if self.timestamp {
            let time = image.timestamp.as_deref();
            cells.push(time.map_or(NOTHING.to_owned(), |time| prose(day(time))));
        }
        if self.revocation {
            cells.push(revocation::mark(image).unwrap_or(NOTHING).to_owned());
        }
        let signature = telling(image);
        for name in &self.checks {
            let check = signature.and_then(|s| s.checks.iter().find(|c| c.check == *name));
            cells.push(check.map_or(NOTHING, verdict).to_owned());
        }
        format!("| {} |\n", cells.join(" | "))
    }
}

/// The signature whose checks decided: the good one, else the first that was tried.
fn telling(image: &ImageReport) -> Option<&SignatureReport> {
    let good = image.signature.as_ref();
    let found = image.signatures.iter().find(|s| Some(&s.digest) == good);
    found.or(image.signatures.first())
}

fn verdict(check: &CheckReport) -> &'static str {
    match (check.outcome, check.action) {
        ("passed", _) => "✅",
        ("failed", "log") => "⚠️",
        ("failed", _) => "❌",
        _ => NOTHING,
    }
}

/// `authenticTimestamp` → `Authentic timestamp`
fn spaced(name: &str) -> String {
    let mut text = String::new();
    for c in name.chars() {
        match (text.is_empty(), c.is_uppercase()) {
            (true, _) => text.extend(c.to_uppercase()),
            (false, true) => {
                text.push(' ');
                text.extend(c.to_lowercase());
            }
            (false, false) => text.push(c),
        }
    }
    text
}
