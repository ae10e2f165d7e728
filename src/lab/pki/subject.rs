//! Subjects as a vault's policy writes them.

use rcgen::{DistinguishedName, DnType, DnValue};

use crate::lab::LabError;

/// Reads `CN=…, O="A, Inc.", C=US`: C, ST, L, O, OU and CN, each once.
pub(in crate::lab) fn subject(text: &str) -> Result<DistinguishedName, LabError> {
    let wrong = || LabError::Subject { subject: text.to_owned() };
    let mut name = DistinguishedName::new();
    // RFC 4514 writes the most specific part first, DER the least.
    for part in parts(text).iter().rev() {
        let (kind, value) = part.trim().split_once('=').ok_or_else(wrong)?;
        let value = match value.strip_prefix('"') {
            Some(quoted) => &quoted.strip_suffix('"').ok_or_else(wrong)?.replace("\"\"", "\""),
            None => value,
        };
        let kind = match kind {
            "C" => DnType::CountryName,
            "ST" => DnType::StateOrProvinceName,
            "L" => DnType::LocalityName,
            "O" => DnType::OrganizationName,
            "OU" => DnType::OrganizationalUnitName,
            "CN" => DnType::CommonName,
            _ => return Err(wrong()),
        };
        if value.is_empty() || name.get(&kind).is_some() {
            return Err(wrong());
        }
        let value = match kind {
            DnType::CountryName => DnValue::PrintableString(value.try_into()?),
            _ => DnValue::Utf8String(value.to_owned()),
        };
        name.push(kind, value);
    }
    Ok(name)
}

/// Between commas; one that stands between quotation marks does not count.
fn parts(text: &str) -> Vec<String> {
    let mut parts = vec![String::new()];
    let mut quoted = false;
    for c in text.chars() {
        quoted ^= c == '"';
        match parts.last_mut() {
            Some(part) if c != ',' || quoted => part.push(c),
            _ => parts.push(String::new()),
        }
    }
    parts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_subject_is_a_list_of_known_parts_each_once() {
        for text in ["", "CN", "CN=", "X=1", "CN=a,CN=b", "CN=a,C=\u{fc}"] {
            assert!(subject(text).is_err(), "{text}");
        }
        assert!(subject("CN=a, OU=b, O=c, L=d, ST=e, C=US").is_ok());
        let quoted = subject("CN=\"a, \"\"b\"\"\", C=US").unwrap();
        let common = DnValue::Utf8String("a, \"b\"".to_owned());
        assert_eq!(quoted.get(&DnType::CommonName), Some(&common));
    }
}
