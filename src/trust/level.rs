//! Verification levels: what each check's failure means (trust-store-trust-policy.md, "Signature Verification Levels").

use std::collections::BTreeMap;

use crate::fault::Fault;

/// The checks a policy speaks about, in the order they run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Check {
    Integrity,
    Authenticity,
    AuthenticTimestamp,
    Expiry,
    Revocation,
}

pub const CHECKS: [Check; 5] = [
    Check::Integrity,
    Check::Authenticity,
    Check::AuthenticTimestamp,
    Check::Expiry,
    Check::Revocation,
];

impl Check {
    /// `integrity`, `authenticity`, `authenticTimestamp`, `expiry`, `revocation`.
    pub fn name(self) -> &'static str {
        match self {
            Check::Integrity => "integrity",
            Check::Authenticity => "authenticity",
            Check::AuthenticTimestamp => "authenticTimestamp",
            Check::Expiry => "expiry",
            Check::Revocation => "revocation",
        }
    }
}

/// What happens when a check fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Action {
    /// The signature is refused.
    Enforce,
    /// The failure is remembered as a warning.
    Log,
    /// The check does not run.
    Skip,
}

pub const ACTIONS: [Action; 3] = [Action::Enforce, Action::Log, Action::Skip];

impl Action {
    /// `enforce`, `log`, `skip`.
    pub fn name(self) -> &'static str {
        match self {
            Action::Enforce => "enforce",
            Action::Log => "log",
            Action::Skip => "skip",
        }
    }
}

/// A statement's effective level.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Level {
    name: &'static str,
    actions: [Action; 5],
}

/// Why a statement's `signatureVerification` names no level; worded as notation words it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LevelError {
    #[error("signature verification level is empty or missing in the trust policy statement")]
    Missing,
    #[error("invalid signature verification level {0:?}")]
    Unknown(String),
    #[error(
        "signature verification level \"skip\" can't be used to customize signature verification"
    )]
    CustomSkip,
    #[error(
        "verification type {0:?} in custom signature verification is not supported, supported values are [\"integrity\" \"authenticity\" \"authenticTimestamp\" \"expiry\" \"revocation\"]"
    )]
    UnknownCheck(String),
    #[error(
        "verification action {0:?} in custom signature verification is not supported, supported values are [\"enforce\" \"log\" \"skip\"]"
    )]
    UnknownAction(String),
    #[error("\"integrity\" verification can not be overridden in custom signature verification")]
    Integrity,
    #[error("{0:?} verification can not be skipped in custom signature verification")]
    Skipped(&'static str),
}

impl Fault for LevelError {
    fn code(&self) -> &'static str {
        "trust-policy-level"
    }
}

const LEVELS: [Level; 4] = {
    use Action::{Enforce, Log, Skip};
    [
        Level { name: "strict", actions: [Enforce, Enforce, Enforce, Enforce, Enforce] },
        Level { name: "permissive", actions: [Enforce, Enforce, Log, Log, Log] },
        Level { name: "audit", actions: [Enforce, Log, Log, Log, Log] },
        Level { name: "skip", actions: [Skip, Skip, Skip, Skip, Skip] },
    ]
};

impl Level {
    /// The level called `name` (exact case) with its overrides, check name to action name.
    pub(super) fn validate(
        name: &str,
        overrides: &BTreeMap<String, String>,
    ) -> Result<Self, LevelError> {
        if name.is_empty() {
            return Err(LevelError::Missing);
        }
        let base = LEVELS.into_iter().find(|level| level.name == name);
        let mut level = base.ok_or_else(|| LevelError::Unknown(name.to_owned()))?;
        if overrides.is_empty() {
            return Ok(level);
        }
        if level.is_skip() {
            return Err(LevelError::CustomSkip);
        }
        level.name = "custom";
        for (check, action) in overrides {
            let (check, action) = validate_override(check, action)?;
            level.actions[check as usize] = action;
        }
        Ok(level)
    }

    /// `strict`, `permissive`, `audit`, `skip`, or `custom` as soon as there is any override.
    pub fn name(&self) -> &'static str {
        self.name
    }
    pub fn action(&self, check: Check) -> Action {
        self.actions[check as usize]
    }
    /// The whole verification is skipped (level `skip`, never a custom one).
    pub fn is_skip(&self) -> bool {
        self.name == "skip"
    }
}

fn validate_override(check: &str, action: &str) -> Result<(Check, Action), LevelError> {
    let named = CHECKS.into_iter().find(|c| c.name() == check);
    let check = named.ok_or_else(|| LevelError::UnknownCheck(check.to_owned()))?;
    let named = ACTIONS.into_iter().find(|a| a.name() == action);
    let action = named.ok_or_else(|| LevelError::UnknownAction(action.to_owned()))?;
    if check == Check::Integrity {
        return Err(LevelError::Integrity);
    }
    if check != Check::Revocation && action == Action::Skip {
        return Err(LevelError::Skipped(check.name()));
    }
    Ok((check, action))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn level(name: &str, overrides: &[(&str, &str)]) -> Result<Level, LevelError> {
        let pairs = overrides.iter().map(|(check, action)| ((*check).into(), (*action).into()));
        Level::validate(name, &pairs.collect())
    }

    #[test]
    fn the_table_of_levels_is_the_specifications() {
        let rows = ["strict", "permissive", "audit", "skip"].map(|name| {
            let level = level(name, &[]).expect("a known level");
            format!("{name} {}", CHECKS.map(|check| level.action(check).name()).join(" "))
        });
        assert_eq!(
            rows,
            [
                "strict enforce enforce enforce enforce enforce",
                "permissive enforce enforce log log log",
                "audit enforce log log log log",
                "skip skip skip skip skip skip",
            ]
        );
    }

    #[test]
    fn any_override_makes_the_level_custom() {
        let custom = level("strict", &[("revocation", "skip")]).expect("allowed");
        assert_eq!(custom.name(), "custom");
        assert!(!custom.is_skip());
        assert_eq!(custom.action(Check::Revocation), Action::Skip);
        assert_eq!(custom.action(Check::Expiry), Action::Enforce);
        let same = level("audit", &[("expiry", "log")]).expect("allowed");
        assert_eq!(same.name(), "custom");
    }

    #[test]
    fn every_refusal_has_its_variant() {
        let cases = [
            ("", vec![], LevelError::Missing),
            ("hard", vec![], LevelError::Unknown("hard".into())),
            ("Strict", vec![], LevelError::Unknown("Strict".into())),
            ("skip", vec![("expiry", "log")], LevelError::CustomSkip),
            ("strict", vec![("x", "log")], LevelError::UnknownCheck("x".into())),
            ("strict", vec![("expiry", "maybe")], LevelError::UnknownAction("maybe".into())),
            ("strict", vec![("integrity", "log")], LevelError::Integrity),
            ("strict", vec![("expiry", "skip")], LevelError::Skipped("expiry")),
        ];
        for (name, overrides, error) in cases {
            assert_eq!(error.code(), "trust-policy-level");
            assert_eq!(level(name, &overrides), Err(error));
        }
    }

    #[test]
    fn supported_values_in_messages_are_the_tables() {
        let checks = CHECKS.map(|check| format!("{:?}", check.name())).join(" ");
        assert!(LevelError::UnknownCheck("x".into()).to_string().contains(&format!("[{checks}]")));
        let actions = ACTIONS.map(|action| format!("{:?}", action.name())).join(" ");
        assert!(
            LevelError::UnknownAction("x".into()).to_string().contains(&format!("[{actions}]"))
        );
    }
}
