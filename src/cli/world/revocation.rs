//! The servers that certificates name, asked with the command's client and notation's CRL cache.

use std::sync::Arc;

use super::World;
use crate::env::name;
use crate::revocation::{
    Checker, CheckerOptions, CrlCache, HttpFetch, Loopback, RevocationSettings,
};

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
        let fetch = Arc::new(HttpFetch::new(self.http.clone(), timeouts, loopback));
        Checker::new(CheckerOptions { fetch, cache, reach, sources })
    }
}
