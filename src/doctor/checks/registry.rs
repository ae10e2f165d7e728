//! The registry: who may do what in the image's repository, and how it lists signatures.

use crate::doctor::Asked;
use crate::doctor::facts::Facts;
use crate::doctor::finding::{Finding, Line, Mark};
use crate::registry::{PushPermission, Version};

pub(super) fn reachable(line: Line, facts: &Facts) -> Finding {
    let repository = &facts.repository;
    if let (Some(told), Some(image)) = (repository.answers.refusal(), &facts.image) {
        let finding = line.failed(told);
        let ask = format!("does it answer from here? curl -sSI https://{}/v2/", image.registry());
        return Finding { hint: finding.hint.or(Some(ask)), ..finding };
    }
    line.judged("registry", &repository.answers, |()| {
        let by = repository.credential.as_deref().unwrap_or("none");
        line.passed(format!("the registry answers; credential: {by}"))
    })
}

pub(super) fn pull(line: Line, facts: &Facts) -> Finding {
    let pull = &facts.repository.pull;
    line.judged("pull", pull, |target| {
        line.passed(format!("pull is granted; the image is {}", target.digest))
    })
}

pub(super) fn push(line: Line, facts: &Facts) -> Finding {
    line.judged("push", &facts.repository.push, |permission| {
        line.passed(match permission {
            PushPermission::Granted => "push is granted by the registry's token",
            PushPermission::Tried => "push is granted; an upload was opened and cancelled",
        })
    })
}

/// Signing works without it: outdated tag indexes stay, and `prune` deletes nothing.
pub(super) fn delete(line: Line, facts: &Facts) -> Finding {
    let subject = "delete (only prune and the cleaning of outdated tag indexes need it)";
    match &facts.repository.delete {
        Asked::Answered(Some(())) => line.passed("delete is granted"),
        Asked::Answered(None) => line.not_asked(subject, "only trying would tell"),
        Asked::Refused(told) => {
            let finding = line.told(Mark::Noted, told);
            Finding {
                text: format!(
                    "delete is not granted: outdated tag indexes stay, and prune cannot delete ({})",
                    told.text
                ),
                ..finding
            }
        }
        Asked::Not(why) => line.not_asked(subject, why),
    }
}

pub(super) fn referrers(line: Line, facts: &Facts) -> Finding {
    let subject = "Referrers API";
    match &facts.repository.referrers_api {
        Asked::Answered(true) => line.passed(
            "the registry has the Referrers API; signing keeps the tag schema's index beside it unless told otherwise (--force-referrers-tag=false)",
        ),
        Asked::Answered(false) => line.passed(
            "the registry has no Referrers API, so the tag schema is used; Azure's have none when encrypted with a customer-managed key (CMK)",
        ),
        Asked::Refused(told) => line.failed(told),
        Asked::Not(why) => line.not_asked(subject, why),
    }
}

pub(super) fn by_digest(line: Line, facts: &Facts) -> Finding {
    let subject = "tag or digest";
    let Some(image) = &facts.image else { return line.not_asked(subject, "no image is named") };
    let Version::Tag(tag) = image.version() else {
        return line.passed("the image is named by its digest");
    };
    let finding = line
        .noted(format!("the image is named by the tag {tag}, which can be moved to another image"));
    match facts.repository.pull.answer() {
        Some(target) => finding.hint(format!("now it is {}", image.at(&target.digest))),
        None => finding,
    }
}
