//! Certificate extensions that rcgen has no word for, as DER by hand.

use rcgen::CustomExtension;

/// id-pe-authorityInfoAccess, RFC 5280 section 4.2.2.1.
const AUTHORITY_INFO_ACCESS: [u64; 9] = [1, 3, 6, 1, 5, 5, 7, 1, 1];

/// id-ad-ocsp, 1.3.6.1.5.5.7.48.1, as DER.
const OCSP: [u8; 10] = [0x06, 0x08, 0x2b, 0x06, 0x01, 0x05, 0x05, 0x07, 0x30, 0x01];

/// AuthorityInfoAccess with one OCSP responder.
pub(super) fn ocsp(url: &str) -> CustomExtension {
    // accessLocation is a GeneralName, uniformResourceIdentifier [6] IMPLICIT IA5String
    let location = tlv(0x86, url.as_bytes());
    let access = tlv(0x30, &[OCSP.as_slice(), &location].concat());
    CustomExtension::from_oid_content(&AUTHORITY_INFO_ACCESS, tlv(0x30, &access))
}

fn tlv(tag: u8, content: &[u8]) -> Vec<u8> {
    let mut der = vec![tag];
    let length = content.len().to_be_bytes();
    let length = &length[length.iter().take_while(|&&b| b == 0).count()..];
    match (content.len(), length) {
        (0..=0x7f, _) => der.push(content.len() as u8),
        (_, length) => {
            der.push(0x80 | length.len() as u8);
            der.extend(length);
        }
    }
    der.extend(content);
    der
}

#[cfg(test)]
mod tests {
    use super::tlv;

    #[test]
    fn lengths_are_the_shortest_der_allows() {
        assert_eq!(tlv(0x30, &[0; 0x7f])[..2], [0x30, 0x7f]);
        assert_eq!(tlv(0x30, &[0; 0x80])[..3], [0x30, 0x81, 0x80]);
        assert_eq!(tlv(0x30, &[0; 0x100])[..4], [0x30, 0x82, 0x01, 0x00]);
        assert_eq!(tlv(0x30, &[]), [0x30, 0x00]);
    }
}
