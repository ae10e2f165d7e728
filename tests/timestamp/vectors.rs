//! The 44 files of test data of tspclient-go v1.0.0 and the tokens of notation-go v1.3.2, from the folders in
//! SEALWRIGHT_TSPCLIENT_GO and SEALWRIGHT_NOTATION_GO (the directories of the two Go modules). Unset, the
//! tests say so and pass; with CI=true they fail.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use sealwright::envelope::Format;
use sealwright::fault::Fault as _;
use sealwright::timestamp::{Parsed, token_of_reply};
use sealwright::x509::{Certificate, certificates_from_pem_or_der};
use time::macros::datetime;
use time::{Duration, OffsetDateTime};

const TSPCLIENT: &str = "SEALWRIGHT_TSPCLIENT_GO";

enum Verdict {
    /// Verifies for the message `notation`, at the time all these tokens name.
    Good,
    /// The token cannot be read.
    Unread(&'static str),
    /// Read, but not verified.
    Refused(&'static str),
    /// A TimeStampResp whose token verifies.
    Reply,
    /// A TimeStampResp whose token is read, but not verified: it names its signer by a SHA-1 hash alone.
    ReplyTokenRefused(&'static str),
    /// A TimeStampResp that is refused.
    ReplyRefused(&'static str),
    /// The root of the chains.
    Root,
}
use Verdict::{Good, Refused, Reply, ReplyRefused, ReplyTokenRefused, Root, Unread};

#[rustfmt::skip]
const FILES: [(&str, Verdict); 44] = [
    ("testdata/GlobalSignRootCA.crt", Root),
    ("testdata/SHA1TimeStampToken.p7s", Refused("timestamp-message-digest")),
    ("testdata/TimeStampToken.p7s", Good),
    ("testdata/TimeStampTokenNoRoot.p7s", Refused("timestamp-not-trusted")),
    ("testdata/TimeStampTokenWithInvalidSignature.p7s", Refused("timestamp-signature-invalid")),
    ("testdata/TimeStampTokenWithInvalidSigningCertificateV1.p7s", Refused("timestamp-attribute-missing")),
    ("testdata/TimeStampTokenWithInvalidSigningCertificateV2.p7s", Refused("timestamp-unparsable")),
    ("testdata/TimeStampTokenWithInvalidTSTInfo.p7s", Refused("timestamp-message-digest")),
    ("testdata/TimeStampTokenWithInvalideContentType.p7s", Unread("timestamp-content-type")),
    ("testdata/TimeStampTokenWithMismatchCertHash.p7s", Refused("timestamp-certificate-hash")),
    ("testdata/TimeStampTokenWithSHA1CertHash.p7s", Refused("timestamp-algorithm-unsupported")),
    ("testdata/TimeStampTokenWithSigningCertificateV1.p7s", Refused("timestamp-attribute-missing")),
    ("testdata/TimeStampTokenWithSigningCertificateV1NoCert.p7s", Refused("timestamp-attribute-missing")),
    ("testdata/TimeStampTokenWithSigningCertificateV2NoCert.p7s", Refused("timestamp-unparsable")),
    ("testdata/TimeStampTokenWithTSTInfoVersion2.p7s", Refused("timestamp-message-digest")),
    ("testdata/TimeStampTokenWithValidAndInvalidSignerInfos.p7s", Good),
    ("testdata/TimeStampTokenWithWrongSigningCertificateV2IssuerChoiceTag.p7s", Refused("timestamp-unparsable")),
    ("testdata/TimeStampTokenWithoutCertificate.p7s", Refused("timestamp-signer-certificate-missing")),
    ("testdata/TimeStampTokenWithoutSigningCertificate.p7s", Refused("timestamp-attribute-missing")),
    ("testdata/TimeStampTokenWithoutSigningCertificateV2IssuerSerial.p7s", Refused("timestamp-signature-invalid")),
    ("testdata/granted.tsq", Reply),
    ("testdata/malformed.tsq", ReplyRefused("timestamp-reply-unparsable")),
    ("testdata/rejection.tsq", ReplyRefused("timestamp-refused")),
    ("testdata/validResponseWithSigningCertificateV1.tsr", ReplyTokenRefused("timestamp-attribute-missing")),
    ("internal/cms/testdata/GlobalSignRootCA.crt", Root),
    ("internal/cms/testdata/Sha1SignedData.p7s", Unread("timestamp-content-type")),
    ("internal/cms/testdata/SignedDataWithoutSignedAttributes.p7s", Unread("timestamp-content-type")),
    ("internal/cms/testdata/TimeStampToken.p7s", Good),
    ("internal/cms/testdata/TimeStampTokenInvalidSignedAttributeContentType.p7s", Refused("timestamp-content-type")),
    ("internal/cms/testdata/TimeStampTokenWithAnInvalidAndAValidSignerInfo.p7s", Good),
    ("internal/cms/testdata/TimeStampTokenWithInvalidCertificates.p7s", Unread("timestamp-certificate-malformed")),
    ("internal/cms/testdata/TimeStampTokenWithInvalidContentType.p7s", Unread("timestamp-content-type")),
    ("internal/cms/testdata/TimeStampTokenWithInvalidSignature.p7s", Refused("timestamp-signature-invalid")),
    ("internal/cms/testdata/TimeStampTokenWithInvalidSigningTime.p7s", Unread("timestamp-unparsable")),
    ("internal/cms/testdata/TimeStampTokenWithSignedAttributeSHA1.p7s", Refused("timestamp-algorithm-unsupported")),
    ("internal/cms/testdata/TimeStampTokenWithSignerVersion2.p7s", Refused("timestamp-version")),
    ("internal/cms/testdata/TimeStampTokenWithSigningTime.p7s", Refused("timestamp-signature-invalid")),
    ("internal/cms/testdata/TimeStampTokenWithSigningTimeBeforeExpected.p7s", Refused("timestamp-signature-invalid")),
    ("internal/cms/testdata/TimeStampTokenWithUnknownSignerIssuer.p7s", Refused("timestamp-signer-certificate-missing")),
    ("internal/cms/testdata/TimeStampTokenWithoutCertificate.p7s", Refused("timestamp-signer-certificate-missing")),
    ("internal/cms/testdata/TimeStampTokenWithoutSignedAttributeContentType.p7s", Refused("timestamp-attribute-missing")),
    ("internal/cms/testdata/TimeStampTokenWithoutSignedAttributeDigest.p7s", Refused("timestamp-attribute-missing")),
    ("internal/cms/testdata/TimeStampTokenWithoutSignedAttributes.p7s", Refused("timestamp-attribute-missing")),
    ("internal/cms/testdata/TimeStampTokenWithoutSigner.p7s", Refused("timestamp-signer-missing")),
];

#[test]
fn each_token_of_tspclient_go_gets_its_verdict() {
    let Some(folder) = folder(TSPCLIENT) else { return };
    let roots = roots(&folder);
    let mut wrong = Vec::new();
    for (file, verdict) in &FILES {
        let bytes = std::fs::read(folder.join(file)).unwrap();
        let found = match verdict {
            Root => continue,
            Reply | ReplyRefused(_) | ReplyTokenRefused(_) => match token_of_reply(&bytes) {
                Ok(token) => verify(&token, &roots),
                Err(error) => format!("reply {}", error.code()),
            },
            _ => verify(&bytes, &roots),
        };
        let expected = match verdict {
            Good | Reply | Root => "good".to_owned(),
            Unread(code) => format!("unread {code}"),
            Refused(code) | ReplyTokenRefused(code) => format!("refused {code}"),
            ReplyRefused(code) => format!("reply {code}"),
        };
        if found != expected {
            wrong.push(format!("{file}: {found} instead of {expected}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Envelopes of notation-go v1.3.2 with a token of GlobalSign: the token's verdict and its second.
const ENVELOPES: [(&str, Format, OffsetDateTime); 6] = [
    ("coseWithTimestamp.sig", Format::Cose, datetime!(2024-06-18 6:27:12 UTC)),
    ("coseExpiredWithTimestamp.sig", Format::Cose, datetime!(2024-06-18 7:21:08 UTC)),
    ("jwsWithTimestamp.sig", Format::Jws, datetime!(2024-06-18 6:29:34 UTC)),
    ("jwsExpiredWithTimestamp.sig", Format::Jws, datetime!(2024-06-18 7:21:39 UTC)),
    ("timestampAfterNotAfter.sig", Format::Cose, datetime!(2024-06-19 9:35:55 UTC)),
    ("timestampBeforeNotBefore.sig", Format::Jws, datetime!(2024-06-19 9:30:12 UTC)),
];

#[test]
fn tokens_in_envelopes_of_notation_go_verify() {
    let Some(folder) = folder("SEALWRIGHT_NOTATION_GO") else { return };
    let root = "verifier/testdata/truststore/x509/tsa/test-timestamp/globalsignRoot.cer";
    let roots = certificates_from_pem_or_der(&std::fs::read(folder.join(root)).unwrap()).unwrap();
    for (file, format, about) in ENVELOPES {
        let path = folder.join("verifier/testdata/timestamp/sigEnv").join(file);
        let intact = sealwright::envelope::Parsed::read(format, &std::fs::read(path).unwrap())
            .and_then(sealwright::envelope::Parsed::check_integrity)
            .unwrap();
        let token = Parsed::read(intact.timestamp_token().unwrap()).unwrap();
        let verified = token.verify(intact.signature(), &roots).unwrap();
        let interval = verified.interval();
        let off = (interval.gen_time() - about).abs();
        assert!(off < Duration::minutes(2), "{file}: {}", interval.gen_time());
        let leaf = intact.chain().leaf();
        let after = interval.to() > leaf.not_after();
        let before = interval.from() < leaf.not_before();
        let expected = (file.contains("BeforeNotBefore"), file.contains("AfterNotAfter"));
        assert_eq!((before, after), expected, "{file}");
        assert!(token.verify(b"another", &roots).is_err(), "{file}");
    }
}

/// Tokens of notation-go v1.3.2, each with what is wrong with it for the message `notation`.
const COUNTERSIGNATURES: [(&str, &str); 4] = [
    ("TimeStampToken.p7s", "good"),
    ("TimeStampTokenWithInvalidTSTInfo.p7s", "refused timestamp-message-digest"),
    ("TimeStampTokenWithInvalideContentType.p7s", "unread timestamp-content-type"),
    ("TimeStampTokenWithoutCertificate.p7s", "refused timestamp-signer-certificate-missing"),
];

#[test]
fn each_token_of_notation_go_gets_its_verdict() {
    let Some(folder) = folder("SEALWRIGHT_NOTATION_GO") else { return };
    let root = "verifier/testdata/truststore/x509/ca/valid-trust-store/GlobalSignRootCA.crt";
    let roots = certificates_from_pem_or_der(&std::fs::read(folder.join(root)).unwrap()).unwrap();
    for (file, expected) in COUNTERSIGNATURES {
        let path = folder.join("verifier/testdata/timestamp/countersignature").join(file);
        assert_eq!(verify(&std::fs::read(path).unwrap(), &roots), expected, "{file}");
    }
}

#[test]
fn no_file_of_tspclient_go_is_left_out() {
    let Some(folder) = folder(TSPCLIENT) else { return };
    let mut present = BTreeSet::new();
    for inner in ["testdata", "internal/cms/testdata"] {
        for entry in std::fs::read_dir(folder.join(inner)).unwrap() {
            present.insert(format!("{inner}/{}", entry.unwrap().file_name().to_str().unwrap()));
        }
    }
    let listed = FILES.iter().map(|(file, _)| (*file).to_owned()).collect();
    assert_eq!(present, listed);
}

#[test]
fn a_token_of_tspclient_go_names_its_time() {
    let Some(folder) = folder(TSPCLIENT) else { return };
    let token = std::fs::read(folder.join("testdata/TimeStampToken.p7s")).unwrap();
    let verified = Parsed::read(&token).unwrap().verify(b"notation", &roots(&folder)).unwrap();
    let interval = verified.interval();
    assert_eq!(interval.gen_time(), datetime!(2021-09-17 14:09:10 UTC));
    assert_eq!(interval.accuracy(), Duration::SECOND);
    assert_eq!(interval.from(), datetime!(2021-09-17 14:09:09 UTC));
    assert_eq!(interval.to(), datetime!(2021-09-17 14:09:11 UTC));
    assert_eq!(verified.chain().certificates().len(), 4);
    let (_, below_root) = verified.chain().certificates().split_last().unwrap();
    assert!(below_root.iter().any(Certificate::names_revocation_source));
}

fn verify(token: &[u8], roots: &[Certificate]) -> String {
    match Parsed::read(token) {
        Err(error) => format!("unread {}", error.code()),
        Ok(parsed) => match parsed.verify(b"notation", roots) {
            Ok(_) => "good".into(),
            Err(error) => format!("refused {}", error.code()),
        },
    }
}

fn roots(folder: &Path) -> Vec<Certificate> {
    let file = std::fs::read(folder.join("testdata/GlobalSignRootCA.crt")).unwrap();
    certificates_from_pem_or_der(&file).unwrap()
}

#[allow(clippy::disallowed_methods)] // a test's own switch, no part of the program's environment
fn folder(variable: &str) -> Option<PathBuf> {
    let found = std::env::var_os(variable).map(PathBuf::from);
    if found.is_none() {
        let ci = std::env::var("CI").is_ok_and(|value| value == "true");
        assert!(!ci, "{variable} is not set: the vectors must be checked under CI=true");
        println!("skipped: {variable} names no module directory");
    }
    found
}
