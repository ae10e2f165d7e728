//! How long before its end something is spoken of.

use std::time::Duration;

use time::OffsetDateTime;

use super::Span;

/// When the end of something is near.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum WarnBefore {
    /// 30 days; for what lasts no longer, such as the certificates of Azure Artifact Signing or a signature
    /// with an expiry of a month, the last third of its life: it would be due from its first day.
    #[default]
    Usual,
    Given(Duration),
    Never,
}

const USUAL: time::Duration = time::Duration::days(30);

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
            Self::Usual if life <= USUAL => life / 3,
            Self::Usual => USUAL,
            Self::Given(given) => time::Duration::try_from(given).unwrap_or(time::Duration::MAX),
            Self::Never => return false,
        };
        !left.is_negative() && left <= ahead
    }
}
