//! Every case of PKITS (NIST, Public Key Interoperability Test Suite, 2011) and what is made of it.

/// What must come out.
pub enum Expected {
    Valid,
    /// A CRL says so.
    Revoked,
    /// As PKITS wants it, with this code.
    Refused(&'static str),
    /// With this code where PKITS has it valid: why.
    Stricter(&'static str, &'static str),
    /// Valid where PKITS refuses: why.
    Looser(&'static str),
}
use Expected::{Looser, Refused, Revoked, Stricter, Valid};

const DSA: &str = "DSA is none of the signatures that certificates may bear";
const EPOCH: &str = "times before 1970 are not read; no certificate in use begins there";
const BYTES: &str = "a name is its issuer's name where the bytes are the same";
const KEY: &str =
    "a CRL counts under the key that signed the certificate, not under another of the same name";
const DEPTH: &str =
    "self-issued certificates count in the depth of the chain below (Certificate Requirements)";
const CRITICAL: &str = "key usage must be critical (Certificate Requirements)";
const RELATIVE: &str = "names relative to the CRL's issuer are no address and are not put together";
const REASONS: &str =
    "CRLs for some reasons can show that a certificate is revoked, never that it is not";
const INDIRECT: &str = "CRLs of another than the certificate's issuer are not believed";
const EXTENSIONS: &str = "extensions other than basic constraints, key usage and extended key usage \
     must not be evaluated, critical or not (Other requirements)";

/// Sections that do not apply: their cases make valid paths, whatever PKITS says, unless [`CASES`] names them.
#[rustfmt::skip]
pub const NOT_APPLIED: [(&str, &str); 6] = [
    ("4.8", "certificate policies are not evaluated (Other requirements)"),
    ("4.9", "requireExplicitPolicy is not evaluated (Other requirements)"),
    ("4.10", "policy mappings are not evaluated (Other requirements)"),
    ("4.11", "inhibitPolicyMapping is not evaluated (Other requirements)"),
    ("4.12", "inhibitAnyPolicy is not evaluated (Other requirements)"),
    ("4.13", "name constraints are not evaluated (Other requirements)"),
];

/// By the name of the certificate. The clauses in brackets are of signature-specification.md.
#[rustfmt::skip]
pub const CASES: [(&str, Expected); 136] = [
    // 4.1 Signature Verification
    ("ValidCertificatePathTest1", Valid),
    ("InvalidCASignatureTest2", Refused("x509-certificate-malformed")),
    ("InvalidEESignatureTest3", Refused("x509-issuer-signature")),
    ("ValidDSASignaturesTest4", Stricter("x509-insecure-signature", DSA)),
    ("ValidDSAParameterInheritanceTest5", Stricter("x509-insecure-signature", DSA)),
    ("InvalidDSASignatureTest6", Refused("x509-certificate-malformed")),
    // 4.2 Validity Periods
    ("InvalidCAnotBeforeDateTest1", Refused("x509-not-valid-at")),
    ("InvalidEEnotBeforeDateTest2", Refused("x509-not-valid-at")),
    ("Validpre2000UTCnotBeforeDateTest3", Stricter("x509-certificate-malformed", EPOCH)),
    ("ValidGeneralizedTimenotBeforeDateTest4", Valid),
    ("InvalidCAnotAfterDateTest5", Refused("x509-not-valid-at")),
    ("InvalidEEnotAfterDateTest6", Refused("x509-not-valid-at")),
    ("Invalidpre2000UTCEEnotAfterDateTest7", Refused("x509-not-valid-at")),
    ("ValidGeneralizedTimenotAfterDateTest8", Valid),
    // 4.3 Verifying Name Chaining
    ("InvalidNameChainingTest1", Refused("x509-issuer-name")),
    ("InvalidNameChainingOrderTest2", Refused("x509-issuer-name")),
    ("ValidNameChainingWhitespaceTest3", Stricter("x509-issuer-name", BYTES)),
    ("ValidNameChainingWhitespaceTest4", Stricter("x509-issuer-name", BYTES)),
    ("ValidNameChainingCapitalizationTest5", Stricter("x509-issuer-name", BYTES)),
    ("ValidNameUIDsTest6", Valid),
    ("ValidRFC3280MandatoryAttributeTypesTest7", Valid),
    ("ValidRFC3280OptionalAttributeTypesTest8", Valid),
    ("ValidUTF8StringEncodedNamesTest9", Valid),
    ("ValidRolloverfromPrintableStringtoUTF8StringTest10", Stricter("x509-issuer-name", BYTES)),
    ("ValidUTF8StringCaseInsensitiveMatchTest11", Stricter("x509-issuer-name", BYTES)),
    // 4.4 Basic Certificate Revocation Tests
    ("InvalidMissingCRLTest1", Refused("revocation-signature")),
    ("InvalidRevokedCATest2", Revoked),
    ("InvalidRevokedEETest3", Revoked),
    ("InvalidBadCRLSignatureTest4", Refused("revocation-malformed")),
    ("InvalidBadCRLIssuerNameTest5", Refused("revocation-scope")),
    ("InvalidWrongCRLTest6", Refused("revocation-signature")),
    ("ValidTwoCRLsTest7", Valid),
    ("InvalidUnknownCRLEntryExtensionTest8", Refused("revocation-critical-extension")),
    ("InvalidUnknownCRLExtensionTest9", Refused("revocation-critical-extension")),
    ("InvalidUnknownCRLExtensionTest10", Refused("revocation-critical-extension")),
    ("InvalidOldCRLnextUpdateTest11", Refused("revocation-stale")),
    ("Invalidpre2000CRLnextUpdateTest12", Refused("revocation-stale")),
    ("ValidGeneralizedTimeCRLnextUpdateTest13", Valid),
    ("ValidNegativeSerialNumberTest14", Valid),
    ("InvalidNegativeSerialNumberTest15", Revoked),
    ("ValidLongSerialNumberTest16", Valid),
    ("ValidLongSerialNumberTest17", Valid),
    ("InvalidLongSerialNumberTest18", Revoked),
    ("ValidSeparateCertificateandCRLKeysTest19", Stricter("revocation-signature", KEY)),
    ("InvalidSeparateCertificateandCRLKeysTest20", Refused("revocation-signature")),
    ("InvalidSeparateCertificateandCRLKeysTest21", Refused("revocation-signature")),
    // 4.5 Verifying Paths with Self-Issued Certificates
    ("ValidBasicSelfIssuedOldWithNewTest1", Stricter("revocation-signature", KEY)),
    ("InvalidBasicSelfIssuedOldWithNewTest2", Refused("revocation-signature")),
    ("ValidBasicSelfIssuedNewWithOldTest3", Valid),
    ("ValidBasicSelfIssuedNewWithOldTest4", Stricter("revocation-scope", KEY)),
    ("InvalidBasicSelfIssuedNewWithOldTest5", Refused("revocation-scope")),
    ("ValidBasicSelfIssuedCRLSigningKeyTest6", Stricter("revocation-scope", KEY)),
    ("InvalidBasicSelfIssuedCRLSigningKeyTest7", Refused("revocation-scope")),
    ("InvalidBasicSelfIssuedCRLSigningKeyTest8", Refused("x509-issuer-signature")),
    // 4.6 Verifying Basic Constraints
    ("InvalidMissingbasicConstraintsTest1", Refused("x509-issuer-signature")),
    ("InvalidcAFalseTest2", Refused("x509-issuer-signature")),
    ("InvalidcAFalseTest3", Refused("x509-issuer-signature")),
    ("ValidbasicConstraintsNotCriticalTest4", Valid),
    ("InvalidpathLenConstraintTest5", Refused("x509-ca-path-length")),
    ("InvalidpathLenConstraintTest6", Refused("x509-ca-path-length")),
    ("ValidpathLenConstraintTest7", Valid),
    ("ValidpathLenConstraintTest8", Valid),
    ("InvalidpathLenConstraintTest9", Refused("x509-ca-path-length")),
    ("InvalidpathLenConstraintTest10", Refused("x509-ca-path-length")),
    ("InvalidpathLenConstraintTest11", Refused("x509-ca-path-length")),
    ("InvalidpathLenConstraintTest12", Refused("x509-ca-path-length")),
    ("ValidpathLenConstraintTest13", Valid),
    ("ValidpathLenConstraintTest14", Valid),
    ("ValidSelfIssuedpathLenConstraintTest15", Stricter("x509-ca-path-length", DEPTH)),
    ("InvalidSelfIssuedpathLenConstraintTest16", Refused("x509-ca-path-length")),
    ("ValidSelfIssuedpathLenConstraintTest17", Stricter("x509-ca-path-length", DEPTH)),
    // 4.7 Key Usage
    ("InvalidkeyUsageCriticalkeyCertSignFalseTest1", Refused("x509-issuer-signature")),
    ("InvalidkeyUsageNotCriticalkeyCertSignFalseTest2", Refused("x509-issuer-signature")),
    ("ValidkeyUsageNotCriticalTest3", Stricter("x509-key-usage-not-critical", CRITICAL)),
    ("InvalidkeyUsageCriticalcRLSignFalseTest4", Refused("revocation-signature")),
    ("InvalidkeyUsageNotCriticalcRLSignFalseTest5", Refused("x509-key-usage-not-critical")),
    // 4.9 Require Explicit Policy
    ("ValidSelfIssuedrequireExplicitPolicyTest6", Stricter("revocation-signature", KEY)),
    ("InvalidSelfIssuedrequireExplicitPolicyTest7", Refused("revocation-signature")),
    ("InvalidSelfIssuedrequireExplicitPolicyTest8", Refused("revocation-signature")),
    // 4.11 Inhibit Policy Mapping
    ("ValidSelfIssuedinhibitPolicyMappingTest7", Stricter("revocation-signature", KEY)),
    ("InvalidSelfIssuedinhibitPolicyMappingTest8", Refused("revocation-signature")),
    ("InvalidSelfIssuedinhibitPolicyMappingTest9", Refused("revocation-signature")),
    ("InvalidSelfIssuedinhibitPolicyMappingTest10", Refused("revocation-signature")),
    ("InvalidSelfIssuedinhibitPolicyMappingTest11", Refused("revocation-signature")),
    // 4.12 Inhibit Any Policy
    ("ValidSelfIssuedinhibitAnyPolicyTest7", Stricter("revocation-signature", KEY)),
    ("InvalidSelfIssuedinhibitAnyPolicyTest8", Refused("revocation-signature")),
    ("ValidSelfIssuedinhibitAnyPolicyTest9", Stricter("revocation-signature", KEY)),
    ("InvalidSelfIssuedinhibitAnyPolicyTest10", Refused("revocation-signature")),
    // 4.13 Name Constraints
    ("ValidDNnameConstraintsTest19", Stricter("revocation-signature", KEY)),
    // 4.14 Distribution Points
    ("ValiddistributionPointTest1", Valid),
    ("InvaliddistributionPointTest2", Revoked),
    ("InvaliddistributionPointTest3", Refused("revocation-scope")),
    ("ValiddistributionPointTest4", Stricter("revocation-scope", RELATIVE)),
    ("ValiddistributionPointTest5", Stricter("revocation-scope", RELATIVE)),
    ("InvaliddistributionPointTest6", Refused("revocation-scope")),
    ("ValiddistributionPointTest7", Stricter("revocation-scope", RELATIVE)),
    ("InvaliddistributionPointTest8", Refused("revocation-scope")),
    ("InvaliddistributionPointTest9", Refused("revocation-scope")),
    ("ValidNoissuingDistributionPointTest10", Valid),
    ("InvalidonlyContainsUserCertsTest11", Refused("revocation-scope")),
    ("InvalidonlyContainsCACertsTest12", Refused("revocation-scope")),
    ("ValidonlyContainsCACertsTest13", Valid),
    ("InvalidonlyContainsAttributeCertsTest14", Refused("revocation-scope")),
    ("InvalidonlySomeReasonsTest15", Revoked),
    ("InvalidonlySomeReasonsTest16", Revoked),
    ("InvalidonlySomeReasonsTest17", Refused("revocation-scope")),
    ("ValidonlySomeReasonsTest18", Stricter("revocation-scope", REASONS)),
    ("ValidonlySomeReasonsTest19", Stricter("revocation-scope", REASONS)),
    ("InvalidonlySomeReasonsTest20", Revoked),
    ("InvalidonlySomeReasonsTest21", Revoked),
    ("ValidIDPwithindirectCRLTest22", Stricter("revocation-scope", INDIRECT)),
    ("InvalidIDPwithindirectCRLTest23", Refused("revocation-scope")),
    ("ValidIDPwithindirectCRLTest24", Stricter("revocation-signature", INDIRECT)),
    ("ValidIDPwithindirectCRLTest25", Stricter("revocation-signature", INDIRECT)),
    ("InvalidIDPwithindirectCRLTest26", Refused("revocation-signature")),
    ("InvalidcRLIssuerTest27", Refused("revocation-signature")),
    ("ValidcRLIssuerTest28", Stricter("revocation-scope", INDIRECT)),
    ("ValidcRLIssuerTest29", Stricter("revocation-scope", INDIRECT)),
    ("ValidcRLIssuerTest30", Stricter("revocation-signature", INDIRECT)),
    ("InvalidcRLIssuerTest31", Refused("revocation-signature")),
    ("InvalidcRLIssuerTest32", Refused("revocation-signature")),
    ("ValidcRLIssuerTest33", Stricter("revocation-signature", INDIRECT)),
    ("InvalidcRLIssuerTest34", Refused("revocation-scope")),
    ("InvalidcRLIssuerTest35", Refused("revocation-scope")),
    // 4.15 Delta-CRLs
    ("InvaliddeltaCRLIndicatorNoBaseTest1", Refused("revocation-scope")),
    ("ValiddeltaCRLTest2", Valid),
    ("InvaliddeltaCRLTest3", Revoked),
    ("InvaliddeltaCRLTest4", Revoked),
    ("ValiddeltaCRLTest5", Valid),
    ("InvaliddeltaCRLTest6", Revoked),
    ("ValiddeltaCRLTest7", Valid),
    ("ValiddeltaCRLTest8", Valid),
    ("InvaliddeltaCRLTest9", Revoked),
    ("InvaliddeltaCRLTest10", Refused("revocation-stale")),
    // 4.16 Private Certificate Extensions
    ("ValidUnknownNotCriticalCertificateExtensionTest1", Valid),
    ("InvalidUnknownCriticalCertificateExtensionTest2", Looser(EXTENSIONS)),
];
