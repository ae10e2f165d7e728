//! Certificates as a PKCS#7 file (RFC 2315, 9.1, degenerate).

use yasna::Tag;
use yasna::models::ObjectIdentifier;

/// The file in DER, the certificates in this order.
pub(super) fn write(certificates: &[Vec<u8>]) -> Vec<u8> {
    let content = yasna::construct_der(|writer| {
        writer.write_sequence(|writer| {
            writer.next().write_u8(1);
            writer.next().write_set(|_| {});
            writer.next().write_sequence(|writer| writer.next().write_oid(&oid(1)));
            writer.next().write_tagged_implicit(Tag::context(0), |writer| {
                writer.write_sequence(|writer| {
                    for der in certificates {
                        writer.next().write_der(der);
                    }
                });
            });
            writer.next().write_set(|_| {});
        });
    });
    yasna::construct_der(|writer| {
        writer.write_sequence(|writer| {
            writer.next().write_oid(&oid(2));
            writer.next().write_tagged(Tag::context(0), |writer| writer.write_der(&content));
        });
    })
}

/// pkcs-7 data (1) and signedData (2).
fn oid(last: u64) -> ObjectIdentifier {
    ObjectIdentifier::from_slice(&[1, 2, 840, 113549, 1, 7, last])
}
