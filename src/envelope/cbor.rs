//! Strict CBOR: the deterministic subset COSE asks for, checked on the raw bytes (RFC 8949, RFC 9052
//! section 9): definite lengths, no label twice, no bignums, bounded nesting and count.

use std::collections::HashSet;

use ciborium::Value;

use super::error::excerpt;
use super::{EnvelopeError, Part};

/// deepest nesting accepted; a COSE_Sign1 needs three levels
pub(super) const DEPTH_LIMIT: usize = 32;

/// most data items in one part; a real envelope has some twenty
pub(super) const ITEMS_LIMIT: usize = 10_000;

/// RFC 8949 section 3.4.3: unsigned and negative bignum.
const BIGNUMS: [u64; 2] = [2, 3];

/// Whether tagged items may appear.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Tags {
    Allowed,
    Refused,
}

/// Reads exactly one data item.
pub(super) fn read(part: Part, tags: Tags, bytes: &[u8]) -> Result<Value, EnvelopeError> {
    let mut walk = Walk { part, tags, bytes, at: 0, items_left: ITEMS_LIMIT };
    walk.item(0)?;
    if walk.at != bytes.len() {
        return Err(walk.refuse(format!("{} bytes after the end", bytes.len() - walk.at)));
    }
    // The walk bounds nesting at DEPTH_LIMIT, so the decoder's own limit is never met.
    ciborium::de::from_reader(bytes)
        .map_err(|error| EnvelopeError::unparsable(part, error.to_string()))
}

struct Walk<'a> {
    part: Part,
    tags: Tags,
    bytes: &'a [u8],
    at: usize,
    items_left: usize,
}

/// A map label, by value: `01` and `18 01` are the same.
#[derive(PartialEq, Eq, Hash)]
enum Label<'a> {
    Positive(u64),
    Negative(u64),
    Text(&'a str),
}

impl std::fmt::Display for Label<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Label::Positive(n) => write!(f, "{n}"),
            Label::Negative(n) => write!(f, "{}", -1 - i128::from(*n)),
            Label::Text(text) => f.write_str(text),
        }
    }
}

impl<'a> Walk<'a> {
    fn item(&mut self, depth: usize) -> Result<(), EnvelopeError> {
        if depth > DEPTH_LIMIT {
            return Err(EnvelopeError::TooDeep { part: self.part, limit: DEPTH_LIMIT });
        }
        self.count()?;
        let (major, argument) = self.head()?;
        match major {
            0 | 1 => {}
            2 => {
                self.take(argument)?;
            }
            3 => {
                self.text(argument)?;
            }
            4 => {
                for _ in 0..argument {
                    self.item(depth + 1)?;
                }
            }
            5 => {
                let mut seen = HashSet::new();
                for _ in 0..argument {
                    let label = self.label()?;
                    let name = excerpt(&label.to_string());
                    if !seen.insert(label) {
                        return Err(EnvelopeError::Duplicate { part: self.part, name });
                    }
                    self.item(depth + 1)?;
                }
            }
            6 => {
                if self.tags == Tags::Refused {
                    return Err(self.refuse(format!("tag {argument} is not allowed here")));
                }
                // The decoder would make integers of them, such as an `alg` that others do not see.
                if BIGNUMS.contains(&argument) {
                    return Err(self.refuse("bignums are not allowed".into()));
                }
                self.item(depth + 1)?;
            }
            // Floats and simple values: complete with their head.
            _ => {}
        }
        Ok(())
    }

    /// RFC 9052 section 1.4: `label = int / tstr`.
    fn label(&mut self) -> Result<Label<'a>, EnvelopeError> {
        self.count()?;
        let (major, argument) = self.head()?;
        match major {
            0 => Ok(Label::Positive(argument)),
            1 => Ok(Label::Negative(argument)),
            3 => Ok(Label::Text(self.text(argument)?)),
            _ => Err(self.refuse("a label must be an integer or a text".into())),
        }
    }

    /// Major type and argument; indefinite lengths and reserved values are refused.
    fn head(&mut self) -> Result<(u8, u64), EnvelopeError> {
        let first = self.take(1)?[0];
        let (major, low) = (first >> 5, first & 0x1f);
        let argument = match low {
            0..=23 => u64::from(low),
            24..=27 => {
                let bytes = self.take(1 << (low - 24))?;
                bytes.iter().fold(0, |sum, byte| (sum << 8) | u64::from(*byte))
            }
            31 => return Err(self.refuse("indefinite lengths are not allowed".into())),
            _ => return Err(self.refuse(format!("reserved additional information {low}"))),
        };
        Ok((major, argument))
    }

    fn text(&mut self, length: u64) -> Result<&'a str, EnvelopeError> {
        let bytes = self.take(length)?;
        std::str::from_utf8(bytes).map_err(|error| self.refuse(error.to_string()))
    }

    fn take(&mut self, length: u64) -> Result<&'a [u8], EnvelopeError> {
        let rest = &self.bytes[self.at..];
        let Some(bytes) = usize::try_from(length).ok().and_then(|n| rest.get(..n)) else {
            let reason = format!("{length} bytes announced, {} left", rest.len());
            return Err(self.refuse(reason));
        };
        self.at += bytes.len();
        Ok(bytes)
    }

    fn count(&mut self) -> Result<(), EnvelopeError> {
        self.items_left = self
            .items_left
            .checked_sub(1)
            .ok_or(EnvelopeError::TooMany { part: self.part, limit: ITEMS_LIMIT })?;
        Ok(())
    }

    fn refuse(&self, reason: String) -> EnvelopeError {
        EnvelopeError::unparsable(self.part, format!("{reason} (at byte {})", self.at))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plain(bytes: &[u8]) -> Result<Value, EnvelopeError> {
        read(Part::Envelope, Tags::Allowed, bytes)
    }

    fn reason(bytes: &[u8]) -> String {
        plain(bytes).unwrap_err().to_string()
    }

    #[test]
    fn definite_items_are_read() {
        assert_eq!(plain(&[0x82, 0x01, 0x20]).unwrap(), Value::Array(vec![1.into(), (-1).into()]));
        assert_eq!(plain(&[0xc1, 0x0a]).unwrap(), Value::Tag(1, Box::new(10.into())));
        assert!(plain(&[0xf9, 0x3c, 0x00]).is_ok());
    }

    #[test]
    fn indefinite_lengths_are_refused() {
        for bytes in [
            &[0x9f, 0x01, 0xff][..],
            &[0xbf, 0xff],
            &[0x5f, 0x41, 0x00, 0xff],
            &[0x7f, 0x61, 0x61, 0xff],
            &[0x81, 0x9f, 0xff],
            &[0xff],
        ] {
            assert!(reason(bytes).contains("indefinite lengths"), "{bytes:02x?}");
        }
    }

    #[test]
    fn a_label_twice_is_refused_whatever_its_encoding() {
        for bytes in [
            &[0xa2, 0x01, 0x00, 0x01, 0x00][..],
            &[0xa2, 0x01, 0x00, 0x18, 0x01, 0x00],
            &[0x81, 0xa2, 0x61, 0x61, 0x00, 0x78, 0x01, 0x61, 0x00],
            &[0xa2, 0x20, 0x00, 0x38, 0x00, 0x00],
        ] {
            assert!(matches!(plain(bytes), Err(EnvelopeError::Duplicate { .. })), "{bytes:02x?}");
        }
    }

    #[test]
    fn labels_are_integers_or_texts() {
        for bytes in [&[0xa1, 0x41, 0x61, 0x00][..], &[0xa1, 0xf5, 0x00], &[0xa1, 0x80, 0x00]] {
            assert!(reason(bytes).contains("label must be"), "{bytes:02x?}");
        }
    }

    #[test]
    fn tags_are_refused_where_none_may_be() {
        let error = read(Part::Envelope, Tags::Refused, &[0x81, 0xc1, 0x00]).unwrap_err();
        assert!(error.to_string().contains("tag 1 is not allowed"));
    }

    #[test]
    fn huge_lengths_and_trailing_bytes_are_refused() {
        for major in [0x5b, 0x7b, 0x9b, 0xbb] {
            let mut bytes = vec![major];
            bytes.extend([0xff; 8]);
            assert!(reason(&bytes).contains("bytes announced"), "{major:02x}");
        }
        assert!(reason(&[0x00, 0x00]).contains("after the end"));
        assert!(reason(&[]).contains("bytes announced"));
        assert!(reason(&[0x61, 0xff]).contains("utf-8"));
        assert!(reason(&[0x1c]).contains("reserved"));
    }

    #[test]
    fn nesting_and_count_are_bounded() {
        let deep = |n: usize| [vec![0x81; n], vec![0x00]].concat();
        assert!(plain(&deep(DEPTH_LIMIT)).is_ok());
        let error = EnvelopeError::TooDeep { part: Part::Envelope, limit: DEPTH_LIMIT };
        assert_eq!(plain(&deep(DEPTH_LIMIT + 1)).unwrap_err(), error);
        assert_eq!(plain(&deep(1_000_000)).unwrap_err(), error);
        assert_eq!(plain(&[vec![0xc6; 1_000_000], vec![0]].concat()).unwrap_err(), error);

        let wide = [vec![0x99, 0xff, 0xff], vec![0x00; 0xffff]].concat();
        let error = EnvelopeError::TooMany { part: Part::Envelope, limit: ITEMS_LIMIT };
        assert_eq!(plain(&wide).unwrap_err(), error);
    }
}
