//! What a step works on: tags are resolved once, before anything is done with an image.

use super::limit::Limit;
use crate::batch::{self, Distinct};
use crate::ci::report::ImageReport;
use crate::ci::services::Services;
use crate::ci::step::Step;

/// Each image once, by digest; a tag that cannot be resolved is an image that failed.
pub(super) async fn targets(
    step: &Step,
    services: &dyn Services,
    limit: &Limit<'_>,
) -> Vec<Result<Distinct, ImageReport>> {
    let limit = &limit.for_tags();
    let resolve = |number: usize| async move {
        let image = &step.images[number];
        let resolved = limit.hold(services.resolve(image)).await;
        let fault = match resolved {
            Ok(Ok(now)) => return Ok((image.clone(), now)),
            // what a dry run cannot check is told part by part
            Ok(Err(_)) if step.dry_run => return Ok((image.clone(), image.clone())),
            Ok(Err(fault)) | Err(fault) => fault,
        };
        let mut report = ImageReport::failed(image, &*fault);
        report.used(services.provenance(image));
        Err(report)
    };
    let mut resolved = Vec::new();
    let throttled = || services.throttled();
    batch::in_order(step.images.len(), step.concurrency, throttled, resolve, |answer| {
        resolved.push(answer);
    })
    .await;
    batch::distinct(resolved)
}
