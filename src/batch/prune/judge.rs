//! The verdict on one own signature among all own ones.

use std::collections::BTreeMap;

use time::OffsetDateTime;

use super::{Ended, Kept, Proof, Reason, Verdict};
use crate::crypto::Digest;
use crate::envelope::{Attribute, Format, Intact, Scheme, TargetArtifact};
use crate::registry::FetchedSignature;
use crate::sign::SignerSummary;
use crate::x509::Certificate;

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
    /// Thumbprints of the certificates above the leaf, or the leaf's own where it is the root.
    above: Vec<String>,
    /// Media type of the manifest.
    manifest: String,
    format: Format,
    scheme: &'static str,
    attributes: Vec<Attribute>,
    metadata: BTreeMap<String, String>,
    pub timestamp: Option<Timestamp>,
}

/// The timestamp beside a signature, which whoever may push can exchange.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Timestamp {
    /// Hash of its token.
    pub token: Digest,
    pub proof: Proof,
}

/// How far one signature stands for another.
#[derive(Debug, PartialEq, Eq)]
enum Cover {
    /// The other one is good for nothing that this one is not good for, now and later.
    Full,
    /// The same, if its timestamp were proven.
    ButForTimestamp,
    No,
}

impl Facts {
    pub fn of(fetched: &FetchedSignature, intact: &Intact, target: &TargetArtifact) -> Self {
        let (chain, payload) = (intact.chain(), &intact.payload().target);
        let certificates = || chain.certificates().iter();
        let above = match chain.certificates() {
            [root] => vec![root.thumbprint()],
            _ => certificates().skip(1).map(Certificate::thumbprint).collect(),
        };
        let not_before = certificates().map(|c| c.not_before()).max();
        let not_after = certificates().map(|c| c.not_after()).min();
        Self {
            digest: fetched.manifest_digest.clone(),
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
            above,
            manifest: fetched.manifest_media_type.clone(),
            format: intact.format(),
            scheme: intact.scheme().name(),
            attributes: intact.attributes().to_vec(),
            metadata: payload.annotations.clone(),
            timestamp: intact
                .timestamp_token()
                .map(|token| Timestamp { token: Digest::sha256(token), proof: Proof::Unproven }),
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

    /// What the envelope does not sign must be the same (chain) or proven (timestamp): whoever may push can
    /// copy a signature of ours with another one in its place.
    fn covers(&self, other: &Self, now: OffsetDateTime) -> Cover {
        let good = !self.has_expired(now)
            && (self.not_before..=self.not_after).contains(&now)
            && self.signed <= now;
        let same_signer = match self.signer.thumbprint == other.signer.thumbprint {
            true => self.above == other.above,
            false => self.subject == other.subject && self.above.last() == other.above.last(),
        };
        let same_kind = self.manifest == other.manifest
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
        let but_for_timestamp = good
            && same_signer
            && same_kind
            && lasts
            && says_as_much
            && self.not_after >= other.not_after
            && self.is_later_than(other);
        match (&self.timestamp, &other.timestamp) {
            _ if !but_for_timestamp => Cover::No,
            (None, None) => Cover::Full,
            (None, Some(_)) => Cover::No,
            (Some(Timestamp { proof: Proof::Proven, .. }), _) => Cover::Full,
            (Some(own), Some(others)) if own.token == others.token => Cover::Full,
            (Some(_), _) => Cover::ButForTimestamp,
        }
    }
}

/// The verdicts on all own signatures of an artifact, in their order. Whatever supersedes stays.
pub(super) fn judge(own: &[&Facts], ended: Ended, now: OffsetDateTime) -> Vec<Verdict> {
    let mut latest_first: Vec<usize> = (0..own.len()).collect();
    latest_first.sort_by_key(|at| std::cmp::Reverse((own[*at].signed, &own[*at].digest)));
    let mut staying: Vec<&Facts> = Vec::new();
    let mut verdicts: Vec<(usize, Verdict)> = Vec::new();
    for at in latest_first {
        let one = own[at];
        let verdict = verdict(one, &staying, ended, now);
        if let Verdict::Keep(_) = verdict {
            staying.push(one);
        }
        verdicts.push((at, verdict));
    }
    verdicts.sort_by_key(|(at, _)| *at);
    verdicts.into_iter().map(|(_, verdict)| verdict).collect()
}

fn verdict(one: &Facts, staying: &[&Facts], ended: Ended, now: OffsetDateTime) -> Verdict {
    let remove = |reason| Verdict::Remove(one.digest.clone(), reason);
    if one.has_expired(now) {
        return remove(Reason::Expired);
    }
    let covered = |cover| staying.iter().find(|other| other.covers(one, now) == cover);
    if let Some(by) = covered(Cover::Full) {
        return remove(Reason::Superseded { by: by.digest.clone() });
    }
    if !one.certificate_has_ended(now) {
        return Verdict::Keep(match covered(Cover::ButForTimestamp) {
            Some(by) => Kept::Unproven { by: by.digest.clone() },
            None => Kept::Good,
        });
    }
    match (&one.timestamp, ended) {
        (Some(_), _) => Verdict::Keep(Kept::Timestamped),
        (None, Ended::Keep) => Verdict::Keep(Kept::CertificateEnded),
        (None, Ended::Remove) => remove(Reason::CertificateEnded),
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
            above: vec!["intermediate".into(), "root".into()],
            manifest: "m".into(),
            format: Format::Cose,
            scheme: "notary.x509",
            attributes: Vec::new(),
            metadata: BTreeMap::new(),
            timestamp: None,
        }
    }

    fn token(name: &str, proof: Proof) -> Option<Timestamp> {
        Some(Timestamp { token: Digest::sha256(name.as_bytes()), proof })
    }

    fn of(all: &[Facts], ended: Ended) -> Vec<String> {
        let own: Vec<&Facts> = all.iter().collect();
        let verdicts = judge(&own, ended, NOW);
        let word = |(one, verdict): (&Facts, Verdict)| match verdict {
            Verdict::Remove(digest, reason) => {
                assert_eq!(digest, one.digest);
                reason.to_string()
            }
            Verdict::Keep(kept) => kept.to_string(),
        };
        all.iter().zip(verdicts).map(word).collect()
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

    /// A copy below another intermediate, of the oldest: what covers it in part only is gone itself.
    #[test]
    fn whatever_supersedes_stays() {
        let days = Duration::days;
        let mut all = [facts("a", days(3)), facts("b", days(2)), facts("c", days(1))];
        all[1].signer.thumbprint = "bb".into();
        all[2].above[0] = "another".into();
        let words = of(&all, Ended::Keep);
        let by = Digest::sha256(b"c");
        assert_eq!(words, ["still good", &format!("superseded by {by}"), "still good"]);
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
        let newer: [Change; 14] = [
            |n| n.expiry = Some(NOW + Duration::days(1)),
            |n| n.expiry = Some(NOW - Duration::days(1)),
            |n| n.format = Format::Jws,
            |n| n.scheme = "notary.x509.signingAuthority",
            |n| n.manifest = "another".into(),
            |n| n.above[0] = "another".into(),
            |n| {
                n.signer.thumbprint = "bb".into();
                n.above[1] = "another".into();
            },
            |n| {
                n.signer.thumbprint = "bb".into();
                n.subject = b"b".to_vec();
            },
            |n| n.not_after = NOW + Duration::days(29),
            |n| n.not_after = NOW - Duration::days(1),
            |n| n.not_before = NOW + Duration::seconds(1),
            |n| n.signed = NOW + Duration::seconds(1),
            |n| n.signed = NOW - Duration::days(4),
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
        let older: [Change; 2] = [
            |o| drop(o.metadata.insert("build".into(), "7".into())),
            |o| o.timestamp = token("token", Proof::Unproven),
        ];
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
    fn a_timestamp_supersedes_only_where_it_is_proven_or_the_same() {
        let (proven, unproven) = (Proof::Proven, Proof::Unproven);
        let (gone, later) = ("superseded by", "is later, but no `tsa` store");
        for (older, newer, word) in [
            (None, token("new", proven), gone),
            (None, token("new", unproven), later),
            (token("old", proven), token("new", proven), gone),
            (token("old", unproven), token("new", proven), gone),
            (token("old", proven), token("new", unproven), later),
            (token("old", unproven), token("new", unproven), later),
            (token("old", unproven), token("old", unproven), gone),
            (token("old", proven), None, "still good"),
            (token("old", unproven), None, "still good"),
        ] {
            let mut all = [facts("old", Duration::days(3)), facts("new", Duration::days(1))];
            (all[0].timestamp, all[1].timestamp) = (older.clone(), newer.clone());
            let words = of(&all, Ended::Keep);
            assert!(words[0].contains(word), "{older:?} {newer:?}: {words:?}");
            assert_eq!(words[1], "still good");
        }
    }

    #[test]
    fn a_renewed_certificate_of_the_same_subject_and_root_supersedes() {
        let mut all = [facts("old", Duration::days(3)), facts("new", Duration::days(1))];
        all[1].signer.thumbprint = "bb".into();
        all[1].above[0] = "another".into();
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
        one.timestamp = token("token", Proof::Unproven);
        let kept = of(&[one], Ended::Remove);
        assert_eq!(kept, ["its certificate has ended, but it carries a timestamp"]);
    }
}
