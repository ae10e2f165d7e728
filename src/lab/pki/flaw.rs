//! Certificates that break one rule each, as hurried people and odd CAs make them.

use rcgen::{
    BasicConstraints, CertificateParams, CustomExtension, ExtendedKeyUsagePurpose, IsCa,
    KeyUsagePurpose,
};

/// Which one rule a certificate breaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Flaw {
    #[default]
    None,
    /// The leaf says that it is a CA.
    LeafIsCa,
    /// The leaf's key usage is not critical.
    LeafKeyUsageSoft,
    /// The leaf's key may encrypt as well.
    LeafKeyUsageMore,
    /// The leaf has no key usage.
    LeafKeyUsageNone,
    /// The leaf is for TLS servers.
    LeafForServers,
    /// The leaf's key is of none of the six kinds (Ed25519).
    LeafKeyType,
    /// The root's basic constraints are not critical.
    RootConstraintsSoft,
    /// The root's basic constraints are missing.
    RootConstraintsNone,
    /// The root's key usage is not critical.
    RootKeyUsageSoft,
    /// The root may sign CRLs and no certificates.
    RootSignsCrlsOnly,
}

/// id-ce-keyUsage and id-ce-basicConstraints, RFC 5280 section 4.2.1
const KEY_USAGE: [u64; 4] = [2, 5, 29, 15];
const BASIC_CONSTRAINTS: [u64; 4] = [2, 5, 29, 19];
/// BIT STRING with bit 0, and with bit 5
const DIGITAL_SIGNATURE: [u8; 4] = [0x03, 0x02, 0x07, 0x80];
const KEY_CERT_SIGN: [u8; 4] = [0x03, 0x02, 0x02, 0x04];
/// SEQUENCE { cA TRUE }
const CA: [u8; 5] = [0x30, 0x03, 0x01, 0x01, 0xff];

impl Flaw {
    pub(super) fn spoil_leaf(self, leaf: &mut CertificateParams) {
        match self {
            Flaw::LeafIsCa => leaf.is_ca = IsCa::Ca(BasicConstraints::Unconstrained),
            Flaw::LeafKeyUsageSoft => {
                leaf.key_usages.clear();
                add(leaf, &KEY_USAGE, &DIGITAL_SIGNATURE);
            }
            Flaw::LeafKeyUsageMore => leaf.key_usages.push(KeyUsagePurpose::KeyEncipherment),
            Flaw::LeafKeyUsageNone => leaf.key_usages.clear(),
            Flaw::LeafForServers => {
                leaf.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
            }
            _ => {}
        }
    }

    pub(super) fn spoil_root(self, root: &mut CertificateParams) {
        match self {
            Flaw::RootConstraintsSoft => {
                root.is_ca = IsCa::NoCa;
                add(root, &BASIC_CONSTRAINTS, &CA);
            }
            Flaw::RootConstraintsNone => root.is_ca = IsCa::NoCa,
            Flaw::RootKeyUsageSoft => {
                root.key_usages.clear();
                add(root, &KEY_USAGE, &KEY_CERT_SIGN);
            }
            Flaw::RootSignsCrlsOnly => root.key_usages = vec![KeyUsagePurpose::CrlSign],
            _ => {}
        }
    }
}

/// Not critical.
fn add(params: &mut CertificateParams, oid: &[u64], content: &[u8]) {
    params.custom_extensions.push(CustomExtension::from_oid_content(oid, content.to_vec()));
}
