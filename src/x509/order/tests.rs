//! Bags of certificates in every disorder.
