//! Code signing certificates that keep the rules of signature-specification.md, "Certificate
//! Requirements", issued by an authority made for them.

use std::sync::{Arc, Mutex};

use rcgen::{
    BasicConstraints, CertificateParams, CrlDistributionPoint, DistinguishedName,
    ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair, KeyUsagePurpose, SerialNumber,
};
use time::{Duration, OffsetDateTime};

use super::extension;
use super::flaw::Flaw;
use super::key::{KeyRing, KeySpec, LabKey, Level, authority_key, random};
use super::subject::subject;
use crate::lab::LabError;
use crate::lab::vault::{ChainInVault, ChainOrder, Export};

/// A certificate wanted, with its key, in the vault.
#[derive(Debug, Clone)]
pub struct IssueRequest {
    /// Name in the vault; an existing one gets a new version.
    pub name: String,
    /// `CN=…,O=…,ST=…,C=…`: C, ST, L, O, OU and CN, each once, no escapes.
    pub subject: String,
    pub key: KeySpec,
    pub chain: Chain,
    pub chain_in_vault: ChainInVault,
    pub chain_order: ChainOrder,
    pub export: Export,
    pub revocation: Revocation,
    pub validity: Validity,
    /// Extended key usages of the leaf beside code signing, as object identifiers.
    pub further_usages: Vec<Vec<u64>>,
    pub flaw: Flaw,
}

impl IssueRequest {
    /// A two-certificate chain for a P-256 key, not exportable, chain in the vault as PEM.
    pub fn named(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            subject: format!("CN={name},O=Sealwright Lab,L=Seattle,ST=WA,C=US"),
            key: KeySpec::EcP256,
            chain: Chain::Two,
            chain_in_vault: ChainInVault::Pem,
            chain_order: ChainOrder::LeafFirst,
            export: Export::No,
            revocation: Revocation::default(),
            validity: Validity::default(),
            further_usages: Vec::new(),
            flaw: Flaw::None,
        }
    }

    pub fn key(self, key: KeySpec) -> Self {
        Self { key, ..self }
    }

    pub fn chain(self, chain: Chain) -> Self {
        Self { chain, ..self }
    }

    pub fn chain_in_vault(self, chain_in_vault: ChainInVault) -> Self {
        Self { chain_in_vault, ..self }
    }
}

/// How many certificates a chain has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Chain {
    SelfSigned,
    /// Leaf and root.
    Two,
    /// Leaf, issuing authority and root.
    Three,
}

/// Addresses that the leaf and the issuing authority name; none by default. `{name}` stands for the
/// request's name, `{host}` for the lab's own servers, `{issuer}` for who signed the certificate that names it: `root` or `issuing`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Revocation {
    pub crl: Option<String>,
    pub ocsp: Option<String>,
}

impl Revocation {
    /// The lab's own servers.
    pub fn of_the_lab() -> Self {
        Self {
            crl: Some("http://{host}/crl/{name}/{issuer}".to_owned()),
            ocsp: Some("http://{host}/ocsp/{name}/{issuer}".to_owned()),
        }
    }
}

/// When the leaf is valid, relative to the lab's now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Validity {
    pub starts: Duration,
    pub ends: Duration,
}

impl Default for Validity {
    /// From an hour ago for 90 days.
    fn default() -> Self {
        Self { starts: -Duration::HOUR, ends: Duration::days(90) }
    }
}

impl Validity {
    /// Ended yesterday.
    pub fn expired() -> Self {
        Self { starts: -Duration::days(30), ends: -Duration::DAY }
    }

    /// Starts tomorrow.
    pub fn future() -> Self {
        Self { starts: Duration::DAY, ends: Duration::days(30) }
    }
}

/// How long before and after now authorities are valid.
const AUTHORITY_VALIDITY: Duration = Duration::days(3650);

/// A leaf's key and its chain as DER, leaf first, root last.
pub(in crate::lab) struct IssuedChain {
    pub key: Arc<LabKey>,
    pub chain: Vec<Vec<u8>>,
    pub not_before: OffsetDateTime,
    pub not_after: OffsetDateTime,
}

/// Issues certificates; a renewed one comes from the same authorities.
#[derive(Default)]
pub(in crate::lab) struct Pki {
    ring: KeyRing,
    authorities: Mutex<Vec<(AuthorityId, Arc<Authorities>)>>,
}

/// What makes two requests have the same authorities.
#[derive(PartialEq, Eq, Clone)]
struct AuthorityId {
    name: String,
    key: KeySpec,
    chain: Chain,
    revocation: Revocation,
    flaw: Flaw,
}

/// The issuer of leaves and the certificates above them, root last.
struct Authorities {
    issuer: Issuer<'static, KeyPair>,
    /// The root's, where another issues the leaves.
    root: Option<Issuer<'static, KeyPair>>,
    certificates: Vec<Vec<u8>>,
}

impl Pki {
    pub(in crate::lab) fn issue(
        &self,
        request: &IssueRequest,
        now: OffsetDateTime,
    ) -> Result<IssuedChain, LabError> {
        self.issue_for(self.ring.key(request.key)?, request, now)
    }

    /// A key of that kind, which nobody else has.
    pub(in crate::lab) fn key(&self, spec: KeySpec) -> Result<Arc<LabKey>, LabError> {
        self.ring.key(spec)
    }

    /// The same for a key that is there already.
    pub(in crate::lab) fn issue_for(
        &self,
        key: Arc<LabKey>,
        request: &IssueRequest,
        now: OffsetDateTime,
    ) -> Result<IssuedChain, LabError> {
        let mut leaf = params(
            subject(&request.subject)?,
            now + request.validity.starts,
            now + request.validity.ends,
        )?;
        leaf.is_ca = IsCa::ExplicitNoCa;
        leaf.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        leaf.extended_key_usages = vec![ExtendedKeyUsagePurpose::CodeSigning];
        let further = request.further_usages.iter().cloned();
        leaf.extended_key_usages.extend(further.map(ExtendedKeyUsagePurpose::Other));
        let signer = match request.chain {
            Chain::Three => Level::Issuing,
            Chain::SelfSigned | Chain::Two => Level::Root,
        };
        name_revocation(&mut leaf, request, signer);
        request.flaw.spoil_leaf(&mut leaf);
        let other = KeyPair::generate_for(&rcgen::PKCS_ED25519)?;
        let certified = if request.flaw == Flaw::LeafKeyType { &other } else { &key.pair };
        let chain = if request.chain == Chain::SelfSigned {
            vec![leaf.self_signed(&key.pair)?.der().to_vec()]
        } else {
            let authorities = self.authorities(request, now)?;
            leaf.use_authority_key_identifier_extension = true;
            let leaf = leaf.signed_by(certified, &authorities.issuer)?.der().to_vec();
            [vec![leaf], authorities.certificates.clone()].concat()
        };
        Ok(IssuedChain { key, chain, not_before: leaf.not_before, not_after: leaf.not_after })
    }

    /// The authority that has issued under this name, at this level of its address.
    pub(in crate::lab) fn authority(&self, name: &str, level: &str) -> Option<AuthorityKey> {
        let level = [Level::Root, Level::Issuing].into_iter().find(|known| at(*known) == level)?;
        let known = self.authorities.lock().expect("no panic holds this lock");
        let (_, authorities) = known.iter().rev().find(|(id, _)| id.name == name)?;
        let authorities = authorities.clone();
        (level == Level::Root || authorities.root.is_some())
            .then_some(AuthorityKey { authorities, level })
    }

    fn authorities(
        &self,
        request: &IssueRequest,
        now: OffsetDateTime,
    ) -> Result<Arc<Authorities>, LabError> {
        let id = AuthorityId {
            name: request.name.clone(),
            key: request.key,
            chain: request.chain,
            revocation: request.revocation.clone(),
            flaw: request.flaw,
        };
        let mut known = self.authorities.lock().expect("no panic holds this lock");
        if let Some((_, authorities)) = known.iter().find(|(other, _)| *other == id) {
            return Ok(authorities.clone());
        }
        let authorities = Arc::new(Authorities::new(request, now)?);
        known.push((id, authorities.clone()));
        Ok(authorities)
    }
}

/// One authority's key and certificate.
pub(in crate::lab) struct AuthorityKey {
    authorities: Arc<Authorities>,
    level: Level,
}

impl AuthorityKey {
    pub(in crate::lab) fn issuer(&self) -> &Issuer<'static, KeyPair> {
        let Authorities { issuer, root, .. } = &*self.authorities;
        match self.level {
            Level::Root => root.as_ref().unwrap_or(issuer),
            Level::Issuing => issuer,
        }
    }

    /// DER.
    pub(in crate::lab) fn certificate(&self) -> &[u8] {
        let certificates = &self.authorities.certificates;
        let found = match self.level {
            Level::Root => certificates.last(),
            Level::Issuing => certificates.first(),
        };
        found.map_or(&[], Vec::as_slice)
    }
}

impl Authorities {
    fn new(request: &IssueRequest, now: OffsetDateTime) -> Result<Self, LabError> {
        let root_key = authority_key(Level::Root, request.key)?;
        let mut root = authority(Level::Root, &request.name, now)?;
        if request.chain == Chain::Two {
            root.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
        }
        request.flaw.spoil_root(&mut root);
        let root_der = root.self_signed(&root_key)?.der().to_vec();
        let root = Issuer::new(root, root_key);
        if request.chain == Chain::Two {
            return Ok(Self { issuer: root, root: None, certificates: vec![root_der] });
        }
        let key = authority_key(Level::Issuing, request.key)?;
        let mut issuing = authority(Level::Issuing, &request.name, now)?;
        issuing.use_authority_key_identifier_extension = true;
        name_revocation(&mut issuing, request, Level::Root);
        let der = issuing.signed_by(&key, &root)?.der().to_vec();
        Ok(Self {
            issuer: Issuer::new(issuing, key),
            root: Some(root),
            certificates: vec![der, root_der],
        })
    }
}

fn authority(level: Level, name: &str, now: OffsetDateTime) -> Result<CertificateParams, LabError> {
    let (title, limit) = match level {
        Level::Root => ("Root", 1),
        Level::Issuing => ("Issuing", 0),
    };
    let name = subject(&format!("CN={name} {title} CA,O=Sealwright Lab,ST=WA,C=US"))?;
    let mut params = params(name, now - AUTHORITY_VALIDITY, now + AUTHORITY_VALIDITY)?;
    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(limit));
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    Ok(params)
}

fn params(
    name: DistinguishedName,
    not_before: OffsetDateTime,
    not_after: OffsetDateTime,
) -> Result<CertificateParams, LabError> {
    let mut params = CertificateParams::default();
    params.distinguished_name = name;
    params.not_before = not_before;
    params.not_after = not_after;
    // RFC 5280 section 4.1.2.2: positive, at most 20 octets, and shortest form.
    let mut serial = random::<16>()?;
    serial[0] = serial[0] & 0x7f | 0x40;
    params.serial_number = Some(SerialNumber::from_slice(&serial));
    Ok(params)
}

fn name_revocation(params: &mut CertificateParams, request: &IssueRequest, signer: Level) {
    let address =
        |url: &String| url.replace("{name}", &request.name).replace("{issuer}", at(signer));
    if let Some(url) = &request.revocation.crl {
        params.crl_distribution_points = vec![CrlDistributionPoint { uris: vec![address(url)] }];
    }
    if let Some(url) = &request.revocation.ocsp {
        params.custom_extensions.push(extension::ocsp(&address(url)));
    }
}

/// The level in addresses.
fn at(level: Level) -> &'static str {
    match level {
        Level::Root => "root",
        Level::Issuing => "issuing",
    }
}

#[cfg(test)]
mod tests {
    use time::macros::datetime;

    use super::*;

    fn issued(request: &IssueRequest) -> IssuedChain {
        Pki::default().issue(request, datetime!(2030-01-01 00:00 UTC)).unwrap()
    }

    #[test]
    fn a_chain_has_as_many_certificates_as_asked_for() {
        for (chain, length) in [(Chain::SelfSigned, 1), (Chain::Two, 2), (Chain::Three, 3)] {
            assert_eq!(issued(&IssueRequest::named("a").chain(chain)).chain.len(), length);
        }
    }

    #[test]
    fn a_renewed_certificate_comes_from_the_same_root_with_another_key() {
        let (pki, request) = (Pki::default(), IssueRequest::named("a"));
        let [one, two] = [1, 2]
            .map(|day| pki.issue(&request, datetime!(2030-01-01 00:00 UTC) + Duration::days(day)));
        let (one, two) = (one.unwrap(), two.unwrap());
        assert_eq!(one.chain[1], two.chain[1]);
        assert_ne!(one.key.private_key_pem(), two.key.private_key_pem());
    }

    #[test]
    fn every_kind_of_key_is_issued() {
        for key in KeySpec::ALL {
            assert_eq!(issued(&IssueRequest::named("a").key(key)).key.spec, key);
        }
    }

    #[test]
    fn addresses_of_revocation_stand_in_leaf_and_issuing_authority() {
        let revocation = Revocation {
            crl: Some("http://crl.test/a.crl".into()),
            ocsp: Some("http://ocsp.test".into()),
        };
        let request = IssueRequest { revocation, ..IssueRequest::named("a").chain(Chain::Three) };
        let holds = |der: &[u8], text: &str| der.windows(text.len()).any(|w| w == text.as_bytes());
        let found: Vec<bool> = issued(&request)
            .chain
            .iter()
            .map(|der| holds(der, "http://crl.test/a.crl") && holds(der, "http://ocsp.test"))
            .collect();
        assert_eq!(found, [true, true, false]);
    }
}
