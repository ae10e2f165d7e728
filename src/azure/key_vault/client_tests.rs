//! What a challenge is told by.

use super::*;

#[test]
fn challenge_parameters_are_found() {
    let text = r#"authorization="https://login.example/t", resource="https://vault.azure.net""#;
    assert_eq!(parameter(text, "resource"), Some("https://vault.azure.net"));
    assert_eq!(parameter(text, "scope"), None);
}
