//! Looking at artifacts and removing what is of no use, many side by side.

use std::collections::BTreeSet;
use std::sync::Mutex;

use crate::batch::{self, Ended, Plan, PruneRequest, Reach, Removal, TimestampTrust};
use crate::cli::commands::many::Manner;
use crate::cli::render::text::tag_warning;
use crate::cli::world::World;
use crate::clock::Clock;
use crate::crypto::Digest;
use crate::fault::{BoxFault, LINE_LIMIT, excerpt};
use crate::registry::{Access, Reference};
use crate::revocation::Checker;
use crate::trust::{Policy, TrustStoreDir};

/// How all artifacts are pruned.
pub struct Pruning<'a> {
    pub world: &'a World,
    pub clock: &'a dyn Clock,
    /// SHA-256 thumbprints, lower-case hex.
    pub own: &'a BTreeSet<String>,
    pub ended: Ended,
    /// What proves timestamps; none without a trust policy.
    pub trust: Option<(Policy, TrustStoreDir, Checker)>,
    pub manner: Manner,
}

/// An artifact and what became of its signatures.
pub struct Image {
    /// By digest where it is known, else as given.
    pub name: String,
    pub warnings: Vec<String>,
    pub plan: Result<Plan, BoxFault>,
    /// None until something is removed.
    pub removal: Option<Removal>,
}

impl Pruning<'_> {
    /// Looks at each reference, or at all below it, and hands over what it found in their order.
    pub async fn plan(&self, references: &[String], done: impl FnMut(Vec<Image>)) {
        let look = |number: usize| self.look(&references[number]);
        let throttled = || self.world.throttled();
        batch::in_order(references.len(), self.manner.limit, throttled, look, done).await;
    }

    /// Removes what the plans say.
    pub async fn remove(&self, images: &mut [Image]) {
        let removals = Mutex::new(Vec::new());
        let planned = &*images;
        let job = |number: usize| async move {
            match &planned[number].plan {
                Ok(plan) if !plan.removable().is_empty() => Some(self.carry_out(plan).await),
                _ => None,
            }
        };
        let throttled = || self.world.throttled();
        batch::in_order(planned.len(), self.manner.limit, throttled, job, |removal| {
            removals.lock().expect("no panic holds this lock").push(removal);
        })
        .await;
        let removals = removals.into_inner().expect("no panic holds this lock");
        for (image, removal) in images.iter_mut().zip(removals) {
            image.removal = removal;
        }
    }

    async fn look(&self, text: &str) -> Vec<Image> {
        let reference = match self.world.reference(text).await {
            Ok(reference) => reference,
            Err(error) => return vec![Image::failed(text.to_owned(), error.into())],
        };
        if self.manner.reach == Reach::Itself {
            return vec![self.look_at(&reference).await];
        }
        let members = match self.world.expand(&reference, Access::Pull).await {
            Ok(members) => members,
            Err(fault) => return vec![Image::failed(reference.to_string(), fault)],
        };
        let mut images = Vec::new();
        for member in members {
            let mut image = match member.fault {
                Some(fault) => Image::failed(member.reference.to_string(), fault),
                None => self.look_at(&member.reference).await,
            };
            image.warnings.extend(member.warnings);
            images.push(image);
        }
        images
    }

    async fn look_at(&self, reference: &Reference) -> Image {
        let request = PruneRequest { reference, own: self.own, ended: self.ended };
        let plan =
            match self.world.registry(reference, Access::Pull) {
                Ok(registry) => {
                    let trust = self.trust.as_ref().map(|(policy, store, revocation)| {
                        TimestampTrust { policy, store, revocation }
                    });
                    let plan = batch::plan(&*registry, trust.as_ref(), self.clock, &request).await;
                    plan.map_err(BoxFault::from)
                }
                Err(fault) => Err(fault),
            };
        match plan {
            Ok(plan) => {
                let mut warnings: Vec<String> =
                    tag_warning("prune", reference).into_iter().collect();
                warnings.extend(plan.warnings.iter().cloned());
                if plan.exceeded {
                    let looked = plan.judged.len();
                    warnings
                        .push(format!("more signatures exist; the first {looked} were looked at"));
                }
                let name = plan.reference.to_string();
                Image { name, warnings, plan: Ok(plan), removal: None }
            }
            Err(fault) => Image::failed(reference.to_string(), fault),
        }
    }

    async fn carry_out(&self, plan: &Plan) -> Removal {
        match self.world.registry(&plan.reference, Access::PullPush) {
            Ok(registry) => batch::remove(&*registry, plan).await,
            Err(fault) => {
                Removal { signatures: Vec::new(), index: Some(fault), warnings: Vec::new() }
            }
        }
    }
}

impl Image {
    fn failed(name: String, fault: BoxFault) -> Self {
        let name = excerpt(&name, LINE_LIMIT);
        Self { name, warnings: Vec::new(), plan: Err(fault), removal: None }
    }

    /// Both are about one artifact.
    pub fn is_same(&self, other: &Self) -> bool {
        matches!((&self.plan, &other.plan), (Ok(one), Ok(two)) if one.reference == two.reference)
    }

    /// What would go.
    pub fn removable(&self) -> Vec<Digest> {
        self.plan.as_ref().map(Plan::removable).unwrap_or_default()
    }

    /// What is gone, by reference.
    pub fn removed(&self) -> Vec<Reference> {
        let (Ok(plan), Some(removal)) = (&self.plan, &self.removal) else { return Vec::new() };
        let gone = removal.signatures.iter().filter(|(_, fault)| fault.is_none());
        gone.map(|(digest, _)| plan.reference.at(digest)).collect()
    }

    /// How many were to go and did not.
    pub fn not_removed(&self) -> usize {
        match &self.removal {
            Some(_) => self.removable().len() - self.removed().len(),
            None => 0,
        }
    }

    pub fn has_failed(&self) -> bool {
        let index = self.removal.as_ref().is_some_and(|removal| removal.index.is_some());
        self.plan.is_err() || index || self.not_removed() > 0
    }
}
