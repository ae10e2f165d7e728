//! Revocation: answers and CRLs of OpenSSL, delta CRLs of notation-core-go, and whole chains asked of
//! servers in memory.

mod chains;
mod openssl;
mod vectors;
mod world;
