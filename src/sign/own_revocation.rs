//! Whether one of the signer's own certificates is revoked: whoever verifies will ask the same.

use std::fmt;
use std::sync::Arc;

use time::OffsetDateTime;

use crate::fault::{Fault, LINE_LIMIT, excerpt};
use crate::revocation::{
    Answers, Asked, AskedOnce, ChainTrust, RevocationCheck, Revoked, Standing,
};
use crate::x509::{Chain, remedy};

/// What it comes to when a certificate of the signing chain is revoked, or nobody tells whether it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OwnRule {
    /// The artifact is signed, with a warning.
    Warn,
    /// Nothing is signed.
    Fail,
}

/// Asks about the signing chain: once, however many artifacts it signs. A chain that names no server costs
/// no request.
pub struct OwnRevocation {
    rule: OwnRule,
    check: AskedOnce,
}

/// What was told of the signing chain.
#[derive(Debug, Clone, Default)]
pub struct Told {
    /// None where nobody was to be asked.
    pub answers: Option<Answers>,
    /// Sentences for `Warning: …`.
    pub warnings: Vec<String>,
}

#[derive(Debug, thiserror::Error)]
pub enum OwnRevocationError {
    #[error("signing certificate with subject {subject:?} is revoked")]
    Revoked { subject: String, revoked: Revoked, answers: Answers },
    #[error("signing certificate with subject {subject:?} revocation status is unknown")]
    Unknown { subject: String, problems: Vec<String>, advice: &'static str, answers: Answers },
}

impl OwnRevocation {
    pub fn new(rule: OwnRule, check: Arc<dyn RevocationCheck>) -> Self {
        Self { rule, check: AskedOnce::new(check) }
    }

    /// Where doubt is to fail: the status is good, or nothing names a server. A chain that is not valid now
    /// fails for that, and is not asked about.
    pub(super) async fn gate(
        &self,
        chain: &Chain,
        now: OffsetDateTime,
    ) -> Result<(), OwnRevocationError> {
        if self.rule == OwnRule::Warn || chain.check_valid_at(now).is_err() {
            return Ok(());
        }
        judge(&self.ask(chain, now).await)
    }

    async fn ask(&self, chain: &Chain, now: OffsetDateTime) -> Answers {
        let asked = Asked {
            certificates: chain.certificates(),
            now,
            authentic_signing_time: None,
            // the signer's own: whoever signs with it has chosen it
            trust: ChainTrust::Trusted,
        };
        self.check.check(&asked).await
    }
}

impl Told {
    /// What is told of the chain, with doubt as a warning.
    pub async fn of(own: Option<&OwnRevocation>, chain: &Chain, now: OffsetDateTime) -> Self {
        let Some(own) = own else { return Self::default() };
        let answers = own.ask(chain, now).await;
        let mut warnings = answers.warnings.clone();
        warnings.extend(judge(&answers).err().map(|doubt| doubt.warning()));
        Self { answers: Some(answers), warnings }
    }

    /// The same of a chain that signed earlier and may have ended since, under the same root as the
    /// signer's: where doubt is to fail it does.
    pub async fn of_earlier(
        own: Option<&OwnRevocation>,
        chain: &Chain,
        now: OffsetDateTime,
    ) -> Result<Self, OwnRevocationError> {
        if let Some(own) = own.filter(|own| own.rule == OwnRule::Fail) {
            judge(&own.ask(chain, now).await)?;
        }
        Ok(Self::of(own, chain, now).await)
    }
}

impl OwnRevocationError {
    pub fn answers(&self) -> &Answers {
        match self {
            Self::Revoked { answers, .. } | Self::Unknown { answers, .. } => answers,
        }
    }

    fn warning(&self) -> String {
        let text = match self {
            Self::Revoked { revoked, .. } => format!(
                "{self} ({revoked}); whoever checks revocation refuses what it signs. What to do: {}",
                remedy::REVOKED
            ),
            Self::Unknown { problems, .. } => format!("{self}: {}", problems.join("; ")),
        };
        excerpt(&text, LINE_LIMIT)
    }
}

impl Fault for OwnRevocationError {
    fn code(&self) -> &'static str {
        match self {
            Self::Revoked { .. } => "sign-certificate-revoked",
            Self::Unknown { .. } => "sign-revocation-unknown",
        }
    }

    fn because(&self) -> Vec<String> {
        match self {
            Self::Revoked { revoked, .. } => vec![revoked.to_string()],
            Self::Unknown { problems, .. } => problems.clone(),
        }
    }

    fn hint(&self) -> Option<String> {
        let hint = match self {
            Self::Revoked { .. } => remedy::REVOKED,
            Self::Unknown { advice, .. } => advice,
        };
        Some(hint.to_owned())
    }
}

impl fmt::Debug for OwnRevocation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OwnRevocation").field("rule", &self.rule).finish_non_exhaustive()
    }
}

fn judge(answers: &Answers) -> Result<(), OwnRevocationError> {
    match answers.standing() {
        Standing::Good => Ok(()),
        Standing::Revoked(certificate, revoked) => Err(OwnRevocationError::Revoked {
            subject: certificate.subject.clone(),
            revoked: *revoked,
            answers: answers.clone(),
        }),
        Standing::Unknown(certificate) => Err(OwnRevocationError::Unknown {
            subject: certificate.subject.clone(),
            problems: certificate.problems(),
            advice: certificate.advice(),
            answers: answers.clone(),
        }),
    }
}
