//! BER → DER: time-stamping authorities may write the longer forms (RFC 5652, section 1; X.690, 8.1).

/// deepest nesting accepted; a token's own structures are 12 deep
const DEPTH_LIMIT: usize = 32;

/// Rewrites BER with definite lengths of least size and unsplit octet strings. What is DER already
/// comes out as it went in; values are not looked at, and sets are not sorted. The text says what is wrong.
pub(super) fn to_der(ber: &[u8]) -> Result<Vec<u8>, &'static str> {
    let mut der = Vec::with_capacity(ber.len());
    let rest = element(ber, &mut der, 0)?;
    if rest.is_empty() { Ok(der) } else { Err("bytes follow the structure") }
}

/// One element with its header in DER.
pub(super) fn wrap(tag: u8, content: &[u8]) -> Vec<u8> {
    let mut der = Vec::with_capacity(content.len() + 6);
    write(tag, content, &mut der);
    der
}

/// Rewrites the first element of `bytes`; what follows it is returned.
fn element<'a>(bytes: &'a [u8], der: &mut Vec<u8>, depth: usize) -> Result<&'a [u8], &'static str> {
    if depth > DEPTH_LIMIT {
        return Err("nested too deep");
    }
    let (tag, length, rest) = header(bytes)?;
    let constructed = tag & CONSTRUCTED != 0;
    let (content, rest) = match length {
        Length::Definite(length) => {
            let (content, rest) = rest.split_at_checked(length).ok_or(TOO_SHORT)?;
            (Content::Definite(content), rest)
        }
        Length::Indefinite if constructed => {
            let mut children = Vec::new();
            let mut rest = rest;
            while !rest.starts_with(&END_OF_CONTENTS) {
                rest = element(rest, &mut children, depth + 1)?;
            }
            (Content::Rewritten(children), &rest[END_OF_CONTENTS.len()..])
        }
        Length::Indefinite => return Err("a primitive value of indefinite length"),
    };
    let content = match content {
        Content::Definite(content) if !constructed => {
            write(tag, content, der);
            return Ok(rest);
        }
        Content::Definite(content) => {
            let mut children = Vec::with_capacity(content.len());
            let mut left = content;
            while !left.is_empty() {
                left = element(left, &mut children, depth + 1)?;
            }
            children
        }
        Content::Rewritten(children) => children,
    };
    match tag {
        CONSTRUCTED_OCTETS => write(OCTETS, &joined(&content)?, der),
        SEQUENCE | SET => write(tag, &content, der),
        _ if tag & CLASS != 0 => write(tag, &content, der),
        _ => return Err("a universal type in pieces that is no octet string"),
    }
    Ok(rest)
}

enum Length {
    Definite(usize),
    Indefinite,
}

enum Content<'a> {
    Definite(&'a [u8]),
    /// In DER already.
    Rewritten(Vec<u8>),
}

fn header(bytes: &[u8]) -> Result<(u8, Length, &[u8]), &'static str> {
    let (&tag, rest) = bytes.split_first().ok_or(TOO_SHORT)?;
    if tag == 0 {
        return Err("an end of contents where none belongs");
    }
    if tag & TAG_NUMBER == TAG_NUMBER {
        return Err("a tag above 30");
    }
    let (&first, rest) = rest.split_first().ok_or(TOO_SHORT)?;
    match first {
        0..=0x7f => Ok((tag, Length::Definite(first.into()), rest)),
        0x80 => Ok((tag, Length::Indefinite, rest)),
        0x81..=0x88 => {
            let (digits, rest) =
                rest.split_at_checked(usize::from(first & 0x7f)).ok_or(TOO_SHORT)?;
            let length = digits.iter().fold(0_u64, |length, digit| length << 8 | u64::from(*digit));
            Ok((tag, Length::Definite(usize::try_from(length).map_err(|_| TOO_SHORT)?), rest))
        }
        _ => Err("a length of more than eight bytes"),
    }
}

fn write(tag: u8, content: &[u8], der: &mut Vec<u8>) {
    der.push(tag);
    let length = content.len();
    if length < 0x80 {
        der.push(length as u8);
    } else {
        let digits = length.to_be_bytes();
        let zeros = digits.iter().take_while(|digit| **digit == 0).count();
        der.push(0x80 | (digits.len() - zeros) as u8);
        der.extend(&digits[zeros..]);
    }
    der.extend(content);
}

/// The pieces of an octet string, which are in DER: each is a primitive octet string.
fn joined(mut pieces: &[u8]) -> Result<Vec<u8>, &'static str> {
    let mut whole = Vec::with_capacity(pieces.len());
    while !pieces.is_empty() {
        match header(pieces)? {
            (OCTETS, Length::Definite(length), rest) => {
                let (piece, rest) = rest.split_at_checked(length).ok_or(TOO_SHORT)?;
                whole.extend(piece);
                pieces = rest;
            }
            _ => return Err("a piece of an octet string that is no octet string"),
        }
    }
    Ok(whole)
}

const TOO_SHORT: &str = "a length that leads past the end";
const END_OF_CONTENTS: [u8; 2] = [0, 0];
const CLASS: u8 = 0xc0;
const CONSTRUCTED: u8 = 0x20;
const TAG_NUMBER: u8 = 0x1f;
const OCTETS: u8 = 0x04;
const CONSTRUCTED_OCTETS: u8 = OCTETS | CONSTRUCTED;
pub(super) const SEQUENCE: u8 = 0x30;
pub(super) const SET: u8 = 0x31;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn der_stays_as_it_is() {
        let long = [&[0x04, 0x82, 0x01, 0x00][..], &[7; 256]].concat();
        for der in [&[0x30, 0x03, 0x02, 0x01, 0x05][..], &[0x05, 0x00], &[0xa0, 0x00], &long] {
            assert_eq!(to_der(der).unwrap(), der);
        }
    }

    #[test]
    fn indefinite_and_long_lengths_and_split_octets_are_rewritten() {
        let ber = [
            0x30, 0x80, 0x24, 0x80, 0x04, 0x82, 0x00, 0x02, 1, 2, 0x24, 0x03, 0x04, 0x01, 3, 0, 0,
            0xa0, 0x81, 0x02, 0x05, 0x00, 0, 0,
        ];
        assert_eq!(to_der(&ber).unwrap(), [0x30, 0x09, 0x04, 0x03, 1, 2, 3, 0xa0, 0x02, 0x05, 0]);
    }

    #[test]
    fn what_is_no_ber_is_refused() {
        let deep: Vec<u8> = [0x30, 0x80].repeat(100_000);
        for (bytes, reason) in [
            (&[][..], TOO_SHORT),
            (&[0x30], TOO_SHORT),
            (&[0x30, 0x05, 0x00], TOO_SHORT),
            (&[0x04, 0x88, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff], TOO_SHORT),
            (&[0x04, 0x89, 0, 0, 0, 0, 0, 0, 0, 0, 1, 1], "a length of more than eight bytes"),
            (&[0x30, 0x80, 0x05, 0x00], TOO_SHORT),
            (&[0x05, 0x00, 0x00], "bytes follow the structure"),
            (&[0x04, 0x80, 0x00, 0x00], "a primitive value of indefinite length"),
            (&[0x30, 0x02, 0x00, 0x00], "an end of contents where none belongs"),
            (&[0x1f, 0x81, 0x01, 0x00], "a tag above 30"),
            (&[0x24, 0x02, 0x05, 0x00], "a piece of an octet string that is no octet string"),
            (&[0x23, 0x03, 0x03, 0x01, 0x00], "a universal type in pieces that is no octet string"),
            (&deep, "nested too deep"),
        ] {
            assert_eq!(to_der(bytes), Err(reason), "{:02x?}", &bytes[..bytes.len().min(12)]);
        }
    }
}
