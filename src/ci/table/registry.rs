//! Registries and their credentials.

use super::{Input, Place, REGISTRY, Shape, input};

pub(super) const INPUTS: &[Input] = &[
    input(
        "auth-realms",
        Shape::List,
        None,
        "Token servers on other hosts that belong to the registry and may have its credentials: `HOST[:PORT]`, one per line or separated by commas.",
    ).of(REGISTRY),
    input(
        "ca-file",
        Shape::File,
        None,
        "PEM file with the CA of a registry's own PKI: `certs/ca.pem`. It vouches for registries alone, beside the system's roots.",
    ).of(REGISTRY),
    input(
        "registry-username",
        Shape::Text,
        None,
        "User name for the registry, when no other credential is wanted.",
    ).of(REGISTRY),
    input("registry-password", Shape::Text, None, "Password or token for the registry.").of(REGISTRY),
    input(
        "container-registry",
        Shape::Text,
        None,
        "Docker registry service connection; its credential is for its own registry alone. `login` without `registry` logs in to that one.",
    ).of(REGISTRY).on(Place::AzurePipelines),
];
