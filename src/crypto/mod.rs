//! Digests and the six signature suites in one table.

mod digest;
mod key;
mod public_key;
mod random;
mod suite;

pub use digest::{Digest, DigestError, Hash, Hasher};
pub use key::{KeyError, PrivateKey};
pub use public_key::UnsupportedKey;
pub use random::{random_bytes, seed_random};
pub use suite::{SUITES, Suite, VerifyError};
