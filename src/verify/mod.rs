//! Verifying: the checks, one result each, and the verdict.
