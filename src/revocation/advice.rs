//! What to do next, in one wording for those who sign and those who verify.

/// No server told.
pub const UNREACHABLE: &str = "is the server reachable from here? Ask it: curl -sSI <url>; for verifiers without a network \
                               carry over the CRL cache and add --revocation offline";
