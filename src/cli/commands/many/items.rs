//! What several references come to: each artifact once, or with `--recursive` everything below it too.

use std::collections::HashMap;
use std::num::NonZeroUsize;
use std::sync::Mutex;

use super::{Finished, Work};
use crate::batch::{self, Distinct, Member, Reach};
use crate::ci::ImageReport;
use crate::cli::world::World;
use crate::fault::BoxFault;
use crate::registry::{Access, Reference};

/// One manifest to work on, or a reference that leads to none.
pub struct Item {
    manifest: Manifest,
    /// How it was asked for; none for what was found below an index alone.
    named: Option<Distinct>,
    /// Where it was found.
    member: Option<Member>,
}

enum Manifest {
    At(Reference),
    /// Taken when it is reported.
    Failed(Mutex<Option<Box<Finished>>>),
}

/// The references in their order, each by digest, with what lies below it; no manifest twice. Text
/// that is no reference and tags that cannot be resolved stay where they are, as failures.
pub async fn items(
    references: &[String],
    access: Access,
    world: &World,
    (limit, reach): (NonZeroUsize, Reach),
) -> Vec<Item> {
    let mut resolved = Vec::new();
    let resolve = |number: usize| resolved_one(&references[number], access, world, reach);
    let throttled = || world.throttled();
    batch::in_order(references.len(), limit, throttled, resolve, |answer| resolved.push(answer))
        .await;
    let mut targets = Vec::new();
    for target in batch::distinct(resolved) {
        targets.push(Mutex::new(Some(target)));
    }
    let mut items: Vec<Item> = Vec::new();
    let mut places: HashMap<Reference, usize> = HashMap::new();
    let look = |number: usize| {
        let target = targets[number].lock().expect("no panic holds this lock").take();
        let target = target.expect("each reference is looked at once");
        async move {
            match (target, reach) {
                (Ok(named), Reach::Recursive) => below(named, access, world).await,
                (Ok(named), Reach::Itself) => vec![Item::named(named)],
                (Err(finished), _) => vec![Item::failed(finished)],
            }
        }
    };
    batch::in_order(targets.len(), limit, throttled, look, |found| {
        for item in found {
            // what two indexes list, or the user names as well, is worked on once
            let known = match &item.manifest {
                Manifest::At(image) => *places.entry(image.clone()).or_insert(items.len()),
                Manifest::Failed(_) => items.len(),
            };
            match items.get_mut(known) {
                Some(earlier) => earlier.named = earlier.named.take().or(item.named),
                None => items.push(item),
            }
        }
    })
    .await;
    items
}

/// The one place where a tag is asked for.
async fn resolved_one(
    text: &str,
    access: Access,
    world: &World,
    reach: Reach,
) -> Result<(Reference, Reference), Finished> {
    let asked = match world.reference(text).await {
        Ok(reference) => reference,
        Err(error) => {
            return Err(Finished::failed(ImageReport::unreadable(text, &error), error.into()));
        }
    };
    match world.by_digest(&asked, access, reach).await {
        Ok(now) => Ok((asked, now)),
        Err(fault) => Err(lost(&asked, fault, world)),
    }
}

async fn below(named: Distinct, access: Access, world: &World) -> Vec<Item> {
    let members = match world.expand(&named.reference, access).await {
        Ok(members) => members,
        Err(fault) => {
            let finished = lost(&named.reference, fault, world);
            return vec![Item { named: Some(named), ..Item::failed(finished) }];
        }
    };
    let mut items: Vec<Item> = members.into_iter().map(Item::found).collect();
    if let Some(first) = items.first_mut() {
        first.named = Some(named);
    }
    items
}

fn lost(reference: &Reference, fault: BoxFault, world: &World) -> Finished {
    let mut report = ImageReport::failed(reference, &*fault);
    report.used(world.provenance(reference));
    Finished::failed(report, fault)
}

impl Item {
    fn named(named: Distinct) -> Self {
        let manifest = Manifest::At(named.reference.clone());
        Self { manifest, named: Some(named), member: None }
    }

    fn failed(finished: Finished) -> Self {
        let manifest = Manifest::Failed(Mutex::new(Some(Box::new(finished))));
        Self { manifest, named: None, member: None }
    }

    fn found(mut member: Member) -> Self {
        let reference = member.reference.clone();
        let mut item = match member.fault.take() {
            Some(fault) => {
                let report = ImageReport::failed(&reference, &*fault);
                Self::failed(Finished::failed(report, fault))
            }
            None => Self { manifest: Manifest::At(reference), named: None, member: None },
        };
        item.member = Some(member);
        item
    }

    /// Works on it, unless it has failed.
    pub async fn finish(&self, work: &dyn Work) -> Finished {
        let mut finished = match &self.manifest {
            Manifest::At(reference) => work.one(reference).await,
            Manifest::Failed(failed) => {
                let mut failed = failed.lock().expect("no panic holds this lock");
                *failed.take().expect("each item is finished once")
            }
        };
        if let Some(member) = &self.member {
            finished.report.found(member);
            finished.warnings.splice(0..0, member.warnings.iter().cloned());
        }
        if let Some(named) = &self.named {
            finished.report.named(named);
            finished.warnings.splice(0..0, named.warnings());
        }
        finished
    }
}
