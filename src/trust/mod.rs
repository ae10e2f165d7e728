//! Trust policy, trusted identities and the trust store.

mod identity;
mod level;
mod policy;
mod store;

pub use identity::{Identities, IdentityError};
pub use level::{Action, Check, Level};
pub use policy::{POLICY_LIMIT, Policy, PolicyError, Statement, TimestampRule};
pub use store::{StoreError, StoreType, TrustStore, TrustStoreDir};
