//! Repositories that remember what was found below an index.

use std::sync::Arc;

use super::World;
use crate::batch::{self, Known, Member};
use crate::fault::BoxFault;
use crate::registry::{Access, Reference, Registry};

impl World {
    /// The artifact and every manifest below it. What is found is not fetched again by clients of
    /// [`World::registry`].
    pub async fn expand(
        &self,
        reference: &Reference,
        access: Access,
    ) -> Result<Vec<Member>, BoxFault> {
        let client = self.registry(reference, access)?;
        let known = {
            let mut known = self.known.lock().expect("no panic holds this lock");
            known.entry(reference.scope()).or_insert_with(|| Arc::new(Known::new(client))).clone()
        };
        batch::expand(&known, reference).await
    }

    /// The repository a reference names, where `expand` looked around in it.
    pub(super) fn known(&self, reference: &Reference) -> Option<Arc<dyn Registry>> {
        let known = self.known.lock().expect("no panic holds this lock");
        known.get(&reference.scope()).map(|known| known.clone() as Arc<dyn Registry>)
    }
}
