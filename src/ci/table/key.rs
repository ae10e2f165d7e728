//! What signs, and what goes into the signature.

use super::{IMAGES, Input, KEY, NAMED, SIGN, Shape, input};

pub(super) const INPUTS: &[Input] = &[
    input(
        "key",
        Shape::Text,
        None,
        "Signing key: a Key Vault id (`https://myvault.vault.azure.net/certificates/name[/version]`, or `/keys/…`), or a name in signingkeys.json.",
    ).of(KEY),
    input(
        "vault",
        Shape::Text,
        None,
        "Key Vault, full or short name; with `certificate`, instead of `key`.",
    ).of(KEY),
    input("certificate", Shape::Text, None, "Certificate in `vault`; its latest version signs.").of(KEY),
    input(
        "ca-certs",
        Shape::File,
        None,
        "PEM file with the intermediate and root certificates, when the vault holds only the leaf.",
    ).of(KEY),
    input(
        "self-signed",
        Shape::Truth,
        Some("false"),
        "`true`: the vault's certificate is its own chain.",
    ).of(KEY),
    input(
        "artifact-signing-endpoint",
        Shape::Text,
        None,
        "Azure Artifact Signing instead of a vault: the account's endpoint, such as `https://eus.codesigning.azure.net`; with `artifact-signing-account`, `artifact-signing-profile` and `timestamp-url`.",
    ).of(SIGN),
    input(
        "artifact-signing-account",
        Shape::Text,
        None,
        "Name of the Artifact Signing account.",
    ).of(SIGN),
    input(
        "artifact-signing-profile",
        Shape::Text,
        None,
        "Certificate profile of the account: its current certificate signs.",
    ).of(SIGN),
    input(
        "plugin",
        Shape::Text,
        Some("azure-kv"),
        "Signing plugin of notation's: `azure-kv`, which is built in, or one that is installed, such as `com.amazonaws.signer.notation.plugin`; `key` is then the plugin's key id.",
    ).of(NAMED),
    input(
        "plugin-config",
        Shape::Pairs,
        None,
        "`key=value` lines for the plugin that signs or verifies; `native=false`: an installed azure-kv in place of the built-in one.",
    ).of(NAMED),
    input(
        "plugin-url",
        Shape::Text,
        None,
        "Archive or executable of `plugin`, `https://…`, installed where that plugin is not there; with `plugin-checksum`.",
    ).of(IMAGES),
    input(
        "plugin-checksum",
        Shape::Text,
        None,
        "SHA-256 of what `plugin-url` names, 64 hexadecimal digits.",
    ).of(IMAGES),
    input("signature-format", Shape::OneOf(&["cose", "jws"]), Some("cose"), "`cose` or `jws`.").of(KEY),
    input(
        "expiry",
        Shape::Duration,
        None,
        "How long the signature is valid, such as `24h` or `720h`.",
    ).of(SIGN),
    input(
        "timestamp-url",
        Shape::List,
        None,
        "RFC 3161 timestamp authorities, tried in order, such as `http://timestamp.acs.microsoft.com/`; with `timestamp-root-cert`.",
    ).of(KEY),
    input(
        "timestamp-root-cert",
        Shape::File,
        None,
        "File with the root certificate, PEM or DER, that the authorities' certificates chain to.",
    ).of(KEY),
    input(
        "check-own-revocation",
        Shape::OneOf(&["warn", "fail", "off"]),
        Some("warn"),
        "When a signing certificate is revoked or nobody tells its status: `warn`, sign with a warning; `fail`, sign nothing; `off`, do not ask.",
    ).of(SIGN),
];
