//! How long before its end something is spoken of.

use std::time::Duration;

use time::OffsetDateTime;

use super::Span;

/// When the end of something is near.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum WarnBefore {
    /// 30 days; for what is short-lived by design, such as the certificates of Azure Artifact Signing,
    /// the last third of its life.
    #[default]
    Usual,
    Given(Duration),
    Never,
}

const USUAL: time::Duration = time::Duration::days(30);
/// Baseline Requirements of the CA/Browser Forum: the longest life of a subscriber's CRL (4.9.7), and
/// that of a short-lived certificate (1.6.1), which is to be 7 days
const SHORT_LIVED: time::Duration = time::Duration::days(10);

impl WarnBefore {
    /// What the user gave; zero turns it off.
    pub fn given(duration: Option<Duration>) -> Self {
        match duration {
            None => Self::Usual,
            Some(Duration::ZERO) => Self::Never,
            Some(given) => Self::Given(given),
        }
    }

    /// Whether it ends within this time. What has ended is due no more.
    pub(super) fn is_due(self, span: &Span, now: OffsetDateTime) -> bool {
        let (left, life) = (span.to - now, span.to - span.from);
        let ahead = match self {
            Self::Usual if life <= SHORT_LIVED => life / 3,
            Self::Usual => USUAL,
            Self::Given(given) => time::Duration::try_from(given).unwrap_or(time::Duration::MAX),
            Self::Never => return false,
        };
        !left.is_negative() && left <= ahead
    }
}
