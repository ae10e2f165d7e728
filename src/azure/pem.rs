//! PEM blocks with their labels: files and secrets that hold certificates beside a key.

use base64::Engine as _;
use zeroize::Zeroizing;

/// One block; its bytes are wiped when dropped, since it may be a key.
pub(super) struct Block {
    pub label: String,
    pub der: Zeroizing<Vec<u8>>,
}

pub(super) const CERTIFICATE: &str = "CERTIFICATE";

/// longest chain seen is 5; a bundle of a company's roots stays far below this
const BLOCK_LIMIT: usize = 256;

/// The blocks whose label `wanted` accepts, in order. Text around blocks is ignored and other blocks are
/// not decoded. None when a wanted block is not base64 or has no end, or there are too many blocks.
pub(super) fn blocks(text: &str, wanted: impl Fn(&str) -> bool) -> Option<Vec<Block>> {
    let mut found = Vec::new();
    let mut rest = text;
    while let Some(start) = rest.find("-----BEGIN ") {
        let after = &rest[start + "-----BEGIN ".len()..];
        let (label, body) = after.split_once("-----")?;
        let end = format!("-----END {label}-----");
        let length = body.find(&end)?;
        if wanted(label) {
            if found.len() == BLOCK_LIMIT {
                return None;
            }
            let der = decode(&body[..length])?;
            found.push(Block { label: label.to_owned(), der });
        }
        rest = &body[length + end.len()..];
    }
    Some(found)
}

fn decode(body: &str) -> Option<Zeroizing<Vec<u8>>> {
    let bare: Zeroizing<String> =
        Zeroizing::new(body.chars().filter(|c| !c.is_ascii_whitespace()).collect());
    let der = base64::engine::general_purpose::STANDARD.decode(bare.as_bytes()).ok()?;
    Some(Zeroizing::new(der))
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "Bag Attributes\n-----BEGIN PRIVATE KEY-----\nnot base64!\n-----END PRIVATE KEY-----\n\
        subject=x\n-----BEGIN CERTIFICATE-----\r\nAQ\r\nID\r\n-----END CERTIFICATE-----\ntail";

    #[test]
    fn only_wanted_blocks_are_decoded() {
        let found = blocks(TEXT, |label| label == CERTIFICATE).unwrap();
        assert_eq!(found.len(), 1);
        assert_eq!((found[0].label.as_str(), &found[0].der[..]), (CERTIFICATE, &[1, 2, 3][..]));
        assert!(blocks(TEXT, |_| true).is_none());
        assert!(blocks("no block", |_| true).unwrap().is_empty());
    }

    #[test]
    fn blocks_without_an_end_are_refused() {
        for text in [
            "-----BEGIN CERTIFICATE-----\nAQID",
            "-----BEGIN CERTIFICATE",
            "-----BEGIN A-----\n-----END B-----",
        ] {
            assert!(blocks(text, |_| true).is_none(), "{text}");
        }
    }
}
