//! Verification levels: what each check's failure means (trust-store-trust-policy.md, "Signature Verification Levels").

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
        todo!()
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Action {
    Enforce,
    Log,
    Skip,
}

/// A statement's effective level.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Level {
    name: &'static str,
    actions: [Action; 5],
}

impl Level {
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
