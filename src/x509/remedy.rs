//! What to do about a certificate that is of no use any more, as the questions at the end of Azure's article
//! on signing with Key Vault answer it.

/// The signing certificate has ended.
pub const EXPIRED: &str = "obtain a new certificate with a new key from your CA, and sign with it:\n\
     sealwright vault csr --vault <vault-name> --name <certificate-name> --out request.csr\n\
     sealwright vault merge --vault <vault-name> --name <certificate-name> <answer.pem> <root.crt>\n\
     sealwright sign --plugin azure-kv --id <key_id> <reference>";

/// A signature was made with a certificate that has ended.
pub const SIGNED_BY_EXPIRED: &str = "sign the image again with a new certificate and a new key, and with a timestamp, which outlives the certificate:\n\
     sealwright vault csr --vault <vault-name> --name <certificate-name> --out request.csr\n\
     sealwright vault merge --vault <vault-name> --name <certificate-name> <answer.pem> <root.crt>\n\
     sealwright sign --plugin azure-kv --id <key_id> --timestamp-url <url> --timestamp-root-cert <root.crt> <reference>";

/// The signing certificate is revoked: what it signed may be anyone's.
pub const REVOKED: &str = "secure the source and the environment it is built in, rebuild the image from source, obtain a new \
     certificate with a new key, and sign the new image with it; never sign the old one again";
