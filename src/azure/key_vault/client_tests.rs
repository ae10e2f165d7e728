//! What a refusal and a challenge are told by.

use super::*;

#[test]
fn a_refusal_is_known_by_its_code_or_its_words() {
    for (code, inner, message, expected) in [
        ("Forbidden", "ForbiddenByRbac", "", Refusal::Rbac),
        ("Forbidden", "ForbiddenByPolicy", "", Refusal::AccessPolicy),
        ("Forbidden", "AccessDenied", "", Refusal::AccessPolicy),
        ("Forbidden", "ForbiddenByFirewall", "", Refusal::Network),
        ("Forbidden", "SecretDisabled", "", Refusal::Disabled),
        ("SecretDisabled", "", "", Refusal::Disabled),
        ("Forbidden", "", "Caller is not authorized to perform action on resource.", Refusal::Rbac),
        (
            "Forbidden",
            "",
            "The user, group or application 'x' does not have secrets get permission on key vault 'y'.",
            Refusal::AccessPolicy,
        ),
        ("Forbidden", "", "", Refusal::Unknown),
    ] {
        assert_eq!(refusal(code, inner, message), expected, "{code} {inner} {message}");
    }
}

#[test]
fn challenge_parameters_are_found() {
    let text = r#"authorization="https://login.example/t", resource="https://vault.azure.net""#;
    assert_eq!(parameter(text, "resource"), Some("https://vault.azure.net"));
    assert_eq!(parameter(text, "scope"), None);
}
