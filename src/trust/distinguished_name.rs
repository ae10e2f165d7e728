//! Distinguished names as policies write them (RFC 4514 text) and as certificates hold them.

use std::collections::BTreeMap;

use crate::fault::Fault;
use crate::x509::Name;

/// Attributes by short name, each once, each with a value. `S` is held as `ST`.
#[derive(Clone, PartialEq, Eq)]
pub struct DistinguishedName {
    attributes: BTreeMap<String, String>,
}

/// Why a name cannot be compared; worded as notation words it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DistinguishedNameError {
    #[error(
        "unsupported distinguished name (DN) {dn:?}: notation does not support x509.subject identities containing \"=#\""
    )]
    HexValue { dn: String },
    #[error(
        "parsing distinguished name (DN) {dn:?} failed with err: {reason}. A valid DN must contain 'C', 'ST' or 'S', and 'O' RDN attributes at a minimum, and follow RFC 4514 standard"
    )]
    Syntax { dn: String, reason: String },
    #[error(
        "distinguished name (DN) {dn:?} has multi-valued RDN attributes, remove multi-valued RDN attributes as they are not supported"
    )]
    MultiValued { dn: String },
    #[error(
        "distinguished name (DN) {dn:?} has duplicate RDN attribute for {attribute:?}, DN can only have unique RDN attributes"
    )]
    Duplicate { dn: String, attribute: String },
    #[error(
        "distinguished name (DN) {dn:?} has no mandatory RDN attribute for {attribute:?}, it must contain 'C', 'ST' or 'S', and 'O' RDN attributes at a minimum"
    )]
    Missing { dn: String, attribute: &'static str },
    #[error("distinguished name (DN) {dn:?} has an empty value for RDN attribute {attribute:?}")]
    EmptyValue { dn: String, attribute: String },
    #[error("distinguished name (DN) has {found} bytes; at most {limit} are accepted")]
    TooLong { found: usize, limit: usize },
}

impl Fault for DistinguishedNameError {
    fn code(&self) -> &'static str {
        "trust-distinguished-name"
    }
}

/// longest name read: 16 KiB; X.520 upper bounds add up to under 1 KiB per attribute.
pub const NAME_LIMIT: usize = 16 * 1024;

/// trust-store-trust-policy.md, "Trusted identities": country, state or province, organization.
const MANDATORY: [&str; 3] = ["C", "ST", "O"];

/// The attribute types a certificate subject may hold, by object identifier.
const SHORT_NAMES: [(&str, &str); 9] = [
    ("2.5.4.3", "CN"),
    ("2.5.4.5", "SERIALNUMBER"),
    ("2.5.4.6", "C"),
    ("2.5.4.7", "L"),
    ("2.5.4.8", "ST"),
    ("2.5.4.9", "STREET"),
    ("2.5.4.10", "O"),
    ("2.5.4.11", "OU"),
    ("2.5.4.17", "POSTALCODE"),
];

impl DistinguishedName {
    /// Parses a policy's name. `=#` is refused before anything else and hexadecimal BER values are
    /// never decoded; attribute types and values keep their case.
    pub fn parse(dn: &str) -> Result<Self, DistinguishedNameError> {
        if dn.len() > NAME_LIMIT {
            return Err(DistinguishedNameError::TooLong { found: dn.len(), limit: NAME_LIMIT });
        }
        if dn.contains("=#") {
            return Err(DistinguishedNameError::HexValue { dn: dn.to_owned() });
        }
        let rdns = relative_names(dn)
            .map_err(|reason| DistinguishedNameError::Syntax { dn: dn.to_owned(), reason })?;
        let mut unique = Unique::new(dn);
        for rdn in rdns {
            let mut pairs = rdn.into_iter();
            let (Some((attribute, value)), None) = (pairs.next(), pairs.next()) else {
                return Err(DistinguishedNameError::MultiValued { dn: dn.to_owned() });
            };
            let attribute = if attribute == "S" { "ST".to_owned() } else { attribute };
            unique.insert(attribute, value)?;
        }
        let empty = unique.empty.take();
        let name = unique.finish()?;
        match empty {
            Some(attribute) => {
                Err(DistinguishedNameError::EmptyValue { dn: dn.to_owned(), attribute })
            }
            None => Ok(name),
        }
    }

    /// The subject of a signing certificate. A subject that holds any attribute type without a
    /// short name, or one type twice, is refused: it cannot be compared attribute by attribute.
    pub fn of_subject(subject: &Name) -> Result<Self, DistinguishedNameError> {
        of_rdns(subject.rdns(), &subject.to_string())
    }

    /// Each attribute's short name and value, by name.
    pub fn attributes(&self) -> impl Iterator<Item = (&str, &str)> {
        self.attributes.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }

    /// Every attribute of this name is in `other` with the same value.
    pub fn is_subset_of(&self, other: &Self) -> bool {
        self.attributes.iter().all(|(name, value)| other.attributes.get(name) == Some(value))
    }
}

impl std::fmt::Debug for DistinguishedName {
    /// `map["C":"US" "O":"Other" "ST":"WA"]`, the form notation's messages use.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let pairs = self.attributes.iter().map(|(name, value)| format!("{name:?}:{value:?}"));
        write!(f, "map[{}]", pairs.collect::<Vec<_>>().join(" "))
    }
}

fn of_rdns(
    rdns: &[Vec<(String, String)>],
    dn: &str,
) -> Result<DistinguishedName, DistinguishedNameError> {
    let mut known = Vec::new();
    for (oid, value) in rdns.iter().flatten() {
        let short = SHORT_NAMES.iter().find(|(number, _)| number == oid);
        match short {
            Some((_, short)) if !value.contains("=#") => known.push((*short, value)),
            _ => return Err(DistinguishedNameError::HexValue { dn: dn.to_owned() }),
        }
    }
    let mut unique = Unique::new(dn);
    for (i, (attribute, value)) in known.iter().enumerate() {
        if known[..i].iter().any(|(earlier, _)| earlier == attribute) {
            return Err(DistinguishedNameError::MultiValued { dn: dn.to_owned() });
        }
        unique.insert((*attribute).to_owned(), (*value).clone())?;
    }
    unique.finish()
}

/// Attributes being collected: each type once, empty values set aside.
struct Unique<'a> {
    dn: &'a str,
    attributes: BTreeMap<String, String>,
    empty: Option<String>,
}

impl<'a> Unique<'a> {
    fn new(dn: &'a str) -> Self {
        Self { dn, attributes: BTreeMap::new(), empty: None }
    }

    fn insert(&mut self, attribute: String, value: String) -> Result<(), DistinguishedNameError> {
        if self.attributes.contains_key(&attribute) {
            return Err(DistinguishedNameError::Duplicate { dn: self.dn.to_owned(), attribute });
        }
        if value.is_empty() {
            self.empty.get_or_insert(attribute);
        } else {
            self.attributes.insert(attribute, value);
        }
        Ok(())
    }

    fn finish(self) -> Result<DistinguishedName, DistinguishedNameError> {
        for attribute in MANDATORY {
            if !self.attributes.contains_key(attribute) {
                return Err(DistinguishedNameError::Missing { dn: self.dn.to_owned(), attribute });
            }
        }
        Ok(DistinguishedName { attributes: self.attributes })
    }
}

type RelativeName = Vec<(String, String)>;

/// Splits at unescaped `,` and `;` into relative names and at `+` within them.
fn relative_names(dn: &str) -> Result<Vec<RelativeName>, String> {
    let mut names = Vec::new();
    if dn.trim().is_empty() {
        return Ok(names);
    }
    let mut pairs: RelativeName = Vec::new();
    let mut attribute = String::new();
    let mut escaping = false;
    let mut start = 0;
    for (i, byte) in dn.bytes().enumerate() {
        match byte {
            _ if escaping => escaping = false,
            b'\\' => escaping = true,
            b'=' if attribute.is_empty() => {
                attribute = unescaped(&dn[start..i])?;
                start = i + 1;
            }
            b',' | b'+' | b';' => {
                if attribute.is_empty() {
                    return Err("incomplete type, value pair".into());
                }
                pairs.push((std::mem::take(&mut attribute), unescaped(&dn[start..i])?));
                start = i + 1;
                if byte != b'+' {
                    names.push(std::mem::take(&mut pairs));
                }
            }
            _ => {}
        }
    }
    if attribute.is_empty() {
        return Err("DN ended with incomplete type, value pair".into());
    }
    pairs.push((attribute, unescaped(&dn[start..])?));
    names.push(pairs);
    Ok(names)
}

/// RFC 4514, section 2.4: a backslash before a special character or before two hexadecimal digits.
/// Unescaped spaces around the text do not count.
fn unescaped(text: &str) -> Result<String, String> {
    let trimmed = text.trim_matches(' ');
    let last_space_is_escaped = trimmed.ends_with('\\') && text.ends_with(' ');
    let mut characters = trimmed.chars().chain(last_space_is_escaped.then_some(' '));
    let mut bytes: Vec<u8> = Vec::with_capacity(trimmed.len() + 1);
    while let Some(character) = characters.next() {
        if character != '\\' {
            bytes.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes());
            continue;
        }
        match characters.next() {
            None => return Err(format!("got corrupted escaped character: '{trimmed}'")),
            Some(special @ (' ' | '"' | '#' | '+' | ',' | ';' | '<' | '=' | '>' | '\\')) => {
                bytes.push(special as u8);
            }
            Some(first) => {
                let second = characters.next();
                let digits = (first.to_digit(16), second.and_then(|c| c.to_digit(16)));
                let (Some(high), Some(low)) = digits else {
                    let found: String = std::iter::once(first).chain(second).collect();
                    return Err(format!("failed to decode escaped character: {found:?}"));
                };
                bytes.push((high * 16 + low) as u8);
            }
        }
    }
    String::from_utf8(bytes).map_err(|_| "an escaped value is not UTF-8".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(dn: &str) -> String {
        match DistinguishedName::parse(dn) {
            Ok(name) => format!("{name:?}"),
            Err(error) => panic!("{error}"),
        }
    }

    fn refused(dn: &str) -> DistinguishedNameError {
        DistinguishedName::parse(dn).expect_err(dn)
    }

    fn rdns(pairs: &[(&str, &str)]) -> Vec<RelativeName> {
        pairs.iter().map(|(oid, value)| vec![((*oid).into(), (*value).into())]).collect()
    }

    const COUNTRY: (&str, &str) = ("2.5.4.6", "US");
    const STATE: (&str, &str) = ("2.5.4.8", "WA");
    const ORGANIZATION: (&str, &str) = ("2.5.4.10", "acme");

    #[test]
    fn separators_spaces_and_s_are_read_as_notation_reads_them() {
        assert_eq!(shown(" C=US ; S = WA,O=a b "), r#"map["C":"US" "O":"a b" "ST":"WA"]"#);
    }

    #[test]
    fn escapes_are_undone() {
        assert_eq!(
            shown(r"C=US,ST=WA,O=a\,b\+\3D\c3\a9\ ,CN=x= #y"),
            r#"map["C":"US" "CN":"x= #y" "O":"a,b+=é " "ST":"WA"]"#
        );
    }

    #[test]
    fn types_keep_their_case() {
        assert_eq!(
            refused("c=US,ST=WA,O=a"),
            DistinguishedNameError::Missing { dn: "c=US,ST=WA,O=a".into(), attribute: "C" }
        );
    }

    #[test]
    fn hexadecimal_values_are_refused_before_parsing() {
        for dn in ["C=US,ST=WA,O=#0402abcd", "=#", r"C=US,ST=WA,O=a\=#b"] {
            assert_eq!(refused(dn), DistinguishedNameError::HexValue { dn: dn.into() });
        }
        assert!(refused("=#").to_string().ends_with(r#"containing "=#""#));
    }

    #[test]
    fn malformed_text_is_refused() {
        for (dn, reason) in [
            ("US", "DN ended with incomplete type, value pair"),
            (",", "incomplete type, value pair"),
            ("=x,C=US", "incomplete type, value pair"),
            (r"C=U\", r"got corrupted escaped character: 'U\'"),
            (r"C=\zz", "failed to decode escaped character: \"zz\""),
            (r"C=\4", "failed to decode escaped character: \"4\""),
            (r"C=\é", "failed to decode escaped character: \"é\""),
            (r"C=\ff", "an escaped value is not UTF-8"),
        ] {
            let expected = DistinguishedNameError::Syntax { dn: dn.into(), reason: reason.into() };
            assert_eq!(refused(dn), expected);
        }
    }

    #[test]
    fn every_other_refusal_has_its_variant() {
        use DistinguishedNameError as Error;
        for (dn, error) in [
            ("", Error::Missing { dn: String::new(), attribute: "C" }),
            ("  ", Error::Missing { dn: "  ".into(), attribute: "C" }),
            ("C=US,O=a", Error::Missing { dn: "C=US,O=a".into(), attribute: "ST" }),
            ("C=US,ST=WA,O=", Error::Missing { dn: "C=US,ST=WA,O=".into(), attribute: "O" }),
            ("C=US+ST=WA,O=a", Error::MultiValued { dn: "C=US+ST=WA,O=a".into() }),
            (
                "C=US,ST=WA,S=x,O=a",
                Error::Duplicate { dn: "C=US,ST=WA,S=x,O=a".into(), attribute: "ST".into() },
            ),
            (
                "C=US,ST=WA,O=a,OU=",
                Error::EmptyValue { dn: "C=US,ST=WA,O=a,OU=".into(), attribute: "OU".into() },
            ),
            (
                "O=,C=US,ST=WA,O=a",
                Error::EmptyValue { dn: "O=,C=US,ST=WA,O=a".into(), attribute: "O".into() },
            ),
        ] {
            assert_eq!(refused(dn), error);
            assert_eq!(error.code(), "trust-distinguished-name");
        }
        let long = "C".repeat(NAME_LIMIT + 1);
        assert_eq!(refused(&long), Error::TooLong { found: NAME_LIMIT + 1, limit: NAME_LIMIT });
    }

    #[test]
    fn a_subset_has_each_pair_equal() {
        let part = DistinguishedName::parse("C=US,ST=WA,O=a").expect("valid");
        let whole = DistinguishedName::parse("CN=x,O=a,ST=WA,C=US").expect("valid");
        assert!(part.is_subset_of(&whole));
        assert!(!whole.is_subset_of(&part));
        let other = DistinguishedName::parse("C=US,ST=WA,O=A").expect("valid");
        assert!(!other.is_subset_of(&whole));
    }

    #[test]
    fn a_subject_is_compared_by_its_parsed_attributes() {
        let common = ("2.5.4.3", "a,b+\\ #");
        let name = of_rdns(&rdns(&[COUNTRY, STATE, ORGANIZATION, common]), "dn").expect("plain");
        let policy = DistinguishedName::parse(r"C=US,ST=WA,O=acme,CN=a\,b\+\\ \#").expect("valid");
        assert_eq!(policy, name);
    }

    #[test]
    fn subjects_that_cannot_be_compared_are_refused() {
        use DistinguishedNameError as Error;
        let dn = || "shown".to_owned();
        let email = ("1.2.840.113549.1.9.1", "a@b.c");
        let unit = ("2.5.4.11", "x");
        let hash = ("2.5.4.3", "a=#b");
        for (subject, error) in [
            (vec![COUNTRY, STATE], Error::Missing { dn: dn(), attribute: "O" }),
            (vec![COUNTRY, STATE, ORGANIZATION, email], Error::HexValue { dn: dn() }),
            (vec![COUNTRY, STATE, ORGANIZATION, hash], Error::HexValue { dn: dn() }),
            (vec![COUNTRY, STATE, ORGANIZATION, unit, unit], Error::MultiValued { dn: dn() }),
        ] {
            assert_eq!(of_rdns(&rdns(&subject), "shown"), Err(error));
        }
    }

    #[test]
    fn an_empty_value_in_a_subject_counts_as_absent() {
        let unit = ("2.5.4.11", "");
        let name = of_rdns(&rdns(&[COUNTRY, STATE, ORGANIZATION, unit]), "dn").expect("accepted");
        assert_eq!(format!("{name:?}"), r#"map["C":"US" "O":"acme" "ST":"WA"]"#);
    }
}
