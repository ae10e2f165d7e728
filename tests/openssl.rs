//! The program against OpenSSL: `openssl ts` as time-stamping authority, `openssl ocsp` as responder, CRLs
//! of `openssl ca`.
//!
//! SEALWRIGHT_OPENSSL names the command line of OpenSSL 3. Unset, each test says what it skipped; with
//! `CI=true` a skip is a failure. The verifier's clock is this machine's, as OpenSSL's is, so certificates
//! are valid for a century around it.

#[path = "openssl/authority.rs"]
mod authority;
#[path = "openssl/crl.rs"]
mod crl;
#[path = "openssl/ocsp.rs"]
mod ocsp;
#[path = "program/mod.rs"]
mod program;
#[path = "openssl/server.rs"]
mod server;
#[path = "openssl/timestamp.rs"]
mod timestamp;
#[path = "openssl/world.rs"]
mod world;
