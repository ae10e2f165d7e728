//! One question for all who ask the same of a chain.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use time::OffsetDateTime;
use tokio::sync::OnceCell;

use super::{Answers, Asked, ChainTrust, Reach, RevocationCheck};
use crate::x509::Certificate;

/// [`RevocationCheck`] that asks about each chain once, whatever is told, and lets whoever asks meanwhile
/// wait for the answer. For the chains of a command's own signers, which are few: every answer is kept.
pub struct AskedOnce {
    check: Arc<dyn RevocationCheck>,
    told: Mutex<HashMap<Question, Arc<OnceCell<Answers>>>>,
}

/// Thumbprints of the chain, and what else bears on the answer.
type Question = (Vec<String>, Option<OffsetDateTime>, ChainTrust);

impl AskedOnce {
    pub fn new(check: Arc<dyn RevocationCheck>) -> Self {
        Self { check, told: Mutex::default() }
    }
}

#[async_trait::async_trait]
impl RevocationCheck for AskedOnce {
    async fn check(&self, asked: &Asked<'_>) -> Answers {
        let thumbprints = asked.certificates.iter().map(Certificate::thumbprint).collect();
        let question = (thumbprints, asked.authentic_signing_time, asked.trust);
        let answers = {
            let mut told = self.told.lock().expect("no panic holds this lock");
            told.entry(question).or_default().clone()
        };
        answers.get_or_init(|| self.check.check(asked)).await.clone()
    }

    fn reach(&self) -> Reach {
        self.check.reach()
    }
}
