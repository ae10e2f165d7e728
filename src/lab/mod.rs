//! A whole world on loopback: registry, key vault, Entra and a small PKI.
