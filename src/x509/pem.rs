//! Certificate files: PEM bundles or concatenated DER.

use super::{Certificate, CertificateError};

/// Reads a certificate file: when a PEM block is found every block is parsed as a certificate
/// (labels and text around ignored), else the bytes are one or more concatenated DER certificates
/// (reference section 3.5). Empty input gives an empty list.
pub fn certificates_from_pem_or_der(_bytes: &[u8]) -> Result<Vec<Certificate>, CertificateError> {
    todo!()
}
