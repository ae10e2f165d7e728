//! The inputs that say who is asked about revocation.

use std::time::Duration;

use crate::ci::draft::{Draft, InputError};
use crate::clock::GoDuration;
use crate::revocation::{Reach, RevocationSettings, SourceRule, Timeouts};
use crate::sign::OwnRule;

const OWN: [(&str, Option<OwnRule>); 3] =
    [("warn", Some(OwnRule::Warn)), ("fail", Some(OwnRule::Fail)), ("off", None)];
const REACH: [(&str, Reach); 2] = [("online", Reach::Servers), ("offline", Reach::CacheOnly)];

impl Draft {
    pub(super) fn revocation(&self) -> Result<RevocationSettings, InputError> {
        let usual = Timeouts::default();
        Ok(RevocationSettings {
            reach: self.one_of("revocation", &REACH)?,
            sources: match self.truth("require-revocation-source")? {
                true => SourceRule::Required,
                false => SourceRule::Optional,
            },
            timeouts: Timeouts {
                ocsp: self.answer_time("ocsp-timeout")?.unwrap_or(usual.ocsp),
                crl: self.answer_time("crl-timeout")?.unwrap_or(usual.crl),
            },
        })
    }

    /// None where the signing chain is not asked about.
    pub(super) fn own_revocation(&self) -> Result<Option<OwnRule>, InputError> {
        self.one_of("check-own-revocation", &OWN)
    }

    fn answer_time(&self, name: &'static str) -> Result<Option<Duration>, InputError> {
        let Some(text) = self.text(name) else { return Ok(None) };
        let time = GoDuration::parse(text).ok().and_then(|given| given.to_std());
        time.filter(|time| !time.is_zero()).map(Some).ok_or_else(|| InputError::Invalid {
            name,
            found: text.to_owned(),
            expected: "a positive duration such as `2s` or `500ms`".to_owned(),
        })
    }
}
