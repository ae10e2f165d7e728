//! Distinguished names: printed as Go prints them, compared attribute by attribute.

use std::fmt::Write as _;

use der::asn1::{AnyRef, ObjectIdentifier};
use der::{Decode, Reader, SliceReader, Tag, Tagged};

/// A parsed distinguished name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Name {
    /// In certificate order, one inner list per RDN: (object identifier, value text).
    rdns: Vec<Vec<(String, String)>>,
}

impl Name {
    /// Parses the DER of a Name. String types other than the seven that Go's x509 reads are refused.
    pub fn from_der(raw: &[u8]) -> Result<Self, der::Error> {
        let mut rdns = Vec::new();
        let outer = AnyRef::from_der(raw)?;
        outer.tag().assert_eq(Tag::Sequence)?;
        let mut sets = SliceReader::new(outer.value())?;
        while !sets.is_finished() {
            let set = AnyRef::decode(&mut sets)?;
            set.tag().assert_eq(Tag::Set)?;
            let mut rdn = Vec::new();
            let mut attributes = SliceReader::new(set.value())?;
            while !attributes.is_finished() {
                rdn.push(attributes.sequence(|attribute| {
                    let kind = ObjectIdentifier::decode(attribute)?;
                    let value = AnyRef::decode(attribute)?;
                    let text = text(value).ok_or_else(|| value.tag().value_error())?;
                    Ok((kind.to_string(), text))
                })?);
            }
            rdns.push(rdn);
        }
        Ok(Self { rdns })
    }

    /// In certificate order: one inner list per RDN of (object identifier dotted, value as text).
    pub fn rdns(&self) -> &[Vec<(String, String)>] {
        &self.rdns
    }

    /// The values of one attribute type (`2.5.4.3`), in certificate order.
    pub fn values<'a>(&'a self, kind: &'a str) -> impl Iterator<Item = &'a str> {
        self.rdns.iter().flatten().filter(move |(k, _)| k == kind).map(|(_, value)| value.as_str())
    }
}

impl std::fmt::Display for Name {
    /// Go's `pkix.Name.String`: `CN=…,O=…,L=…,ST=…,C=US`, RFC 4514 escapes, unknown types as `1.2.3=#hex`.
    /// Values of one standard type stand together (`OU=a+OU=b`); of several CN or SERIALNUMBER the last.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let mut rdns = Vec::new();
        for (short, kind, repeats) in SHORT_NAMES {
            let mut values: Vec<&str> = self.values(kind).collect();
            if repeats == Repeats::LastWins {
                values = values.pop().filter(|value| !value.is_empty()).into_iter().collect();
            }
            if !values.is_empty() {
                let parts: Vec<_> =
                    values.iter().map(|value| format!("{short}={}", escape(value))).collect();
                rdns.push(parts.join("+"));
            }
        }
        let unknown = self
            .rdns
            .iter()
            .flatten()
            .filter(|(kind, _)| !SHORT_NAMES.iter().any(|(_, known, _)| known == kind));
        rdns.extend(unknown.rev().map(|(kind, value)| format!("{kind}=#{}", hex_der(value))));
        f.write_str(&rdns.join(","))
    }
}

#[derive(PartialEq, Eq, Clone, Copy)]
enum Repeats {
    LastWins,
    Joined,
}

/// The attribute types with a short name, in the order they are printed.
const SHORT_NAMES: [(&str, &str, Repeats); 9] = [
    ("SERIALNUMBER", "2.5.4.5", Repeats::LastWins),
    ("CN", "2.5.4.3", Repeats::LastWins),
    ("OU", "2.5.4.11", Repeats::Joined),
    ("O", "2.5.4.10", Repeats::Joined),
    ("POSTALCODE", "2.5.4.17", Repeats::Joined),
    ("STREET", "2.5.4.9", Repeats::Joined),
    ("L", "2.5.4.7", Repeats::Joined),
    ("ST", "2.5.4.8", Repeats::Joined),
    ("C", "2.5.4.6", Repeats::Joined),
];

fn escape(value: &str) -> String {
    let mut escaped = String::with_capacity(value.len());
    for (at, c) in value.char_indices() {
        let special = match c {
            ',' | '+' | '"' | '\\' | '<' | '>' | ';' => true,
            ' ' => at == 0 || at + 1 == value.len(),
            '#' => at == 0,
            _ => false,
        };
        if special {
            escaped.push('\\');
        }
        escaped.push(c);
    }
    escaped
}

/// Hex of the value as PrintableString where its characters allow, else as UTF8String: the tag of the
/// certificate is not kept.
fn hex_der(value: &str) -> String {
    let printable = value.bytes().all(|b| is_printable(b) && b != b'*' && b != b'&');
    let tag: u8 = if printable { 0x13 } else { 0x0c };
    let length = value.len();
    let mut hex = format!("{tag:02x}");
    let _ = match length {
        0..=0x7f => write!(hex, "{length:02x}"),
        0x80..=0xff => write!(hex, "81{length:02x}"),
        _ => write!(hex, "82{length:04x}"),
    };
    for byte in value.bytes() {
        let _ = write!(hex, "{byte:02x}");
    }
    hex
}

fn text(value: AnyRef<'_>) -> Option<String> {
    let bytes = value.value();
    match value.tag() {
        Tag::Utf8String => String::from_utf8(bytes.to_vec()).ok(),
        Tag::PrintableString => ascii(bytes, is_printable),
        Tag::Ia5String => ascii(bytes, |b| b.is_ascii()),
        Tag::NumericString => ascii(bytes, |b| b.is_ascii_digit() || b == b' '),
        // read as Latin-1, as most software does
        Tag::TeletexString => Some(bytes.iter().map(|b| char::from(*b)).collect()),
        Tag::BmpString => bmp(bytes),
        _ => None,
    }
}

fn ascii(bytes: &[u8], allowed: impl Fn(u8) -> bool) -> Option<String> {
    bytes.iter().map(|b| allowed(*b).then_some(char::from(*b))).collect()
}

/// PrintableString, and `*` and `&`, which certificates in use contain.
fn is_printable(b: u8) -> bool {
    b.is_ascii_alphanumeric() || b" '()+,-./:=?*&".contains(&b)
}

/// UCS-2, without noncharacters and surrogates; one terminating zero is dropped.
fn bmp(bytes: &[u8]) -> Option<String> {
    if !bytes.len().is_multiple_of(2) {
        return None;
    }
    let bytes = bytes.strip_suffix(&[0, 0]).unwrap_or(bytes);
    bytes
        .chunks_exact(2)
        .map(|pair| match u32::from(u16::from_be_bytes([pair[0], pair[1]])) {
            0xfffe | 0xffff | 0xfdd0..=0xfdef => None,
            point => char::from_u32(point),
        })
        .collect()
}

#[cfg(test)]
mod tests;
