//! One purpose of an extended key usage: an object identifier with arcs of any size.

use std::fmt;

use const_oid::db::rfc5280;
use der::asn1::{AnyRef, ObjectIdentifier};
use der::{Decode, Reader, SliceReader, Tag, Tagged};

/// The content bytes of an object identifier (X.690, 8.19). `ObjectIdentifier` does not take every arc
/// above 28 bits, and Artifact Signing names its subscribers in arcs of 30.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Purpose {
    content: Vec<u8>,
    text: String,
}

impl Purpose {
    /// Reads ExtKeyUsageSyntax: SEQUENCE OF OBJECT IDENTIFIER (RFC 5280, 4.2.1.12).
    pub(super) fn read_all(value: &[u8]) -> der::Result<Vec<Self>> {
        let sequence = AnyRef::from_der(value)?;
        sequence.tag().assert_eq(Tag::Sequence)?;
        let mut reader = SliceReader::new(sequence.value())?;
        let mut purposes = Vec::new();
        while !reader.is_finished() {
            let any = AnyRef::decode(&mut reader)?;
            any.tag().assert_eq(Tag::ObjectIdentifier)?;
            let text = dotted(any.value()).ok_or_else(|| Tag::ObjectIdentifier.value_error())?;
            purposes.push(Self { content: any.value().to_vec(), text });
        }
        Ok(purposes)
    }

    /// `CodeSigning`, `ServerAuth` … where it is known, else the dotted identifier.
    pub(super) fn name(&self) -> &str {
        let known = KNOWN.iter().find(|(known, _)| known.as_bytes() == self.content);
        known.map_or(&self.text, |(_, name)| name)
    }
}

impl fmt::Debug for Purpose {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// None for what is no object identifier, or has an arc above 128 bits.
fn dotted(content: &[u8]) -> Option<String> {
    const CONTINUED: u8 = 0x80;
    let mut arcs: Vec<u128> = Vec::new();
    let (mut arc, mut begun) = (0_u128, false);
    for byte in content {
        if !begun && *byte == CONTINUED {
            return None;
        }
        arc = arc.checked_mul(128)?.checked_add(u128::from(byte & !CONTINUED))?;
        begun = byte & CONTINUED != 0;
        if !begun {
            arcs.push(std::mem::take(&mut arc));
        }
    }
    if begun {
        return None;
    }
    let (first, rest) = arcs.split_first()?;
    let root = (*first / 40).min(2);
    let mut text = format!("{root}.{}", first - root * 40);
    for arc in rest {
        text += &format!(".{arc}");
    }
    Some(text)
}

const KNOWN: [(ObjectIdentifier, &str); 7] = [
    (rfc5280::ANY_EXTENDED_KEY_USAGE, "Any"),
    (rfc5280::ID_KP_SERVER_AUTH, "ServerAuth"),
    (rfc5280::ID_KP_CLIENT_AUTH, "ClientAuth"),
    (rfc5280::ID_KP_CODE_SIGNING, "CodeSigning"),
    (rfc5280::ID_KP_EMAIL_PROTECTION, "EmailProtection"),
    (rfc5280::ID_KP_TIME_STAMPING, "Timestamping"),
    (rfc5280::ID_KP_OCSP_SIGNING, "OCSPSigning"),
];

#[cfg(test)]
mod tests {
    use super::*;

    fn names(value: &[u8]) -> Option<Vec<String>> {
        let purposes = Purpose::read_all(value).ok()?;
        Some(purposes.iter().map(|purpose| purpose.name().to_owned()).collect())
    }

    #[test]
    fn purposes_are_named_or_dotted_whatever_their_arcs() {
        let code_signing = [0x06, 8, 0x2b, 6, 1, 5, 5, 7, 3, 3];
        // 1.3.6.1.4.1.311.97.990309390.766961637.194916062.941502583
        let subscriber = [
            0x06, 27, 0x2b, 6, 1, 4, 1, 0x82, 0x37, 0x61, 0x83, 0xd8, 0x9b, 0xd8, 0x0e, 0x82, 0xed,
            0xdb, 0xcf, 0x65, 0xdc, 0xf8, 0xdd, 0x5e, 0x83, 0xc0, 0xf8, 0xe0, 0x77,
        ];
        let sequence =
            |content: &[u8]| [&[0x30, u8::try_from(content.len()).unwrap()], content].concat();
        let value = sequence(&[&code_signing[..], &subscriber].concat());
        let read = names(&value).unwrap();
        assert_eq!(read[0], "CodeSigning");
        assert_eq!(read[1], "1.3.6.1.4.1.311.97.990309390.766961637.194916062.941502583");
        // joint-iso-itu-t, and an arc of 64 bits
        assert_eq!(names(&sequence(&[6, 2, 0x88, 0x37])).unwrap(), ["2.999"]);
        let long = [6, 11, 0x2a, 0x81, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f];
        assert_eq!(names(&sequence(&long)).unwrap(), ["1.2.18446744073709551615"]);
        assert_eq!(names(&sequence(&[])).unwrap(), [""; 0]);
    }

    #[test]
    fn what_is_no_identifier_is_refused() {
        let endless = [&[0x30, 22, 6, 20][..], &[0xff; 19], &[0x7f]].concat();
        for value in [
            &[][..],
            &[0x30, 2, 6, 0],
            &[0x30, 3, 6, 1, 0x80],
            &[0x30, 4, 6, 2, 0x2a, 0x86],
            &[0x30, 5, 6, 3, 0x2a, 0x80, 0x01],
            &[0x30, 3, 2, 1, 1],
            &[0x31, 3, 6, 1, 0x2a],
            &[0x30, 3, 6, 1, 0x2a, 0],
            &endless,
        ] {
            assert_eq!(names(value), None, "{value:?}");
        }
    }
}
