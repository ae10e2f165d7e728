//! What to do, and to which images.

use super::{Input, NAMED, REGISTRY, Shape, input};

pub(super) const INPUTS: &[Input] = &[
    input(
        "command",
        Shape::OneOf(&["sign", "verify", "login", "setup", "doctor"]),
        Some("sign"),
        "What to do: `sign`, `verify`, `login` (write docker's configuration, undone when the job ends), `setup` (put this program on PATH for later steps, and install trust policy and trust store for them) or `doctor` (check everything that signing and verifying need, and write nothing).",
    ),
    input(
        "images",
        Shape::List,
        None,
        "Images to sign or verify, by digest, one per line or separated by commas: `myregistry.azurecr.io/app@sha256:…`; without the digest where `digest` or `metadata` tells it. A tag is resolved once, with a warning.",
    ).of(NAMED),
    input(
        "digest",
        Shape::Text,
        None,
        "Digest of all `images`: `steps.build.outputs.digest`.",
    ).of(NAMED),
    input(
        "metadata",
        Shape::Text,
        None,
        "What the build pushed, JSON or the path of a file with it: the output `metadata` of build-push-action or bake-action, or the result of `az acr build --no-logs --output json`. `images` chooses among several. In Azure Pipelines, without `images` and `metadata`, what Docker@2 pushed (`RESOURCE_URIS`).",
    ).of(NAMED),
    input(
        "registry",
        Shape::List,
        None,
        "Registries to log in to, full or short ACR names, one per line or separated by commas. For `sign` and `verify` the registries of the images need not be named.",
    ).of(REGISTRY),
];
