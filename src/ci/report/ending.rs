//! What ends soon, as a part of the report; and each fact once, however many images it concerns.

use schemars::JsonSchema;
use serde::Serialize;

use super::ImageReport;
use super::from::rfc3339;
use crate::ci::schema;
use crate::fault::{LINE_LIMIT, excerpt};
use crate::lifetime::{Ending, SIGNATURE_ENDS};

/// Something that the signature rests on and that ends soon.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(deny_unknown_fields)]
pub struct EndingReport {
    #[schemars(schema_with = "schema::ending_codes")]
    pub code: &'static str,
    /// The kind of thing that ends.
    #[schemars(schema_with = "schema::ending_kinds")]
    pub what: &'static str,
    /// A certificate's subject, a CRL's address, the digest of a signature manifest.
    pub subject: String,
    /// RFC 3339.
    pub ends: String,
    /// What is lost by it.
    pub message: String,
}

impl From<&Ending> for EndingReport {
    fn from(ending: &Ending) -> Self {
        Self {
            code: ending.code,
            what: ending.what,
            subject: ending.subject.clone(),
            ends: rfc3339(ending.ends),
            message: excerpt(&ending.to_string(), LINE_LIMIT),
        }
    }
}

/// One fact, and the images it concerns.
#[derive(Debug, PartialEq, Eq)]
pub struct Announced<'a> {
    code: &'static str,
    ends: &'a str,
    /// A sentence for `Warning: …`.
    pub text: String,
    pub images: Vec<&'a str>,
}

/// Each fact once, in the order it first appears. Signatures that expire are one fact together.
pub fn announced(images: &[ImageReport]) -> Vec<Announced<'_>> {
    let mut facts: Vec<Announced<'_>> = Vec::new();
    let endings = images.iter().flat_map(|i| i.endings.iter().map(|e| (i.image.as_str(), e)));
    for (image, ending) in endings {
        let alike = |fact: &&mut Announced<'_>| {
            fact.code == ending.code
                && (ending.code == SIGNATURE_ENDS || fact.text == ending.message)
        };
        match facts.iter_mut().find(alike) {
            Some(fact) => {
                fact.ends = fact.ends.min(&ending.ends);
                fact.images.push(image);
            }
            None => facts.push(Announced {
                code: ending.code,
                ends: &ending.ends,
                text: ending.message.clone(),
                images: vec![image],
            }),
        }
    }
    for fact in facts.iter_mut().filter(|f| f.code == SIGNATURE_ENDS && f.images.len() > 1) {
        let number = fact.images.len();
        fact.text = format!(
            "{number} signatures expire, the first at {}: sign the images again before that",
            fact.ends
        );
    }
    facts
}

impl ImageReport {
    /// Adds what ends soon.
    pub fn ending(&mut self, endings: &[Ending]) {
        self.endings = endings.iter().map(EndingReport::from).collect();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::registry::Reference;

    fn image(name: &str, endings: &[(&'static str, &str, &str)]) -> ImageReport {
        let text = format!("r.io/{name}@sha256:{}", "a".repeat(64));
        let mut image = ImageReport::rehearsed(&Reference::parse(&text).unwrap());
        let ending = |(code, ends, message): &(&'static str, &str, &str)| EndingReport {
            code,
            what: "signature",
            subject: "s".to_owned(),
            ends: (*ends).to_owned(),
            message: (*message).to_owned(),
        };
        image.endings = endings.iter().map(ending).collect();
        image
    }

    #[test]
    fn a_fact_is_told_once_for_all_its_images() {
        let certificate = ("certificate-ends", "2026-06-02T00:00:00Z", "the certificate ends");
        let images = [
            image("a", &[certificate, (SIGNATURE_ENDS, "2026-06-01T00:00:02Z", "a expires")]),
            image("b", &[certificate, (SIGNATURE_ENDS, "2026-06-01T00:00:01Z", "b expires")]),
            image("c", &[("certificate-ends", "2026-06-03T00:00:00Z", "another ends")]),
        ];
        let told: Vec<(String, usize)> =
            announced(&images).into_iter().map(|fact| (fact.text, fact.images.len())).collect();
        let expected = [
            ("the certificate ends", 2),
            (
                "2 signatures expire, the first at 2026-06-01T00:00:01Z: sign the images again before that",
                2,
            ),
            ("another ends", 1),
        ];
        assert_eq!(told, expected.map(|(text, images)| (text.to_owned(), images)));
        let alone = announced(&images[..1]);
        assert_eq!(alone[1].text, "a expires");
    }
}
