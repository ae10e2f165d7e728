//! Whom the step trusts, and who is asked about revocation.

use super::{IMAGES, Input, Shape, TRUST, input};

pub(super) const INPUTS: &[Input] = &[
    input(
        "trust-policy",
        Shape::Text,
        None,
        "Trust policy: a file, JSON text, or an address with its checksum, `https://example.com/trustpolicy.json#sha256=…`.",
    ).of(TRUST),
    input(
        "trust-store",
        Shape::Text,
        None,
        "Folder that holds `x509/<type>/<store>/` with trusted certificates.",
    ).of(TRUST),
    input(
        "trusted-certificates",
        Shape::Sources,
        None,
        "Trusted certificates, one `<type>:<store>=<source>` per line, such as `ca:wabbit-networks.io=certs/root.crt`. A source is a file, an https address ending in `#sha256=<checksum>`, a Key Vault certificate's id, or PEM text.",
    ).of(TRUST),
    input(
        "revocation",
        Shape::OneOf(&["online", "offline"]),
        Some("online"),
        "Who is asked about revocation: `online`, the servers that certificates name; `offline`, the CRL cache only.",
    ).of(IMAGES),
    input("ocsp-timeout", Shape::Duration, Some("2s"), "Longest time for one OCSP answer, such as `500ms`.").of(IMAGES),
    input("crl-timeout", Shape::Duration, Some("5s"), "Longest time for one CRL, such as `10s`.").of(IMAGES),
    input(
        "require-revocation-source",
        Shape::Truth,
        Some("false"),
        "`true`: a certificate below the root that names no OCSP or CRL server counts as of unknown status.",
    ).of(IMAGES),
];
