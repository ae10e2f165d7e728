//! Trust policy, trusted identities and the trust store (trust-store-trust-policy.md).

mod distinguished_name;
mod draft;
mod identity;
mod initial;
mod level;
mod policy;
mod policy_error;
mod scope;
mod store;
mod store_edit;
mod store_error;

pub use distinguished_name::{DistinguishedName, DistinguishedNameError};
pub use draft::Draft;
pub use identity::{Identities, IdentityError};
pub use initial::{AppliesTo, InitialStatement};
pub use level::{ACTIONS, Action, CHECKS, Check, Level, LevelError};
pub use policy::{POLICY_LIMIT, Policy, Statement, TimestampRule};
pub use policy_error::PolicyError;
pub use store::{
    FILE_LIMIT as CERTIFICATE_FILE_LIMIT, STORE_TYPES, StoreType, TrustStore, TrustStoreDir,
    check_trusted, is_name as is_store_name,
};
pub use store_edit::StoredFile;
pub use store_error::StoreError;
