//! What several references come to: themselves, or with `--recursive` everything below them too.

use std::collections::HashSet;
use std::num::NonZeroUsize;
use std::sync::Mutex;

use super::{Finished, Work};
use crate::batch::{self, Member, Reach};
use crate::ci::ImageReport;
use crate::cli::render::text::tag_warning;
use crate::cli::world::World;
use crate::fault::BoxFault;
use crate::registry::{Access, Reference};

/// One manifest to work on, or a reference that leads to none.
pub struct Item {
    named: Named,
    /// Said before its own warnings.
    warnings: Vec<String>,
}

enum Named {
    Text(String),
    Member(Member),
    /// Taken when it is reported.
    Failed(Mutex<Option<Box<Finished>>>),
}

/// The references in their order, with what lies below each; no manifest twice.
pub async fn items(
    command: &'static str,
    references: &[String],
    access: Access,
    world: &World,
    (limit, reach): (NonZeroUsize, Reach),
) -> Vec<Item> {
    if reach == Reach::Itself {
        let named = references.iter().cloned().map(Named::Text);
        return named.map(|named| Item { named, warnings: Vec::new() }).collect();
    }
    let mut items = Vec::new();
    let mut seen = HashSet::new();
    let look = |number: usize| below(command, &references[number], access, world);
    batch::in_order(
        references.len(),
        limit,
        || world.throttled(),
        look,
        |found| {
            for item in found {
                let again = match &item.named {
                    // what two indexes list is signed once
                    Named::Member(member) => {
                        member.fault.is_none() && !seen.insert(member.reference.clone())
                    }
                    Named::Text(_) | Named::Failed(_) => false,
                };
                if !again {
                    items.push(item);
                }
            }
        },
    )
    .await;
    items
}

async fn below(command: &str, text: &str, access: Access, world: &World) -> Vec<Item> {
    let reference = match world.reference(text).await {
        Ok(reference) => reference,
        // said where it is worked on
        Err(_) => {
            return vec![Item { named: Named::Text(text.to_owned()), warnings: Vec::new() }];
        }
    };
    let members = match world.expand(&reference, access).await {
        Ok(members) => members,
        Err(fault) => return vec![Item::failed(&reference, fault)],
    };
    let mut warnings: Vec<String> = tag_warning(command, &reference).into_iter().collect();
    let items = members.into_iter().map(|mut member| {
        let warnings = std::mem::take(&mut warnings);
        match member.fault.take() {
            Some(fault) => {
                let mut item = Item::failed(&member.reference, fault);
                if let Named::Failed(failed) = &mut item.named
                    && let Ok(Some(finished)) = failed.get_mut()
                {
                    finished.report.found(&member);
                }
                item
            }
            None => Item { named: Named::Member(member), warnings },
        }
    });
    items.collect()
}

impl Item {
    fn failed(reference: &Reference, fault: BoxFault) -> Self {
        let report = ImageReport::failed(reference, &*fault);
        let finished =
            Finished { report, warnings: Vec::new(), text: String::new(), fault: Some(fault) };
        Self { named: Named::Failed(Mutex::new(Some(Box::new(finished)))), warnings: Vec::new() }
    }

    /// Works on it, unless it has failed.
    pub async fn finish(&self, work: &dyn Work, world: &World) -> Finished {
        let mut finished = match &self.named {
            Named::Failed(failed) => {
                let mut failed = failed.lock().expect("no panic holds this lock");
                return *failed.take().expect("each item is finished once");
            }
            Named::Text(text) => match world.reference(text).await {
                Ok(reference) => work.one(&reference).await,
                Err(error) => Finished {
                    report: ImageReport::unreadable(text, &error),
                    warnings: Vec::new(),
                    text: String::new(),
                    fault: Some(error.into()),
                },
            },
            Named::Member(member) => {
                let mut finished = work.one(&member.reference).await;
                finished.report.found(member);
                finished.warnings.splice(0..0, member.warnings.iter().cloned());
                finished
            }
        };
        finished.warnings.splice(0..0, self.warnings.iter().cloned());
        finished
    }
}
