//! The one table of inputs and outputs.

/// An input of the step, a key of `sealwright.yml`, a row of the README.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Input {
    pub name: &'static str,
    pub shape: Shape,
    /// Used when neither the step nor the configuration file gives a value. It stands in the
    /// description, not in `default:` of `action.yml`, so that the file can be told from a default.
    pub default: Option<&'static str>,
    pub description: &'static str,
    /// Under which heading a form shows it.
    pub group: Group,
    /// The commands it means something to; for the others a form hides it.
    pub commands: &'static [&'static str],
    pub place: Place,
}

/// The headings of a form, in its order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Group {
    /// Above all headings.
    Main,
    Key,
    Azure,
    Registry,
    Trust,
    Reports,
    Advanced,
}

/// Which CI systems know an input.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    Everywhere,
    GitHub,
    AzurePipelines,
}

const EVERY: &[&str] = &["sign", "verify", "login", "setup", "doctor"];
const IMAGES: &[&str] = &["sign", "verify"];
const NAMED: &[&str] = &["sign", "verify", "doctor"];
const KEY: &[&str] = &["sign", "doctor"];
const SIGN: &[&str] = &["sign"];
const SETUP: &[&str] = &["setup"];
const TRUST: &[&str] = &["verify", "setup", "doctor"];
const REGISTRY: &[&str] = &["sign", "verify", "login", "doctor"];

impl Input {
    const fn under(mut self, group: Group) -> Self {
        self.group = group;
        self
    }

    const fn on(mut self, place: Place) -> Self {
        self.place = place;
        self
    }

    const fn of(mut self, commands: &'static [&'static str]) -> Self {
        self.commands = commands;
        self
    }
}

/// What an input's text means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shape {
    Text,
    /// One of these words.
    OneOf(&'static [&'static str]),
    /// `true` or `false`.
    Truth,
    /// Items in lines or between commas.
    List,
    /// `key=value` lines.
    Pairs,
    /// `<type>:<store>=<source>` lines, with PEM text among them.
    Sources,
    /// A duration of Go, such as `24h` or `1m30s`.
    Duration,
    /// Path of a file.
    File,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Output {
    pub name: &'static str,
    pub description: &'static str,
}

const fn input(
    name: &'static str,
    shape: Shape,
    default: Option<&'static str>,
    description: &'static str,
) -> Input {
    Input {
        name,
        shape,
        default,
        description,
        group: Group::Main,
        commands: EVERY,
        place: Place::Everywhere,
    }
}

pub const INPUTS: &[Input] = &[
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
    input(
        "key",
        Shape::Text,
        None,
        "Signing key: a Key Vault id (`https://myvault.vault.azure.net/certificates/name[/version]`, or `/keys/…`), or a name in signingkeys.json.",
    ).under(Group::Key).of(KEY),
    input(
        "vault",
        Shape::Text,
        None,
        "Key Vault, full or short name; with `certificate`, instead of `key`.",
    ).under(Group::Key).of(KEY),
    input("certificate", Shape::Text, None, "Certificate in `vault`; its latest version signs.").under(Group::Key).of(KEY),
    input(
        "ca-certs",
        Shape::File,
        None,
        "PEM file with the intermediate and root certificates, when the vault holds only the leaf.",
    ).under(Group::Key).of(KEY),
    input(
        "self-signed",
        Shape::Truth,
        Some("false"),
        "`true`: the vault's certificate is its own chain.",
    ).under(Group::Key).of(KEY),
    input(
        "artifact-signing-endpoint",
        Shape::Text,
        None,
        "Azure Artifact Signing instead of a vault: the account's endpoint, such as `https://eus.codesigning.azure.net`; with `artifact-signing-account`, `artifact-signing-profile` and `timestamp-url`.",
    ).under(Group::Key).of(SIGN),
    input(
        "artifact-signing-account",
        Shape::Text,
        None,
        "Name of the Artifact Signing account.",
    ).under(Group::Key).of(SIGN),
    input(
        "artifact-signing-profile",
        Shape::Text,
        None,
        "Certificate profile of the account: its current certificate signs.",
    ).under(Group::Key).of(SIGN),
    input(
        "credential-type",
        Shape::OneOf(&[
            "github",
            "azurepipelines",
            "environment",
            "workloadid",
            "managedid",
            "azurecli",
        ]),
        None,
        "`github`, `azurepipelines`, `environment`, `workloadid`, `managedid` or `azurecli`; by default they are tried in this order, `github` where `azure-client-id` and `azure-tenant-id` are given, `azurepipelines` where `azure-subscription` is.",
    ).under(Group::Azure),
    input(
        "azure-client-id",
        Shape::Text,
        None,
        "Client id of the application that trusts this repository: with `azure-tenant-id` and the permission `id-token: write` the job signs in by itself. With `managedid`, the user-assigned identity.",
    ).under(Group::Azure),
    input(
        "azure-subscription",
        Shape::Text,
        None,
        "Azure Resource Manager service connection to sign in with: workload identity federation, service principal (secret or certificate) or managed identity.",
    ).under(Group::Azure).on(Place::AzurePipelines),
    input("azure-tenant-id", Shape::Text, None, "Tenant of `azure-client-id`.").under(Group::Azure),
    input(
        "azure-cloud",
        Shape::OneOf(&["public", "usgovernment", "china"]),
        None,
        "Cloud of `azure-tenant-id` and of short vault and registry names: `public`, `usgovernment` or `china`. By default `public` for names, and the vault's or registry's own for the tenant.",
    ).under(Group::Azure),
    input(
        "azure-extra-hosts",
        Shape::Text,
        None,
        "Further hosts that may see Azure tokens, exact, https only: `vault=HOST:PORT,registry=HOST:PORT,authority=HOST:PORT,artifact-signing=HOST:PORT`.",
    ).under(Group::Azure),
    input(
        "auth-realms",
        Shape::List,
        None,
        "Token servers on other hosts that belong to the registry and may have its credentials: `HOST[:PORT]`, one per line or separated by commas.",
    ).under(Group::Registry).of(REGISTRY),
    input("signature-format", Shape::OneOf(&["cose", "jws"]), Some("cose"), "`cose` or `jws`.").under(Group::Key).of(KEY),
    input(
        "force-referrers-tag",
        Shape::Truth,
        Some("true"),
        "`true`: keep the referrers tag index as notation 1.3.2 does; `false`: only where the registry lacks the Referrers API.",
    ).under(Group::Advanced).of(SIGN),
    input(
        "trust-policy",
        Shape::Text,
        None,
        "Trust policy: a file, JSON text, or an address with its checksum, `https://example.com/trustpolicy.json#sha256=…`.",
    ).under(Group::Trust).of(TRUST),
    input(
        "trust-store",
        Shape::Text,
        None,
        "Folder that holds `x509/<type>/<store>/` with trusted certificates.",
    ).under(Group::Trust).of(TRUST),
    input(
        "trusted-certificates",
        Shape::Sources,
        None,
        "Trusted certificates, one `<type>:<store>=<source>` per line, such as `ca:wabbit-networks.io=certs/root.crt`. A source is a file, an https address ending in `#sha256=<checksum>`, a Key Vault certificate's id, or PEM text.",
    ).under(Group::Trust).of(TRUST),
    input(
        "install-as-notation",
        Shape::Truth,
        Some("false"),
        "`true`: later steps also find this program as `notation`.",
    ).under(Group::Advanced).of(SETUP),
    input(
        "user-metadata",
        Shape::Pairs,
        None,
        "`key=value` lines: signed with the image, or required when verifying.",
    ).under(Group::Advanced).of(IMAGES),
    input(
        "expiry",
        Shape::Duration,
        None,
        "How long the signature is valid, such as `24h` or `720h`.",
    ).under(Group::Key).of(SIGN),
    input(
        "timestamp-url",
        Shape::List,
        None,
        "RFC 3161 timestamp authorities, tried in order, such as `http://timestamp.acs.microsoft.com/`; with `timestamp-root-cert`.",
    ).under(Group::Key).of(KEY),
    input(
        "timestamp-root-cert",
        Shape::File,
        None,
        "File with the root certificate, PEM or DER, that the authorities' certificates chain to.",
    ).under(Group::Key).of(KEY),
    input(
        "check-own-revocation",
        Shape::OneOf(&["warn", "fail", "off"]),
        Some("warn"),
        "When a signing certificate is revoked or nobody tells its status: `warn`, sign with a warning; `fail`, sign nothing; `off`, do not ask.",
    ).under(Group::Key).of(SIGN),
    input(
        "revocation",
        Shape::OneOf(&["online", "offline"]),
        Some("online"),
        "Who is asked about revocation: `online`, the servers that certificates name; `offline`, the CRL cache only.",
    ).under(Group::Trust).of(IMAGES),
    input("ocsp-timeout", Shape::Duration, Some("2s"), "Longest time for one OCSP answer, such as `500ms`.").under(Group::Trust).of(IMAGES),
    input("crl-timeout", Shape::Duration, Some("5s"), "Longest time for one CRL, such as `10s`.").under(Group::Trust).of(IMAGES),
    input(
        "require-revocation-source",
        Shape::Truth,
        Some("false"),
        "`true`: a certificate below the root that names no OCSP or CRL server counts as of unknown status.",
    ).under(Group::Trust).of(IMAGES),
    input(
        "registry-username",
        Shape::Text,
        None,
        "User name for the registry, when no other credential is wanted.",
    ).under(Group::Registry).of(REGISTRY),
    input("registry-password", Shape::Text, None, "Password or token for the registry.").under(Group::Registry).of(REGISTRY),
    input(
        "container-registry",
        Shape::Text,
        None,
        "Docker registry service connection; its credential is for its own registry alone. `login` without `registry` logs in to that one.",
    ).under(Group::Registry).of(REGISTRY).on(Place::AzurePipelines),
    input(
        "skip-signed",
        Shape::Truth,
        Some("true"),
        "`true`: leave alone an image that carries an intact signature by the same certificate, with the user metadata asked for and, with `timestamp-url`, a timestamp; sign again what has expired; `false`: sign in any case.",
    ).under(Group::Advanced).of(SIGN),
    input(
        "renew-before",
        Shape::Duration,
        None,
        "With `skip-signed`: sign again what expires within this time, such as `168h`.",
    ).under(Group::Advanced).of(SIGN),
    input(
        "warn-before",
        Shape::Duration,
        Some("720h"),
        "Warn of a certificate, signature, timestamping certificate or kept CRL that ends within this time, such as `1440h`; `0`: never. Unless given, what lasts 10 days or less is told in its last third.",
    ).under(Group::Advanced).of(IMAGES),
    input(
        "recursive",
        Shape::Truth,
        Some("false"),
        "`true`: also every manifest below an index, its platforms and attestations; `verify` then wants each of them signed.",
    ).under(Group::Advanced).of(IMAGES),
    input(
        "concurrency",
        Shape::Text,
        Some("4"),
        "How many images are worked on side by side, 1 to 64; halved while requests are throttled.",
    ).under(Group::Advanced).of(IMAGES),
    input("timeout", Shape::Duration, Some("10m"), "Limit for the whole step, retries included.").under(Group::Advanced),
    input(
        "dry-run",
        Shape::Truth,
        Some("false"),
        "`true`: check inputs, credentials, certificate, digest and push permission, and sign nothing.",
    ).under(Group::Advanced),
    input(
        "junit",
        Shape::File,
        None,
        "Where to write the result as JUnit XML, one test case per image, for test tabs: `test-results/sealwright.xml`.",
    ).under(Group::Reports),
    input(
        "github-token",
        Shape::Text,
        None,
        "With it GitHub is told the result as `github-reports` says; the job's own is `github.token`. A permission it lacks is a warning.",
    ).under(Group::Reports).of(IMAGES).on(Place::GitHub),
    input(
        "github-reports",
        Shape::List,
        Some("check-run, pull-request-comment"),
        "How `github-token` tells the result: `check-run` (needs `checks: write`), `commit-status` (`statuses: write`) and `pull-request-comment` (`pull-requests: write`), one per line or separated by commas.",
    ).under(Group::Reports).of(IMAGES).on(Place::GitHub),
    input(
        "config",
        Shape::File,
        None,
        "A `sealwright.yml` whose keys are these inputs; what the step gives takes precedence.",
    ).under(Group::Advanced),
];

pub const OUTPUTS: &[Output] = &[
    Output { name: "image", description: "The first image, by digest." },
    Output { name: "digest", description: "The digest of the first image." },
    Output {
        name: "signature",
        description: "The digest of the first image's signature manifest.",
    },
    Output {
        name: "signatures",
        description: "JSON list of all signatures pushed or found, `[\"myregistry.azurecr.io/app@sha256:…\"]`, for `fromJSON`; empty text where it would pass 100,000 bytes: then read `report`.",
    },
    Output {
        name: "images",
        description: "JSON list of all images, `[{\"image\": \"myregistry.azurecr.io/app@sha256:…\", \"outcome\": \"signed\", \"signature\": \"sha256:…\"}]`, for `fromJSON`; empty text where it would pass 100,000 bytes: then read `report`.",
    },
    Output {
        name: "outcome",
        description: "`signed`, `verified`, `skipped`, `dry-run`, `passed` (`doctor`) or `failed`.",
    },
    Output { name: "report", description: "Path of the JSON report that holds all images." },
];

/// The table's entry of this name.
pub(super) fn known(name: &str) -> Option<&'static Input> {
    INPUTS.iter().find(|i| i.name == name)
}

/// The table's name nearest to a mistyped one, when it is near enough to be meant.
pub(super) fn nearest(name: &str) -> Option<&'static str> {
    INPUTS
        .iter()
        .map(|i| (strsim::jaro_winkler(name, i.name), i.name))
        .filter(|(likeness, _)| *likeness > 0.8)
        .max_by(|a, b| a.0.total_cmp(&b.0))
        .map(|(_, name)| name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::azure::{CLOUDS, CREDENTIAL_TYPES, Cloud, CredentialType};
    use crate::ci::step::{COMMANDS, Command};
    use crate::envelope::FORMATS;

    fn words(name: &str) -> &'static [&'static str] {
        match known(name).map(|input| input.shape) {
            Some(Shape::OneOf(words)) => words,
            other => panic!("{name}: {other:?}"),
        }
    }

    #[test]
    fn the_words_of_an_input_are_those_the_program_knows() {
        assert_eq!(words("command"), COMMANDS.map(Command::name));
        let mut credentials =
            vec![CredentialType::GitHub.name(), CredentialType::AzurePipelines.name()];
        credentials.extend(CREDENTIAL_TYPES.map(CredentialType::name));
        assert_eq!(words("credential-type"), credentials);
        assert_eq!(words("azure-cloud"), CLOUDS.map(Cloud::name));
        let mut formats = FORMATS.map(|format| format.name());
        formats.sort();
        assert_eq!(words("signature-format"), formats);
    }

    #[test]
    fn a_mistyped_name_finds_its_neighbour() {
        assert_eq!(nearest("image"), Some("images"));
        assert_eq!(nearest("trust_policy"), Some("trust-policy"));
        assert_eq!(nearest("signatureformat"), Some("signature-format"));
        assert_eq!(nearest("zebra"), None);
    }
}
