//! `doctor`'s questions put to the clients of `world`: the same for the command and for the step.

use std::path::PathBuf;
use std::sync::Arc;

use super::signing_key::SigningKey;
use super::world::World;
use crate::clock::Clock;
use crate::config::{Dirs, trust_policy};
use crate::doctor::{
    Asked, Finding, IdentityAnswers, KeyAnswers, Patient, RepositoryAnswers, Told, examine, gather,
};
use crate::envelope::{Countersigner, Format};
use crate::fault::BoxFault;
use crate::plugin::PluginConfig;
use crate::registry::Reference;
use crate::trust::TrustStoreDir;

/// What is to be examined.
pub struct Examination<'a> {
    pub world: &'a World,
    pub key: Result<SigningKey, BoxFault>,
    pub reference: Option<&'a Reference>,
    /// Addresses of time-stamping authorities and the file with their root.
    pub timestamps: Option<(Vec<String>, PathBuf)>,
    pub format: Format,
    pub policy: Dirs,
    pub store: Dirs,
    pub clock: Arc<dyn Clock>,
}

impl Examination<'_> {
    /// Asks everything; nothing is written.
    pub async fn run(&self) -> Vec<Finding> {
        let world = self.world;
        let key = match &self.key {
            Ok(key) => Asked::of(world.examined_key(key)),
            Err(fault) => Asked::Refused(Told::from(&**fault)),
        };
        let repository = match self.reference {
            Some(reference) => Asked::of(world.examined(reference)),
            None => Asked::not("no image is named"),
        };
        let stamper = match &self.timestamps {
            Some((urls, root)) => Asked::of(world.stamper_unkept(urls, root)),
            None => Asked::not("no --timestamp-url is given"),
        };
        let policy = trust_policy::load(&self.policy);
        let store = TrustStoreDir::new(self.store.trust_store());
        let mut present: Vec<_> = store.list(None, None).unwrap_or_default();
        present.dedup_by(|a, b| (a.kind, &a.store) == (b.kind, &b.store));
        let revocation = world.revocation_unkept();
        let plugins = world.verification_plugins(PluginConfig::new());
        let identity = world.examined_identity(key.answer(), self.reference);
        let identity: &dyn IdentityAnswers = &identity;
        let patient = Patient {
            identity,
            key: key.as_ref().map(|key| key as &dyn KeyAnswers),
            repository: repository.as_ref().map(|repository| repository as &dyn RepositoryAnswers),
            countersigner: stamper.as_ref().map(|stamper| stamper as &dyn Countersigner),
            format: self.format,
            policy: policy.map_or_else(|error| Asked::Refused(error.into()), Asked::Answered),
            store: &store,
            present: present.into_iter().map(|file| (file.kind, file.store)).collect(),
            revocation: &revocation,
            plugins: &plugins,
            clock: &*self.clock,
            server_clocks: &|| world.http().server_clocks(),
        };
        examine(&gather(&patient).await)
    }
}
