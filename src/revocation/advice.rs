//! What to do next, in one wording for those who sign and those who verify.

/// A signing certificate is revoked.
pub const REVOKED: &str = "secure the source and the environment it is built in, rebuild the image from source, and sign \
                           the new one with a new certificate and key; never sign the old one again";

/// No server told.
pub const UNREACHABLE: &str = "is the server reachable from here? Ask it: curl -sSI <url>; for verifiers without a network \
                               carry over the CRL cache and add --revocation offline";
