//! The checks, one file for each group, in one array.

mod certificate;
mod clock;
mod identity;
mod registry;
mod timestamp;
mod trust;
mod vault;

use super::facts::Facts;
use super::finding::{Finding, Line};

/// What a check is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Group {
    Identity,
    Vault,
    Certificate,
    Registry,
    Timestamp,
    Clock,
    Trust,
}

pub const GROUPS: [Group; 7] = [
    Group::Identity,
    Group::Vault,
    Group::Certificate,
    Group::Registry,
    Group::Timestamp,
    Group::Clock,
    Group::Trust,
];

impl Group {
    /// `identity`, `vault`, `certificate`, `registry`, `timestamp`, `clock`, `trust`.
    pub fn name(self) -> &'static str {
        match self {
            Group::Identity => "identity",
            Group::Vault => "vault",
            Group::Certificate => "certificate",
            Group::Registry => "registry",
            Group::Timestamp => "timestamp",
            Group::Clock => "clock",
            Group::Trust => "trust",
        }
    }
}

/// One check: computed from the facts alone.
pub struct Check {
    /// Stable: `vault-key-sign`.
    pub name: &'static str,
    pub group: Group,
    run: fn(Line, &Facts) -> Finding,
}

impl Check {
    pub fn judge(&self, facts: &Facts) -> Finding {
        (self.run)(Line { check: self.name, group: self.group }, facts)
    }
}

/// Every check, in the order in which the article asks for what they look at.
pub const CHECKS: &[Check] = &[
    check("identity", Group::Identity, identity::identity),
    check("azure-cli", Group::Identity, identity::azure_cli),
    check("vault-reachable", Group::Vault, vault::reachable),
    check("vault-certificate-get", Group::Vault, vault::certificate_get),
    check("vault-secret-get", Group::Vault, vault::secret_get),
    check("vault-key-sign", Group::Vault, vault::key_sign),
    check("vault-versions", Group::Vault, vault::versions),
    check("vault-contents", Group::Vault, vault::contents),
    check("certificate-subject", Group::Certificate, certificate::rule),
    check("certificate-basic-constraints", Group::Certificate, certificate::rule),
    check("certificate-key-usage", Group::Certificate, certificate::rule),
    check("certificate-extended-key-usage", Group::Certificate, certificate::rule),
    check("certificate-key-type", Group::Certificate, certificate::rule),
    check("certificate-key-exportable", Group::Certificate, certificate::exportable),
    check("certificate-content-type", Group::Certificate, certificate::content_type),
    check("chain-complete", Group::Certificate, certificate::rule),
    check("chain-signatures", Group::Certificate, certificate::rule),
    check("authority-basic-constraints", Group::Certificate, certificate::rule),
    check("authority-key-usage", Group::Certificate, certificate::rule),
    check("certificate-days-left", Group::Certificate, certificate::days_left),
    check("signing-key", Group::Certificate, certificate::signing_key),
    check("registry-reachable", Group::Registry, registry::reachable),
    check("registry-pull", Group::Registry, registry::pull),
    check("registry-push", Group::Registry, registry::push),
    check("registry-delete", Group::Registry, registry::delete),
    check("registry-referrers", Group::Registry, registry::referrers),
    check("image-by-digest", Group::Registry, registry::by_digest),
    check("timestamp-authority", Group::Timestamp, timestamp::authority),
    check("timestamp-trusted", Group::Timestamp, timestamp::trusted),
    check("clock", Group::Clock, clock::clock),
    check("trust-policy", Group::Trust, trust::policy),
    check("trust-policy-statement", Group::Trust, trust::statement),
    check("trust-stores", Group::Trust, trust::stores),
    check("trust-stores-unused", Group::Trust, trust::unnamed),
    check("verification", Group::Trust, trust::verification),
];

const fn check(name: &'static str, group: Group, run: fn(Line, &Facts) -> Finding) -> Check {
    Check { name, group, run }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;
    use crate::x509::CHAIN_RULES;

    #[test]
    fn each_check_has_a_name_of_its_own_and_each_chain_rule_a_check() {
        let names: HashSet<&str> = CHECKS.iter().map(|check| check.name).collect();
        assert_eq!(names.len(), CHECKS.len());
        for rule in &CHAIN_RULES {
            assert!(names.contains(rule.name), "{}", rule.name);
        }
        for group in GROUPS {
            assert!(CHECKS.iter().any(|check| check.group == group), "{}", group.name());
        }
    }
}
