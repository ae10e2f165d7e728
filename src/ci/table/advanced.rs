//! What most steps leave at its default.

use super::{IMAGES, Input, SETUP, SIGN, Shape, input};

pub(super) const INPUTS: &[Input] = &[
    input(
        "force-referrers-tag",
        Shape::Truth,
        Some("true"),
        "`true`: keep the referrers tag index as notation 1.3.2 does; `false`: only where the registry lacks the Referrers API.",
    ).of(SIGN),
    input(
        "install-as-notation",
        Shape::Truth,
        Some("false"),
        "`true`: later steps also find this program as `notation`.",
    ).of(SETUP),
    input(
        "user-metadata",
        Shape::Pairs,
        None,
        "`key=value` lines: signed with the image, or required when verifying.",
    ).of(IMAGES),
    input(
        "skip-signed",
        Shape::Truth,
        Some("true"),
        "`true`: leave alone an image that carries an intact signature by the same certificate, with the user metadata asked for and, with `timestamp-url`, a timestamp; sign again what has expired; `false`: sign in any case.",
    ).of(SIGN),
    input(
        "renew-before",
        Shape::Duration,
        None,
        "With `skip-signed`: sign again what expires within this time, such as `168h`.",
    ).of(SIGN),
    input(
        "warn-before",
        Shape::Duration,
        Some("720h"),
        "Warn of a certificate, signature, timestamping certificate or kept CRL that ends within this time, such as `1440h`; `0`: never. Unless given, what lasts 30 days or less is told in its last third.",
    ).of(IMAGES),
    input(
        "recursive",
        Shape::Truth,
        Some("false"),
        "`true`: also every manifest below an index, its platforms and attestations; `verify` then wants each of them signed.",
    ).of(IMAGES),
    input(
        "concurrency",
        Shape::Text,
        Some("4"),
        "How many images are worked on side by side, 1 to 64; halved while requests are throttled.",
    ).of(IMAGES),
    input("timeout", Shape::Duration, Some("10m"), "Limit for the whole step, retries included."),
    input(
        "dry-run",
        Shape::Truth,
        Some("false"),
        "`true`: check inputs, credentials, certificate, digest and push permission, and sign nothing.",
    ),
    input(
        "config",
        Shape::File,
        None,
        "A `sealwright.yml` whose keys are these inputs; what the step gives takes precedence.",
    ),
];
