//! The inputs that say whom to trust.

use std::path::PathBuf;

use super::BinaryNames;
use crate::ci::draft::{Draft, InputError};
use crate::ci::trust::{NoSource, PolicySource, TrustInputs, TrustedSource};

impl Draft {
    pub(super) fn trust(&self) -> Result<TrustInputs, InputError> {
        let invalid = |name| {
            move |NoSource { found, expected }| InputError::Invalid { name, found, expected }
        };
        let policy = self.text("trust-policy").map(PolicySource::parse).transpose();
        let certificates = self.text("trusted-certificates").map(TrustedSource::parse_all);
        Ok(TrustInputs {
            policy: policy.map_err(invalid("trust-policy"))?,
            store: self.text("trust-store").map(PathBuf::from),
            certificates: certificates
                .transpose()
                .map_err(invalid("trusted-certificates"))?
                .unwrap_or_default(),
        })
    }

    pub(super) fn binary_names(&self) -> Result<BinaryNames, InputError> {
        Ok(match self.truth("install-as-notation")? {
            true => BinaryNames::AndNotation,
            false => BinaryNames::Own,
        })
    }
}
