//! Why a vault refuses, as far as its answer shows.

use std::net::Ipv4Addr;

use crate::azure::Refusal;

/// By the inner code, else by the message, since not every cloud sends the first.
pub(super) fn refusal(code: &str, inner: &str, message: &str) -> Refusal {
    for named in [inner, code] {
        match named {
            "ForbiddenByRbac" => return Refusal::Rbac,
            "ForbiddenByPolicy" | "AccessDenied" => return Refusal::AccessPolicy,
            "ForbiddenByFirewall" => return Refusal::Firewall(client_address(message)),
            "ForbiddenByConnection" | "ForbiddenByNsp" => return Refusal::Network,
            _ if named.ends_with("Disabled") => return Refusal::Disabled,
            _ if named.ends_with("Expired") => return Refusal::Expired,
            _ if named.ends_with("NotYetValid") => return Refusal::NotYetValid,
            _ => {}
        }
    }
    if message.contains("not authorized to perform action") {
        Refusal::Rbac
    } else if message.contains("does not have") && message.contains("permission") {
        Refusal::AccessPolicy
    } else {
        Refusal::Unknown
    }
}

/// The address that a vault's firewall saw: `Client address: 192.0.2.7`
/// (learn.microsoft.com, "Azure Key Vault REST API error codes", "HTTP 403"). Its rules take IPv4 alone.
fn client_address(message: &str) -> Option<Ipv4Addr> {
    let (_, rest) = message.split_once("Client address: ")?;
    rest.split(|c: char| !(c.is_ascii_digit() || c == '.'))
        .next()?
        .trim_end_matches('.')
        .parse()
        .ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_is_known_by_its_code_or_its_words() {
        for (code, inner, message, expected) in [
            ("Forbidden", "ForbiddenByRbac", "", Refusal::Rbac),
            ("Forbidden", "ForbiddenByPolicy", "", Refusal::AccessPolicy),
            ("Forbidden", "AccessDenied", "", Refusal::AccessPolicy),
            ("Forbidden", "ForbiddenByFirewall", "", Refusal::Firewall(None)),
            (
                "Forbidden",
                "ForbiddenByFirewall",
                "Client address is not authorized and caller is not a trusted service. Client address: 192.0.2.7 Caller: appid=x",
                Refusal::Firewall(Some(Ipv4Addr::new(192, 0, 2, 7))),
            ),
            ("Forbidden", "ForbiddenByFirewall", "Client address: $(id)", Refusal::Firewall(None)),
            ("Forbidden", "ForbiddenByConnection", "", Refusal::Network),
            ("Forbidden", "ForbiddenByNsp", "", Refusal::Network),
            ("Forbidden", "SecretDisabled", "", Refusal::Disabled),
            ("Forbidden", "KeyExpired", "", Refusal::Expired),
            ("Forbidden", "KeyNotYetValid", "", Refusal::NotYetValid),
            ("SecretDisabled", "", "", Refusal::Disabled),
            (
                "Forbidden",
                "",
                "Caller is not authorized to perform action on resource.",
                Refusal::Rbac,
            ),
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
}
