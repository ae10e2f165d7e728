//! What a step says while it works: log lines and annotations.

use std::collections::HashSet;

use crate::ci::host::{Host, Level};
use crate::ci::report::{ErrorReport, ImageReport, Outcome};

/// The log lines and annotations of one finished image; `warned` holds the warnings of earlier ones, which
/// are not repeated: the report has them all.
pub fn tell(image: &ImageReport, warned: &mut HashSet<String>, host: &mut dyn Host) {
    match image.outcome {
        Outcome::Signed => {
            if let Some(reason) = &image.signed_again {
                host.line(&format!("Signing again: {reason}"));
            }
            host.line(&format!("Successfully signed {}", image.image));
            if let Some(signature) = &image.signature {
                let repository = image.image.split('@').next().unwrap_or_default();
                host.line(&format!("Pushed the signature to {repository}@{signature}"));
            }
        }
        Outcome::Verified => {
            host.line(&format!("Successfully verified signature for {}", image.image));
        }
        Outcome::Skipped if image.policy.is_none() => {
            host.line(&format!("Already signed {}", image.image));
        }
        Outcome::Skipped => host.line(&format!(
            "Trust policy is configured to skip signature verification for {}",
            image.image
        )),
        Outcome::DryRun => {
            host.line(&format!("Dry run: {} was checked and not signed", image.image))
        }
        Outcome::Passed | Outcome::Failed => {}
    }
    if let Some(key) = &image.key {
        let vault = image.credentials.iter().find_map(|c| c.vault.as_ref());
        let by = vault.map(|credential| format!(" ({credential})")).unwrap_or_default();
        host.line(&format!("key: {key}{by}"));
    }
    if let Some(credentials) = &image.credentials {
        host.line(&format!("registry credential: {}", credentials.registry));
    }
    for warning in &image.warnings {
        if warned.insert(warning.clone()) {
            host.annotate(Level::Warning, &image.image, warning);
        }
    }
    if let Some(error) = &image.error {
        complain(&image.image, error, host);
    }
}

pub fn complain(title: &str, error: &ErrorReport, host: &mut dyn Host) {
    let mut message = error.message.clone();
    for reason in &error.because {
        message.push_str(&format!("\nbecause {reason}"));
    }
    if let Some(hint) = &error.hint {
        message.push_str(&format!("\nhint: {hint}"));
    }
    host.annotate(Level::Error, title, &message);
}
