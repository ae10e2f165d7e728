//! Finding artifacts: references made whole, tags resolved, what lies below and beside them.

use futures_util::join;

use super::{Listed, World};
use crate::batch::{self, Member, Reach};
use crate::cli::error::CliError;
use crate::fault::BoxFault;
use crate::registry::{Access, Reference, Version};

/// OCI image layouts.
pub struct Layouts {
    /// What they count as in a trust policy.
    pub scope: Option<String>,
}

impl World {
    /// The same, with references that name artifacts in layouts.
    pub fn in_layouts(self, layouts: Layouts) -> Self {
        Self { layouts: Some(layouts), ..self }
    }

    /// Parses a reference. For a tag written as a digest the tag's digest is looked up for the hint.
    pub async fn reference(&self, text: &str) -> Result<Reference, CliError> {
        if let Some(layouts) = &self.layouts {
            let found = Reference::in_layout(text, layouts.scope.as_deref());
            return found.map_err(|error| CliError::Other(error.into()));
        }
        let error = match Reference::parse(text) {
            Ok(reference) => return Ok(reference),
            Err(error) => error,
        };
        let meant = error.suggestion.as_deref().and_then(|meant| Reference::parse(meant).ok());
        let digest = match meant {
            Some(meant) if matches!(meant.version(), Version::Tag(_)) => {
                self.digest_of(&meant).await
            }
            _ => None,
        };
        Err(CliError::Reference { error, digest })
    }

    /// The artifact and every manifest below it; what is found is not fetched again.
    pub async fn expand(
        &self,
        reference: &Reference,
        access: Access,
    ) -> Result<Vec<Member>, BoxFault> {
        batch::expand(&*self.registry(reference, access)?, reference).await
    }

    /// The artifact by digest. With [`Reach::Recursive`] its children are remembered, so that
    /// [`World::expand`] needs not fetch it again.
    pub async fn by_digest(
        &self,
        reference: &Reference,
        access: Access,
        reach: Reach,
    ) -> Result<Reference, BoxFault> {
        if let Version::Digest(_) = reference.version() {
            return Ok(reference.clone());
        }
        let registry = self.registry(reference, access)?;
        let target = match reach {
            Reach::Itself => registry.resolve(reference).await,
            Reach::Recursive => {
                registry.resolve_with_children(reference, None).await.map(|found| found.target)
            }
        };
        Ok(reference.at(&target.map_err(CliError::Resolve)?.digest))
    }

    /// Resolves a reference and lists its signatures, side by side where the digest is known.
    pub async fn signatures(
        &self,
        reference: &Reference,
        limit: usize,
    ) -> Result<Listed, CliError> {
        let registry = self.registry(reference, Access::Pull).map_err(CliError::Other)?;
        let (target, early) = join!(registry.resolve(reference), async {
            match reference.version() {
                Version::Digest(digest) => Some(registry.signatures(digest, limit).await),
                Version::Tag(_) => None,
            }
        });
        let target = target.map_err(CliError::Resolve)?;
        let listing = match early {
            Some(listing) => listing,
            None => registry.signatures(&target.digest, limit).await,
        };
        Ok(Listed { target, listing: listing.map_err(CliError::Other)? })
    }

    async fn digest_of(&self, reference: &Reference) -> Option<String> {
        let registry = self.registry(reference, Access::Pull).ok()?;
        let target = registry.resolve(reference).await.ok()?;
        Some(reference.at(&target.digest).to_string())
    }
}
