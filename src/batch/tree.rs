//! An index and every manifest below it, attestations among them: what `--recursive` covers.

use std::collections::HashSet;

use futures_util::{StreamExt as _, stream};

use crate::crypto::Digest;
use crate::fault::{BoxFault, Fault};
use crate::registry::{Child, Reference, Registry, Resolved};

/// most manifests below one index; a base image for every platform has under 100
pub const MOST_MANIFESTS: usize = 1_000;
/// most indexes above one manifest; builders nest them twice at most
pub const DEEPEST: usize = 4;
/// manifests of one index fetched side by side
const LOOK_AHEAD: usize = 4;

/// Whether a reference stands for what it names alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reach {
    Itself,
    /// And for every manifest below it.
    Recursive,
}

/// A manifest to be worked on.
#[derive(Debug)]
pub struct Member {
    /// By digest.
    pub reference: Reference,
    /// The index that lists it; none for what the user named.
    pub index: Option<Digest>,
    /// `linux/arm64/v8`, as that index says.
    pub platform: Option<String>,
    /// What lies below it and is not covered, in sentences.
    pub warnings: Vec<String>,
    /// Why it cannot be worked on; the others can.
    pub fault: Option<BoxFault>,
}

/// An index that is not covered, since not all of it could be.
#[derive(Debug, thiserror::Error)]
pub enum TreeError {
    #[error("{reference}: more than {MOST_MANIFESTS} manifests lie below it")]
    TooMany { reference: Reference },
    #[error("{reference}: indexes are nested more than {DEEPEST} deep below it")]
    TooDeep { reference: Reference },
}

impl Fault for TreeError {
    fn code(&self) -> &'static str {
        match self {
            TreeError::TooMany { .. } => "batch-index-size",
            TreeError::TooDeep { .. } => "batch-index-depth",
        }
    }
}

/// The artifact, then everything below it, level by level in the order it is listed, each digest
/// once. An artifact that is no index is alone.
///
/// Every manifest's bytes are compared with the digest, size and type its index states. One that
/// does not fit or is not there is a member with a fault; an index that cannot be read as a whole,
/// is too large or nested too deep is an error, at the top for everything.
pub async fn expand(
    registry: &dyn Registry,
    reference: &Reference,
) -> Result<Vec<Member>, BoxFault> {
    let top = registry.resolve_with_children(reference, None).await?;
    let own = reference.at(&top.target.digest);
    let mut seen = HashSet::from([identity(&top.target.media_type, &top.target.digest)]);
    let mut members = Vec::new();
    let mut level = fresh(&mut seen, &top);
    members.push(member(&own, None, Ok(top)));
    for depth in 0.. {
        if level.is_empty() {
            break;
        }
        if depth == DEEPEST {
            return Err(TreeError::TooDeep { reference: own }.into());
        }
        if members.len() - 1 + level.len() > MOST_MANIFESTS {
            return Err(TreeError::TooMany { reference: own }.into());
        }
        let mut fetched = stream::iter(std::mem::take(&mut level))
            .map(|(index, child)| {
                let reference = own.at(&child.digest);
                async move {
                    let found = registry.resolve_with_children(&reference, Some(&child)).await;
                    (reference, (index, child), found)
                }
            })
            .buffered(LOOK_AHEAD);
        while let Some((reference, listed, found)) = fetched.next().await {
            if let Ok(found) = &found {
                level.extend(fresh(&mut seen, found));
                // before a thousand indexes of thousands are held
                if level.len() > MOST_MANIFESTS {
                    return Err(TreeError::TooMany { reference: own.clone() }.into());
                }
            }
            members.push(member(&reference, Some(listed), found));
        }
    }
    Ok(members)
}

/// A child that states another type for the same digest is looked at too, and fails.
fn identity(media_type: &str, digest: &Digest) -> (String, Digest) {
    (media_type.to_owned(), digest.clone())
}

/// The children of an index that were not met before, with its digest.
fn fresh(seen: &mut HashSet<(String, Digest)>, index: &Resolved) -> Vec<(Digest, Child)> {
    let children = index.children.iter();
    let new = children.filter(|child| seen.insert(identity(&child.media_type, &child.digest)));
    new.map(|child| (index.target.digest.clone(), child.clone())).collect()
}

fn member(
    reference: &Reference,
    listed: Option<(Digest, Child)>,
    found: Result<Resolved, BoxFault>,
) -> Member {
    let (index, child) = listed.unzip();
    let platform = child.and_then(|child| child.platform);
    let (warnings, fault) = match found {
        Ok(found) => (left_out(&found.left_out), None),
        Err(fault) => (Vec::new(), Some(fault)),
    };
    Member { reference: reference.clone(), index, platform, warnings, fault }
}

/// One sentence, whatever an index lists: the first type stands for the others.
fn left_out(types: &[String]) -> Vec<String> {
    let Some(first) = types.first() else { return Vec::new() };
    let others = match types.len() - 1 {
        0 => String::new(),
        others => format!(", and {others} more"),
    };
    vec![format!("not covered, since it is no manifest: an entry of type {first:?}{others}")]
}

#[cfg(test)]
#[path = "tree_tests.rs"]
mod tests;
