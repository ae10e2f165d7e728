//! The servers that certificates name, asked with the command's client and notation's CRL cache.

use std::sync::Arc;

use super::World;
use crate::env::name;
use crate::revocation::{
    Checker, CheckerOptions, CrlCache, HttpFetch, Loopback, Reach, SourceRule, Timeouts,
};

/// How a command asks.
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

impl World {
    /// What asks about revocation.
    pub fn revocation(&self, settings: RevocationSettings) -> Checker {
        self.checker(settings, Some(CrlCache::below(self.dirs.cache())))
    }

    /// The same, keeping nothing.
    pub fn revocation_unkept(&self) -> Checker {
        self.checker(RevocationSettings::default(), None)
    }

    fn checker(&self, settings: RevocationSettings, cache: Option<CrlCache>) -> Checker {
        let RevocationSettings { reach, sources, timeouts } = settings;
        let loopback = match self.options.env.is_one(name::SEALWRIGHT_REVOCATION_LOOPBACK) {
            true => Loopback::Allowed,
            false => Loopback::Refused,
        };
        let fetch = Arc::new(HttpFetch { http: self.http.clone(), timeouts, loopback });
        Checker::new(CheckerOptions { fetch, cache, reach, sources })
    }
}
