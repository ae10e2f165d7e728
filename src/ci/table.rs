//! The one table of inputs and outputs.

/// An input of the step, a key of `sealwright.yml`, a row of the README.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Input {
    pub name: &'static str,
    /// Used when neither the step nor the configuration file gives a value. It stands in the
    /// description, not in `default:` of `action.yml`, so that the file can be told from a default.
    pub default: Option<&'static str>,
    pub description: &'static str,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Output {
    pub name: &'static str,
    pub description: &'static str,
}

const fn input(
    name: &'static str,
    default: Option<&'static str>,
    description: &'static str,
) -> Input {
    Input { name, default, description }
}

pub const INPUTS: &[Input] = &[
    input(
        "command",
        Some("sign"),
        "What to do: `sign`, `verify`, `login` (write docker's configuration, undone when the job ends) or `setup` (install trust policy and trust store for later steps, and put the binary on PATH).",
    ),
    input(
        "images",
        None,
        "Images to sign or verify, by digest, one per line or separated by commas: `myregistry.azurecr.io/app@sha256:…`.",
    ),
    input(
        "registry",
        None,
        "Registries to log in to, full or short ACR names, one per line or separated by commas. For `sign` and `verify` the registries of the images are found by themselves.",
    ),
    input(
        "key",
        None,
        "Signing key: a Key Vault id (`https://myvault.vault.azure.net/certificates/name[/version]`, or `/keys/…`), or a name in signingkeys.json.",
    ),
    input("vault", None, "Key Vault, full or short name; with `certificate`, instead of `key`."),
    input("certificate", None, "Certificate in `vault`; its latest version signs."),
    input(
        "ca-certs",
        None,
        "PEM file with the intermediate and root certificates, when the vault holds only the leaf.",
    ),
    input("self-signed", Some("false"), "`true`: the vault's certificate is its own chain."),
    input(
        "credential-type",
        None,
        "`github`, `environment`, `workloadid`, `managedid` or `azurecli`; by default they are tried in this order, `github` where `azure-client-id` and `azure-tenant-id` are given.",
    ),
    input(
        "azure-client-id",
        None,
        "Client id of the application that trusts this repository: with `azure-tenant-id` and the permission `id-token: write` the job signs in by itself. With `managedid`, the user-assigned identity.",
    ),
    input("azure-tenant-id", None, "Tenant of `azure-client-id`."),
    input(
        "azure-cloud",
        None,
        "Cloud of `azure-tenant-id` and of short vault and registry names: `public`, `usgovernment` or `china`. By default `public` for names, and the vault's or registry's own for the tenant.",
    ),
    input(
        "azure-extra-hosts",
        None,
        "Further hosts that may see Azure tokens, exact, https only: `vault=HOST:PORT,registry=HOST:PORT,authority=HOST:PORT`.",
    ),
    input(
        "auth-realms",
        None,
        "Token servers on other hosts that belong to the registry and may have its credentials: `HOST[:PORT]`, one per line or separated by commas.",
    ),
    input("signature-format", Some("cose"), "`cose` or `jws`."),
    input(
        "force-referrers-tag",
        Some("true"),
        "`true`: keep the referrers tag index as notation 1.3.2 does; `false`: only where the registry lacks the Referrers API.",
    ),
    input("trust-policy", None, "Trust policy file for `verify` and `setup`."),
    input(
        "trust-store",
        None,
        "Folder that holds `x509/<type>/<store>/` with trusted certificates, for `verify` and `setup`.",
    ),
    input(
        "user-metadata",
        None,
        "`key=value` lines: signed with the image, or required when verifying.",
    ),
    input("expiry", None, "How long the signature is valid, such as `24h` or `720h`."),
    input(
        "registry-username",
        None,
        "User name for the registry, when no other credential is wanted.",
    ),
    input("registry-password", None, "Password or token for the registry."),
    input("timeout", Some("10m"), "Limit for the whole step, retries included."),
    input(
        "dry-run",
        Some("false"),
        "`true`: check inputs, credentials, certificate, digest and push permission, and sign nothing.",
    ),
    input(
        "config",
        None,
        "A `sealwright.yml` whose keys are these inputs; what the step gives goes before it.",
    ),
];

pub const OUTPUTS: &[Output] = &[
    Output { name: "image", description: "The first image, by digest." },
    Output { name: "digest", description: "The digest of the first image." },
    Output {
        name: "signature",
        description: "The digest of the first image's signature manifest.",
    },
    Output {
        name: "outcome",
        description: "`signed`, `verified`, `skipped`, `dry-run` or `failed`.",
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

    #[test]
    fn a_mistyped_name_finds_its_neighbour() {
        assert_eq!(nearest("image"), Some("images"));
        assert_eq!(nearest("trust_policy"), Some("trust-policy"));
        assert_eq!(nearest("signatureformat"), Some("signature-format"));
        assert_eq!(nearest("zebra"), None);
    }
}
