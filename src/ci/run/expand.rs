//! The images of a step as manifests to work on: with `recursive` also those below an index.

use std::collections::HashMap;

use super::limit::Limit;
use crate::batch::{self, Distinct, Member, Reach};
use crate::ci::report::ImageReport;
use crate::ci::services::Services;
use crate::ci::step::Step;
use crate::registry::Reference;

/// One manifest to work on, or what to report instead of working on it.
pub(super) struct Item {
    pub manifest: Result<Reference, ImageReport>,
    /// How the step names it; none for what was found below an index alone.
    pub named: Option<Distinct>,
    /// Where it was found; none for an image as the step names it.
    pub member: Option<Member>,
}

/// The images in their order, each followed by what lies below it; no manifest twice.
pub(super) async fn expand(
    targets: Vec<Result<Distinct, ImageReport>>,
    step: &Step,
    services: &dyn Services,
    limit: &Limit<'_>,
) -> Vec<Item> {
    if step.reach == Reach::Itself {
        return targets.into_iter().map(Item::named).collect();
    }
    let mut items: Vec<Item> = Vec::new();
    let mut places: HashMap<Reference, usize> = HashMap::new();
    let look = |number: usize| below(step, &targets[number], services, limit);
    let throttled = || services.throttled();
    batch::in_order(targets.len(), step.concurrency, throttled, look, |found| {
        for item in found {
            // what two indexes list, or the step names as well, is worked on once
            let known = match &item.manifest {
                Ok(image) => *places.entry(image.clone()).or_insert(items.len()),
                Err(_) => items.len(),
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

async fn below(
    step: &Step,
    target: &Result<Distinct, ImageReport>,
    services: &dyn Services,
    limit: &Limit<'_>,
) -> Vec<Item> {
    let Ok(named) = target else { return vec![Item::named(target.clone())] };
    let image = &named.reference;
    let fault = match limit.hold(services.expand(image)).await {
        Ok(Ok(members)) => {
            let mut items: Vec<Item> = members.into_iter().map(Item::found).collect();
            if let Some(first) = items.first_mut() {
                first.named = Some(named.clone());
            }
            return items;
        }
        // a dry run tells by itself what it could not look at
        Ok(Err(fault)) if step.dry_run && services.lacks_credentials(image.registry(), &*fault) => {
            return vec![Item::named(target.clone())];
        }
        Ok(Err(fault)) | Err(fault) => fault,
    };
    let mut failed = ImageReport::failed(image, &*fault);
    failed.used(services.provenance(image));
    vec![Item { manifest: Err(failed), named: Some(named.clone()), member: None }]
}

impl Item {
    fn named(target: Result<Distinct, ImageReport>) -> Self {
        match target {
            Ok(named) => {
                Self { manifest: Ok(named.reference.clone()), named: Some(named), member: None }
            }
            Err(failed) => Self { manifest: Err(failed), named: None, member: None },
        }
    }

    fn found(member: Member) -> Self {
        let image = member.reference.clone();
        let manifest = match &member.fault {
            Some(fault) => Err(ImageReport::failed(&image, &**fault)),
            None => Ok(image),
        };
        Self { manifest, named: None, member: Some(member) }
    }
}
