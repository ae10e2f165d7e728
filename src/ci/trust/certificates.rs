//! Certificates that the inputs name one by one: from files, servers, vaults and inline text.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use futures_util::{StreamExt as _, TryStreamExt as _, stream};

use super::download::download;
use super::source::{CertificatePlace, TrustedSource};
use super::{TrustError, TrustServices, read_file};
use crate::trust::{CERTIFICATE_FILE_LIMIT, check_trusted};
use crate::x509::{Certificate, certificates_from_pem_or_der};

const INPUT: &str = "trusted-certificates";
/// certificates in all; bundles of all public roots have about 150
pub(super) const CERTIFICATE_LIMIT: usize = 1000;
/// sources read side by side
const AT_ONCE: usize = 8;

/// What became of the sources.
pub(super) struct Read {
    /// PEM files with their paths below the trust store, one for each source.
    pub files: Vec<(PathBuf, Vec<u8>)>,
    /// What was taken from where, in lines.
    pub lines: Vec<String>,
}

/// Fetches and checks every source: each certificate may stand in its store, or it is an error. The
/// files get names other than those `taken`.
pub(super) async fn read(
    sources: &[TrustedSource],
    taken: &[PathBuf],
    services: &dyn TrustServices,
) -> Result<Read, TrustError> {
    let each: Vec<_> = sources.iter().map(|source| one(source, services)).collect();
    let found: Vec<(Vec<Certificate>, String)> =
        stream::iter(each).buffered(AT_ONCE).try_collect().await?;
    let (mut files, mut lines, mut count) = (Vec::new(), Vec::new(), 0);
    let mut numbers: BTreeMap<String, usize> = BTreeMap::new();
    for (source, (certificates, place)) in sources.iter().zip(found) {
        count += certificates.len();
        if count > CERTIFICATE_LIMIT {
            let (what, limit) = ("certificates", CERTIFICATE_LIMIT);
            return Err(TrustError::TooMany { input: INPUT, place, what, limit });
        }
        let number = numbers.entry(source.named()).or_default();
        let folder = Path::new("x509").join(source.kind.name()).join(&source.store);
        let below = loop {
            *number += 1;
            let below = folder.join(format!("{INPUT}-{number}.pem"));
            if !taken.contains(&below) {
                break below;
            }
        };
        for certificate in &certificates {
            lines.push(format!(
                "trusted as {}: {}, SHA-256 {}, from {place}",
                source.named(),
                certificate.subject(),
                certificate.thumbprint()
            ));
        }
        files.push((below, pem_of(&certificates)));
    }
    Ok(Read { files, lines })
}

/// The certificates of a file's bytes, one at least. `place` is for messages.
pub(super) fn parse(
    input: &'static str,
    place: &str,
    bytes: &[u8],
) -> Result<Vec<Certificate>, TrustError> {
    let place = || place.to_owned();
    if bytes.windows(KEY_LABEL.len()).any(|window| window == KEY_LABEL) {
        return Err(TrustError::PrivateKey { input, place: place() });
    }
    let malformed = |problem| TrustError::Malformed { input, place: place(), problem };
    let certificates =
        certificates_from_pem_or_der(bytes).map_err(|error| malformed(error.to_string()))?;
    match certificates.is_empty() {
        true => Err(malformed("it holds no certificate".to_owned())),
        false => Ok(certificates),
    }
}

/// How the first line of every private key in PEM ends.
const KEY_LABEL: &[u8] = b"PRIVATE KEY-----";

/// The certificates of one source, fit for its store, and where they are from.
async fn one(
    source: &TrustedSource,
    services: &dyn TrustServices,
) -> Result<(Vec<Certificate>, String), TrustError> {
    let mut place = source.place.to_string();
    let limit = CERTIFICATE_FILE_LIMIT as u64;
    let certificates = match &source.place {
        CertificatePlace::File(path) => parse(INPUT, &place, &read_file(INPUT, path, limit)?)?,
        CertificatePlace::Inline(text) => {
            place = format!("{} of {}", place, source.named());
            parse(INPUT, &place, text.as_bytes())?
        }
        CertificatePlace::Download(from) => {
            parse(INPUT, &place, &download(INPUT, from, limit, services).await?)?
        }
        CertificatePlace::Vault(id) => {
            let found = services.vault_certificate(id).await;
            let found = found.map_err(|fault| TrustError::Fetch {
                input: INPUT,
                place: place.clone(),
                fault,
            })?;
            place = found.id;
            vec![found.certificate]
        }
    };
    check_trusted(source.kind, &certificates).map_err(|problem| TrustError::Unfit {
        place: place.clone(),
        store: source.named(),
        problem,
        vault: matches!(source.place, CertificatePlace::Vault(_)).then(|| source.named()),
    })?;
    Ok((certificates, place))
}

/// What was checked is what is installed, and nothing that stood around it.
fn pem_of(certificates: &[Certificate]) -> Vec<u8> {
    let blocks: Vec<pem::Pem> =
        certificates.iter().map(|c| pem::Pem::new("CERTIFICATE", c.der())).collect();
    pem::encode_many(&blocks).into_bytes()
}
