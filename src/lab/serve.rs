//! A lab for other processes: prints how to reach it, then `ready`, and waits.

use std::io::Write;
use std::path::{Path, PathBuf};

use super::{IssueRequest, Lab, LabError, LabOptions, Stamp};

/// What a served lab has in it.
pub struct ServeOptions {
    pub lab: LabOptions,
    /// Where the CA and the certificates of the PKI are written.
    pub folder: PathBuf,
    /// Certificates in the vault; the first is named by `SEALWRIGHT_LAB_KEY_ID`.
    pub certificates: Vec<IssueRequest>,
    /// Repositories and tags; the first is named by `SEALWRIGHT_LAB_IMAGE`.
    pub images: Vec<(String, String)>,
}

impl ServeOptions {
    /// One certificate, `lab`, and one image, `app:v1`.
    pub fn new(folder: PathBuf) -> Self {
        Self {
            lab: LabOptions::default(),
            folder,
            certificates: vec![IssueRequest::named("lab")],
            images: vec![("app".to_owned(), "v1".to_owned())],
        }
    }
}

/// Starts a lab, prints `KEY=value` lines and `ready`, and stops it when `until` is over.
///
/// Beyond [`Lab::env_lines`]: `SEALWRIGHT_LAB_KEY_ID`, `_CERTIFICATE`, `_ROOT` (path), `_CA_CERTS`
/// (path of everything above the leaf) for each certificate, and `_IMAGE` (by tag), `_IMAGE_BY_DIGEST`
/// for each image; from the second on with `_2`, `_3` … at the end.
pub async fn serve(
    options: ServeOptions,
    out: &mut (dyn Write + Send),
    until: impl Future<Output = ()>,
) -> Result<(), LabError> {
    let lab = Lab::start(options.lab).await?;
    let mut lines = lab.env_lines(&options.folder)?;
    let mut line = |name: &str, index: usize, value: &str| {
        let number = if index == 0 { String::new() } else { format!("_{}", index + 1) };
        lines.push(format!("SEALWRIGHT_LAB_{name}{number}={value}"));
    };
    for (index, request) in options.certificates.iter().enumerate() {
        let issued = lab.issue(request)?;
        let root = options.folder.join(format!("{}-root.pem", issued.name));
        write(&root, &issued.root_pem)?;
        let bundle = options.folder.join(format!("{}-ca-certs.pem", issued.name));
        write(&bundle, &issued.ca_bundle_pem)?;
        line("KEY_ID", index, &issued.key_id);
        line("CERTIFICATE", index, &issued.name);
        line("ROOT", index, &root.display().to_string());
        line("CA_CERTS", index, &bundle.display().to_string());
    }
    for (index, (repository, tag)) in options.images.iter().enumerate() {
        let digest = lab.push_image(repository, tag)?;
        let host = lab.registry_host();
        line("IMAGE", index, &format!("{host}/{repository}:{tag}"));
        line("IMAGE_BY_DIGEST", index, &format!("{host}/{repository}@{digest}"));
    }
    lines.push("ready".to_owned());
    for line in lines {
        writeln!(out, "{line}").map_err(LabError::Print)?;
    }
    out.flush().map_err(LabError::Print)?;
    until.await;
    lab.stop().await;
    Ok(())
}

impl Lab {
    /// `KEY=value` lines fit for `$GITHUB_ENV`; the CA and the root of the
    /// time-stamping authority are written into the folder.
    pub fn env_lines(&self, folder: &Path) -> Result<Vec<String>, LabError> {
        let ca = folder.join("lab-ca.pem");
        write(&ca, &self.ca_pem)?;
        let timestamp_root = folder.join("lab-timestamp-root.pem");
        write(&timestamp_root, &self.timestamp_root_pem())?;
        let identity = &self.identity;
        let pairs = [
            ("SEALWRIGHT_LAB_REGISTRY", self.registry_host().to_owned()),
            ("SEALWRIGHT_LAB_REGISTRY_HTTPS", self.registry_https.clone()),
            ("SEALWRIGHT_LAB_VAULT", self.vault.host.clone()),
            ("SEALWRIGHT_LAB_AUTHORITY", self.authority_host.clone()),
            ("SEALWRIGHT_LAB_CONTROL", format!("http://{}", self.control_host)),
            ("SEALWRIGHT_LAB_EXTRA_HOSTS", self.extra_hosts()),
            ("SEALWRIGHT_LAB_USERNAME", identity.username.clone()),
            ("SEALWRIGHT_LAB_PASSWORD", identity.password.expose().to_owned()),
            ("SEALWRIGHT_LAB_OIDC_URL", self.oidc_url()),
            ("SEALWRIGHT_LAB_OIDC_TOKEN", identity.oidc_request_token.expose().to_owned()),
            ("SEALWRIGHT_LAB_OIDCREQUESTURI", self.devops_oidc_url()),
            ("SEALWRIGHT_LAB_JOB_TOKEN", identity.job_token.expose().to_owned()),
            ("SEALWRIGHT_LAB_CONNECTION", identity.connection_id.clone()),
            ("SEALWRIGHT_LAB_TIMESTAMP_URL", self.timestamp_url(Stamp::Good)),
            ("SEALWRIGHT_LAB_TIMESTAMP_ROOT", timestamp_root.display().to_string()),
            ("SEALWRIGHT_LAB_ARTIFACT_SIGNING", self.signing_endpoint()),
            ("SEALWRIGHT_LAB_ARTIFACT_SIGNING_ACCOUNT", self.signing_account().to_owned()),
            ("AZURE_TENANT_ID", identity.tenant_id.clone()),
            ("AZURE_CLIENT_ID", identity.client_id.clone()),
            ("AZURE_CLIENT_SECRET", identity.client_secret.expose().to_owned()),
            ("AZURE_AUTHORITY_HOST", format!("https://{}", self.authority_host)),
            ("SSL_CERT_FILE", ca.display().to_string()),
        ];
        Ok(pairs.map(|(name, value)| format!("{name}={value}")).to_vec())
    }
}

pub(super) fn write(path: &Path, text: &str) -> Result<(), LabError> {
    std::fs::write(path, text).map_err(|source| LabError::Write { path: path.to_owned(), source })
}
