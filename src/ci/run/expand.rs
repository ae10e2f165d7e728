//! The images of a step as manifests to work on: with `recursive` also those below an index.

use std::collections::HashSet;

use super::Limit;
use crate::batch::{self, Member, Reach};
use crate::ci::report::ImageReport;
use crate::ci::services::Services;
use crate::ci::step::Step;
use crate::fault::Fault;
use crate::registry::Reference;

/// One manifest to work on.
pub(super) struct Item {
    pub image: Reference,
    /// Where it was found; none for an image as the step names it.
    pub member: Option<Member>,
    /// What to report instead of working on it.
    pub failed: Option<ImageReport>,
}

/// The images in their order, each followed by what lies below it; no manifest twice.
pub(super) async fn expand(step: &Step, services: &dyn Services, limit: &Limit<'_>) -> Vec<Item> {
    if step.reach == Reach::Itself {
        return step.images.iter().map(Item::named).collect();
    }
    let mut items = Vec::new();
    let mut seen = HashSet::new();
    let look = |number: usize| below(step, &step.images[number], services, limit);
    let throttled = || services.throttled();
    batch::in_order(step.images.len(), step.concurrency, throttled, look, |found| {
        for item in found {
            // what two indexes list is signed once
            if seen.insert(item.image.clone()) || item.failed.is_some() {
                items.push(item);
            }
        }
    })
    .await;
    items
}

async fn below(
    step: &Step,
    image: &Reference,
    services: &dyn Services,
    limit: &Limit<'_>,
) -> Vec<Item> {
    match limit.hold(services.expand(image)).await {
        Ok(Ok(members)) => members.into_iter().map(Item::found).collect(),
        // a dry run tells by itself what it could not look at
        Ok(Err(fault)) if step.dry_run && services.lacks_credentials(image.registry(), &*fault) => {
            vec![Item::named(image)]
        }
        Ok(Err(fault)) => vec![Item::failed(image, &*fault)],
        Err(over) => vec![Item::failed(image, &over)],
    }
}

impl Item {
    fn named(image: &Reference) -> Self {
        Self { image: image.clone(), member: None, failed: None }
    }

    fn found(member: Member) -> Self {
        let image = member.reference.clone();
        let failed = member.fault.as_ref().map(|fault| ImageReport::failed(&image, &**fault));
        Self { image, member: Some(member), failed }
    }

    fn failed(image: &Reference, fault: &dyn Fault) -> Self {
        Self { failed: Some(ImageReport::failed(image, fault)), ..Self::named(image) }
    }
}
