//! One artifact under several names is worked on once.

use std::collections::HashMap;

use crate::registry::Reference;

/// An artifact, and the tags it was asked for by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Distinct {
    /// By digest, wherever its tag could be resolved.
    pub reference: Reference,
    /// Each was resolved once and is not asked for again.
    pub tags: Vec<Reference>,
}

impl Distinct {
    /// A sentence for each tag: tags move, digests do not.
    pub fn warnings(&self) -> Vec<String> {
        let now = &self.reference;
        let sentence = |tag| {
            format!(
                "{tag} is a tag; it is {now} now. Give the digest instead, since tags can be moved to another image"
            )
        };
        self.tags.iter().map(sentence).collect()
    }
}

/// Names and what each resolved to, in the order given: every artifact once, where it was named
/// first. What did not resolve stays where it is.
pub fn distinct<F>(
    resolved: impl IntoIterator<Item = Result<(Reference, Reference), F>>,
) -> Vec<Result<Distinct, F>> {
    let mut places: HashMap<Reference, usize> = HashMap::new();
    let mut all: Vec<Result<Distinct, F>> = Vec::new();
    for answer in resolved {
        let (asked, reference) = match answer {
            Ok(names) => names,
            Err(failure) => {
                all.push(Err(failure));
                continue;
            }
        };
        let tag = (asked != reference).then_some(asked);
        let place = *places.entry(reference.clone()).or_insert(all.len());
        match all.get_mut(place) {
            Some(Ok(known)) => known.tags.extend(tag),
            _ => all.push(Ok(Distinct { reference, tags: tag.into_iter().collect() })),
        }
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_artifact_is_there_once_with_all_its_tags() {
        let digest = |digit: &str| format!("r.io/app@sha256:{}", digit.repeat(64));
        let reference = |text: &str| Reference::parse(text).unwrap();
        let (a, b) = (reference(&digest("a")), reference(&digest("b")));
        let tag = |tag: &str| reference(&format!("r.io/app:{tag}"));
        let all = distinct([
            Ok((tag("v1"), a.clone())),
            Err("gone"),
            Ok((b.clone(), b.clone())),
            Ok((a.clone(), a.clone())),
            Err("gone too"),
            Ok((tag("latest"), a.clone())),
        ]);
        let expected = [
            Ok(Distinct { reference: a.clone(), tags: vec![tag("v1"), tag("latest")] }),
            Err("gone"),
            Ok(Distinct { reference: b, tags: Vec::new() }),
            Err("gone too"),
        ];
        assert_eq!(all, expected);
        let warnings = all[0].as_ref().unwrap().warnings();
        assert_eq!(warnings.len(), 2);
        assert!(warnings[1].starts_with(&format!("r.io/app:latest is a tag; it is {a} now")));
    }
}
