//! The vault, each permission apart.

use crate::doctor::facts::{Facts, Required};
use crate::doctor::finding::{Finding, Line, Mark};
use crate::doctor::{Asked, Told};

pub(super) fn reachable(line: Line, facts: &Facts) -> Finding {
    let vault = &facts.vault;
    let refusals = [vault.certificate.refusal(), vault.secret.refusal(), vault.sign.refusal()];
    let answered = vault.certificate.answer().is_some()
        || vault.secret.answer().is_some()
        || vault.sign.answer().is_some()
        || refusals.iter().flatten().any(|told| !told.is_silence());
    if answered {
        return line.passed("the vault answers");
    }
    match (refusals.into_iter().flatten().next(), &vault.certificate) {
        (Some(told), _) => {
            let finding = line.failed(told);
            let (name, _) = vault.names.clone().unwrap_or_default();
            let show = format!(
                "is the name right, and does the vault let this machine's network in? az keyvault show -n {name} --query properties"
            );
            Finding { hint: finding.hint.or(Some(show)), ..finding }
        }
        (None, Asked::Not(why)) => line.not_asked("the vault", why),
        (None, _) => line.not_asked("the vault", "nothing was asked of it"),
    }
}

pub(super) fn certificate_get(line: Line, facts: &Facts) -> Finding {
    let vault = &facts.vault;
    match refusal(&vault.certificate) {
        // the secret of a version alone tells all that signing needs
        Some(told) if vault.required == Required::Beside => line.told(Mark::Noted, told),
        _ => {
            permission(line, "certificates/get", &vault.certificate, "certificates/get is granted")
        }
    }
}

pub(super) fn secret_get(line: Line, facts: &Facts) -> Finding {
    let granted = "secrets/get is granted; it gives the chain";
    permission(line, "secrets/get", &facts.vault.secret, granted)
}

pub(super) fn key_sign(line: Line, facts: &Facts) -> Finding {
    let asked = &facts.vault.sign;
    match asked.answer().map(|signature| &signature.fits) {
        Some(Asked::Refused(told)) => line.failed(told).because(vec![
            "the certificate's key does not verify what the vault's key signed".into(),
        ]),
        _ => {
            let granted = "keys/sign is granted; it signed marked random bytes";
            permission(line, "keys/sign", asked, granted)
        }
    }
}

/// The certificate, the key and the secret are of one version, and of the latest.
pub(super) fn versions(line: Line, facts: &Facts) -> Finding {
    let vault = &facts.vault;
    let Some(certificate) = vault.certificate.answer() else {
        return line.not_asked("versions in step", "the certificate is not known");
    };
    let version = certificate.version.as_str();
    let key = vault.sign.answer().map(|signed| ("key", signed.version.as_str()));
    let secret = vault.secret.answer().map(|secret| ("secret", secret.version.as_str()));
    let others = [key, secret].into_iter().flatten();
    let apart: Vec<String> = others
        .filter(|(_, found)| !found.eq_ignore_ascii_case(version) && !found.is_empty())
        .map(|(kind, found)| format!("the {kind} is at version {found}"))
        .collect();
    if !apart.is_empty() {
        let (name, object) = facts.vault.names.clone().unwrap_or_default();
        return line
            .noted(format!("certificate, key and secret are not in step: the certificate is at version {version}"))
            .because(apart)
            .hint(format!(
                "enable the same version of all three: az keyvault certificate list-versions --vault-name {name} -n {object} -o table"
            ));
    }
    match vault.latest.answer() {
        Some(latest) if !latest.eq_ignore_ascii_case(version) => line
            .noted(format!("the key's id names version {version}; the latest is {latest}"))
            .hint(format!(
                "to sign with the latest, leave the version out of the id, or name {latest}"
            )),
        _ => line.passed(format!("certificate, key and secret are of one version, {version}")),
    }
}

pub(super) fn contents(line: Line, facts: &Facts) -> Finding {
    match &facts.vault.strangers {
        Asked::Answered(Some(0)) => line.passed("the vault holds certificates only"),
        Asked::Answered(Some(strangers)) => line.noted(format!(
            "the vault also holds {strangers} keys or secrets that are no certificate's; a vault for certificates only is recommended"
        )),
        Asked::Answered(None) => line.not_asked(
            "a vault for certificates only",
            "listing it is not granted, and need not be",
        ),
        Asked::Refused(told) => line.not_asked("a vault for certificates only", &told.text),
        Asked::Not(why) => line.not_asked("a vault for certificates only", why),
    }
}

fn permission<T>(line: Line, subject: &str, asked: &Asked<T>, granted: &str) -> Finding {
    match refusal(asked) {
        Some(told) if told.is_silence() => line.not_asked(subject, "reach the vault first"),
        _ => line.judged(subject, asked, |_| line.passed(granted)),
    }
}

fn refusal<T>(asked: &Asked<T>) -> Option<&Told> {
    asked.refusal()
}
