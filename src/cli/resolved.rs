//! What this command resolved so far: a digest means the same bytes however often it is asked for.

use std::collections::HashMap;
use std::sync::Mutex;

use crate::envelope::TargetArtifact;
use crate::registry::Reference;

/// Artifacts by their reference by digest. A tag is not among them: whoever asks for one asks the
/// registry.
#[derive(Debug, Default)]
pub struct Resolved(Mutex<HashMap<Reference, TargetArtifact>>);

impl Resolved {
    pub fn find(&self, reference: &Reference) -> Option<TargetArtifact> {
        self.0.lock().expect("no panic holds this lock").get(reference).cloned()
    }

    /// Keeps what `reference` was resolved to, by tag or by digest.
    pub fn keep(&self, reference: &Reference, target: &TargetArtifact) {
        let mut known = self.0.lock().expect("no panic holds this lock");
        known.insert(reference.at(&target.digest), target.clone());
    }
}
