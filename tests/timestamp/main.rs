//! Timestamp tokens that others made: tspclient-go's test data, OpenSSL's tokens, and what is wrong with them.

mod der;
mod openssl;
#[allow(dead_code, reason = "more than these tests need")]
#[path = "../envelope/pki.rs"]
mod pki;
mod stamper;
mod vectors;
