//! What this command resolved so far: a digest means the same bytes however often it is asked for.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard};

use crate::envelope::TargetArtifact;
use crate::registry::{Reference, Resolved};

/// Artifacts by their reference by digest. A tag is not among them: whoever asks for one asks the
/// registry.
#[derive(Debug, Default)]
pub struct Remembered(Mutex<HashMap<Reference, Known>>);

/// An artifact, and what it lists where that was looked at.
#[derive(Debug, Clone)]
enum Known {
    Itself(TargetArtifact),
    WithChildren(Resolved),
}

impl Remembered {
    pub fn target(&self, reference: &Reference) -> Option<TargetArtifact> {
        self.known().get(reference).map(|known| match known {
            Known::Itself(target) => target.clone(),
            Known::WithChildren(resolved) => resolved.target.clone(),
        })
    }

    pub fn with_children(&self, reference: &Reference) -> Option<Resolved> {
        match self.known().get(reference) {
            Some(Known::WithChildren(resolved)) => Some(resolved.clone()),
            _ => None,
        }
    }

    /// Keeps what `reference` was resolved to, by tag or by digest.
    pub fn keep(&self, reference: &Reference, target: &TargetArtifact) {
        let known = Known::Itself(target.clone());
        self.known().entry(reference.at(&target.digest)).or_insert(known);
    }

    /// The same with what it lists.
    pub fn keep_with_children(&self, reference: &Reference, resolved: &Resolved) {
        let reference = reference.at(&resolved.target.digest);
        self.known().insert(reference, Known::WithChildren(resolved.clone()));
    }

    fn known(&self) -> MutexGuard<'_, HashMap<Reference, Known>> {
        self.0.lock().expect("no panic holds this lock")
    }
}
