//! How a command asks about revocation.

use super::{Reach, SourceRule, Timeouts};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RevocationSettings {
    pub reach: Reach,
    pub sources: SourceRule,
    pub timeouts: Timeouts,
}

impl Default for RevocationSettings {
    /// Servers are asked, a certificate may name none, notation's times.
    fn default() -> Self {
        Self { reach: Reach::Servers, sources: SourceRule::Optional, timeouts: Timeouts::default() }
    }
}
