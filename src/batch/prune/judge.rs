//! The verdict on one own signature among all own ones.

use std::collections::BTreeMap;

use time::OffsetDateTime;

use super::{Ended, Kept, Reason, Verdict};
use crate::crypto::Digest;
use crate::envelope::{Attribute, Format, Intact, Scheme, TargetArtifact};
use crate::sign::SignerSummary;

/// What an intact signature says, without its bytes.
#[derive(Debug, Clone)]
pub(super) struct Facts {
    /// Of the manifest.
    pub digest: Digest,
    pub signer: SignerSummary,
    pub signed: OffsetDateTime,
    pub expiry: Option<OffsetDateTime>,
    /// It is about the artifact it is listed for.
    pub fits: bool,
    /// Raw subject of the leaf.
    subject: Vec<u8>,
    /// When the whole chain is valid.
    not_before: OffsetDateTime,
    not_after: OffsetDateTime,
    /// Thumbprint of the chain's end.
    root: String,
    format: Format,
    scheme: &'static str,
    attributes: Vec<Attribute>,
    metadata: BTreeMap<String, String>,
    stamp: Stamp,
}

/// Whether a timestamp is attached; it is not verified here.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Stamp {
    Absent,
    Present,
}

impl Facts {
    pub fn of(digest: Digest, intact: &Intact, target: &TargetArtifact) -> Self {
        let (chain, payload) = (intact.chain(), &intact.payload().target);
        let certificates = || chain.certificates().iter();
        let root = certificates().last().unwrap_or(chain.leaf());
        let not_before = certificates().map(|c| c.not_before()).max();
        let not_after = certificates().map(|c| c.not_after()).min();
        Self {
            digest,
            signer: SignerSummary::from(chain.leaf()),
            signed: match intact.scheme() {
                Scheme::X509 { signing_time } => signing_time,
                Scheme::SigningAuthority { authentic_signing_time } => authentic_signing_time,
            },
            expiry: intact.expiry(),
            fits: payload.media_type == target.media_type
                && payload.digest == target.digest
                && payload.size == target.size,
            subject: chain.leaf().raw_subject().to_vec(),
            not_before: not_before.unwrap_or(chain.leaf().not_before()),
            not_after: not_after.unwrap_or(chain.leaf().not_after()),
            root: root.thumbprint(),
            format: intact.format(),
            scheme: intact.scheme().name(),
            attributes: intact.attributes().to_vec(),
            metadata: payload.annotations.clone(),
            stamp: match intact.timestamp_token() {
                Some(_) => Stamp::Present,
                None => Stamp::Absent,
            },
        }
    }

    fn has_expired(&self, now: OffsetDateTime) -> bool {
        self.expiry.is_some_and(|expiry| now >= expiry)
    }

    fn certificate_has_ended(&self, now: OffsetDateTime) -> bool {
        now > self.signer.not_after
    }

    /// Later by the signing time it claims; of two at the same time, one by its digest, so that all
    /// who look agree.
    fn is_later_than(&self, other: &Self) -> bool {
        (self.signed, &self.digest) > (other.signed, &other.digest)
    }

    /// Whether the other one is good for nothing that this one is not good for, now and later.
    fn covers(&self, other: &Self, now: OffsetDateTime) -> bool {
        let good = !self.has_expired(now)
            && (self.not_before..=self.not_after).contains(&now)
            && self.signed <= now;
        let same_signer =
            self.signer.thumbprint == other.signer.thumbprint || self.subject == other.subject;
        let same_kind = self.root == other.root
            && self.format == other.format
            && self.scheme == other.scheme
            && self.attributes == other.attributes;
        let lasts = match (self.expiry, other.expiry) {
            (None, _) => true,
            (Some(_), None) => false,
            (Some(own), Some(others)) => own >= others,
        };
        let says_as_much =
            other.metadata.iter().all(|(key, value)| self.metadata.get(key) == Some(value));
        good && same_signer
            && same_kind
            && lasts
            && says_as_much
            && self.not_after >= other.not_after
            && self.stamp >= other.stamp
            && self.is_later_than(other)
    }
}

/// The verdict on `one`; `own` are all own signatures of the artifact, it among them.
pub(super) fn judge<'a>(
    one: &Facts,
    own: impl Iterator<Item = &'a Facts>,
    ended: Ended,
    now: OffsetDateTime,
) -> Verdict {
    if one.has_expired(now) {
        return Verdict::Remove(one.digest.clone(), Reason::Expired);
    }
    // the latest that covers it is itself covered by none
    let covering = own.filter(|other| other.fits && other.covers(one, now));
    if let Some(by) = covering.max_by_key(|other| (other.signed, other.digest.clone())) {
        return Verdict::Remove(one.digest.clone(), Reason::Superseded { by: by.digest.clone() });
    }
    if !one.certificate_has_ended(now) {
        return Verdict::Keep(Kept::Good);
    }
    match (one.stamp, ended) {
        (Stamp::Present, _) => Verdict::Keep(Kept::Timestamped),
        (Stamp::Absent, Ended::Keep) => Verdict::Keep(Kept::CertificateEnded),
        (Stamp::Absent, Ended::Remove) => {
            Verdict::Remove(one.digest.clone(), Reason::CertificateEnded)
        }
    }
}

#[cfg(test)]
mod tests {
    use time::Duration;
    use time::macros::datetime;

    use super::*;
    use crate::envelope::AttributeKey;

    const NOW: OffsetDateTime = datetime!(2026-06-01 12:00 UTC);

    fn facts(name: &str, age: Duration) -> Facts {
        Facts {
            digest: Digest::sha256(name.as_bytes()),
            signer: SignerSummary {
                subject: "CN=a".into(),
                thumbprint: "aa".into(),
                not_after: NOW + Duration::days(30),
            },
            signed: NOW - age,
            expiry: None,
            fits: true,
            subject: b"a".to_vec(),
            not_before: NOW - Duration::days(30),
            not_after: NOW + Duration::days(30),
            root: "root".into(),
            format: Format::Cose,
            scheme: "notary.x509",
            attributes: Vec::new(),
            metadata: BTreeMap::new(),
            stamp: Stamp::Absent,
        }
    }

    fn of(all: &[Facts], ended: Ended) -> Vec<String> {
        all.iter()
            .map(|one| match judge(one, all.iter(), ended, NOW) {
                Verdict::Remove(digest, reason) => {
                    assert_eq!(digest, one.digest);
                    reason.to_string()
                }
                Verdict::Keep(kept) => kept.to_string(),
            })
            .collect()
    }

    #[test]
    fn the_newest_stays_and_stands_for_all_it_covers() {
        let (days, by) = (Duration::days, Digest::sha256(b"c"));
        let all = [facts("a", days(3)), facts("c", days(1)), facts("b", days(2))];
        let superseded = format!("superseded by {by}");
        assert_eq!(of(&all, Ended::Keep), [superseded.as_str(), "still good", &superseded]);
    }

    #[test]
    fn of_two_at_the_same_time_one_stays() {
        let all = [facts("a", Duration::ZERO), facts("b", Duration::ZERO)];
        let kept = of(&all, Ended::Keep).iter().filter(|word| *word == "still good").count();
        assert_eq!(kept, 1);
    }

    #[test]
    fn an_expired_one_goes_though_it_is_the_last() {
        let mut one = facts("a", Duration::days(1));
        one.expiry = Some(NOW);
        assert_eq!(of(&[one.clone()], Ended::Keep), ["expired"]);
        one.expiry = Some(NOW + Duration::seconds(1));
        assert_eq!(of(&[one], Ended::Keep), ["still good"]);
    }

    #[test]
    fn what_is_not_covered_in_full_stays() {
        type Change = fn(&mut Facts);
        // changes to the newer one, for each of which the older one is still good for something
        let newer: [Change; 13] = [
            |n| n.expiry = Some(NOW + Duration::days(1)),
            |n| n.expiry = Some(NOW - Duration::days(1)),
            |n| n.format = Format::Jws,
            |n| n.scheme = "notary.x509.signingAuthority",
            |n| n.root = "another".into(),
            |n| {
                n.signer.thumbprint = "bb".into();
                n.subject = b"b".to_vec();
            },
            |n| n.not_after = NOW + Duration::days(29),
            |n| n.not_after = NOW - Duration::days(1),
            |n| n.not_before = NOW + Duration::seconds(1),
            |n| n.signed = NOW + Duration::seconds(1),
            |n| n.signed = NOW - Duration::days(4),
            |n| n.fits = false,
            |n| {
                let key = AttributeKey::Text("io.cncf.notary.verificationPlugin".into());
                n.attributes.push(Attribute { key, value: "p".into(), critical: true });
            },
        ];
        for (at, change) in newer.into_iter().enumerate() {
            let mut all = [facts("old", Duration::days(3)), facts("new", Duration::days(1))];
            change(&mut all[1]);
            assert_eq!(of(&all, Ended::Keep)[0], "still good", "change {at}");
        }
        let older: [Change; 2] =
            [|o| drop(o.metadata.insert("build".into(), "7".into())), |o| o.stamp = Stamp::Present];
        for (at, change) in older.into_iter().enumerate() {
            let mut all = [facts("old", Duration::days(3)), facts("new", Duration::days(1))];
            change(&mut all[0]);
            assert_eq!(of(&all, Ended::Keep), ["still good", "still good"], "change {at}");
            // and the newer one that says as much covers it
            change(&mut all[1]);
            assert!(of(&all, Ended::Keep)[0].starts_with("superseded by "), "change {at}");
        }
    }

    #[test]
    fn a_renewed_certificate_of_the_same_subject_and_root_supersedes() {
        let mut all = [facts("old", Duration::days(3)), facts("new", Duration::days(1))];
        all[1].signer.thumbprint = "bb".into();
        all[1].not_after += Duration::days(300);
        assert!(of(&all, Ended::Keep)[0].starts_with("superseded by "));
        // also when the old one has ended
        all[0].signer.not_after = NOW - Duration::days(1);
        assert!(of(&all, Ended::Keep)[0].starts_with("superseded by "));
    }

    #[test]
    fn what_an_ended_certificate_signed_goes_when_asked_for_and_never_with_a_timestamp() {
        let mut one = facts("a", Duration::days(3));
        one.signer.not_after = NOW - Duration::seconds(1);
        let all = [one.clone()];
        assert!(of(&all, Ended::Keep)[0].ends_with("--expired-certificates removes it"));
        assert_eq!(of(&all, Ended::Remove), ["its certificate has ended"]);
        one.stamp = Stamp::Present;
        let kept = of(&[one], Ended::Remove);
        assert_eq!(kept, ["its certificate has ended, but it carries a timestamp"]);
    }
}
