//! Which addresses may be asked. Certificates and redirects name them, so they may mean harm.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use url::{Host, Url};

use super::RevocationError;
use crate::http::redacted;

/// Whether the chain that names the address leads to a trusted certificate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ChainTrust {
    Trusted,
    Untrusted,
}

/// How the address came up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Hop {
    /// A certificate or CRL of the chain names it.
    First(ChainTrust),
    Redirect,
}

/// Whether this machine's own addresses may be asked first: for labs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Loopback {
    Refused,
    Allowed,
}

/// longest address accepted; real ones are under 300 characters
const URL_LIMIT: usize = 2048;

/// Parses an address: http or https, with a host, without user information.
pub(super) fn parse(text: &str) -> Result<Url, RevocationError> {
    let refused = |reason: &str| RevocationError::address(text, reason);
    if text.len() > URL_LIMIT {
        return Err(refused("it is too long"));
    }
    let url = Url::parse(text).map_err(|error| refused(&error.to_string()))?;
    check_form(&url).map_err(refused)?;
    Ok(url)
}

fn check_form(url: &Url) -> Result<(), &'static str> {
    if !matches!(url.scheme(), "http" | "https") {
        return Err("only http and https are");
    }
    if url.host().is_none() {
        return Err("it has no host");
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err("it carries user information");
    }
    Ok(())
}

/// Whether `url` may be asked, as far as it says itself: its form, an address in numbers, `localhost`.
/// Where another name leads is judged once it is resolved, for the connection.
pub fn check_address(url: &Url, hop: Hop, loopback: Loopback) -> Result<(), RevocationError> {
    let refused = |reason: &str| RevocationError::address(&redacted(url), reason);
    check_form(url).map_err(refused)?;
    let literal = match url.host() {
        Some(Host::Ipv4(address)) => Some(address.into()),
        Some(Host::Ipv6(address)) => Some(address.into()),
        _ => None,
    };
    let name = url.host_str().unwrap_or_default();
    judge(name, literal.as_slice(), hop, loopback).map_err(|reason| refused(&reason))
}

/// Whether a name that leads to `addresses` may be asked: an address of the link is never, a loopback one
/// only first and where that is `Allowed`, a private one only first and for a trusted chain, as the CRLs
/// of enterprises are. No address at all is left to the request to fail on. The text is the reason.
pub(super) fn judge(
    name: &str,
    addresses: &[IpAddr],
    hop: Hop,
    loopback: Loopback,
) -> Result<(), String> {
    let named = is_localhost(name).then_some(Reach::Loopback);
    let strictest = addresses.iter().map(|address| reach(*address)).chain(named).max();
    let refused = match (strictest, hop) {
        (None | Some(Reach::Public), _) => None,
        (Some(Reach::Private), Hop::First(ChainTrust::Trusted)) => None,
        (Some(Reach::Loopback), Hop::First(_)) if loopback == Loopback::Allowed => None,
        (Some(reach), _) => Some(reach),
    };
    let Some(reach) = refused else { return Ok(()) };
    let how = match hop {
        Hop::First(_) => "it is",
        Hop::Redirect => "a redirect leads to",
    };
    Err(format!("{how} {}", reach.name()))
}

/// From harmless to never.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Reach {
    Public,
    Private,
    Loopback,
    /// The link's own addresses, the metadata services of clouds, and those that are no host's.
    Link,
}

impl Reach {
    fn name(self) -> &'static str {
        match self {
            Self::Public => "a public address",
            Self::Private => "a private address",
            Self::Loopback => "an address of this machine",
            Self::Link => "a link-local or reserved address",
        }
    }
}

fn is_localhost(name: &str) -> bool {
    let name = name.trim_end_matches('.').to_ascii_lowercase();
    name == "localhost" || name.ends_with(".localhost")
}

fn reach(address: IpAddr) -> Reach {
    match address {
        IpAddr::V4(address) => reach_v4(address),
        IpAddr::V6(address) => match embedded(address) {
            Some(inner) => reach_v4(inner),
            None => reach_v6(address),
        },
    }
}

/// Azure's virtual public address of the host (WireServer).
const WIRE_SERVER: Ipv4Addr = Ipv4Addr::new(168, 63, 129, 16);

/// 192.0.0.0/24: protocols' own (RFC 6890), and one cloud's metadata service.
const IETF: [u8; 3] = [192, 0, 0];
/// The metadata service of Amazon's virtual machines.
const METADATA_V6: Ipv6Addr = Ipv6Addr::new(0xfd00, 0xec2, 0, 0, 0, 0, 0, 0x254);

fn reach_v4(address: Ipv4Addr) -> Reach {
    let octets = address.octets();
    if address.is_link_local()
        || address.is_multicast()
        || address.is_broadcast()
        || address == WIRE_SERVER
        || octets[0] >= 240
        || octets[..3] == IETF
    {
        Reach::Link
    } else if address.is_loopback() || octets[0] == 0 {
        Reach::Loopback
    } else if address.is_private() || (octets[0] == 100 && octets[1] & 0xc0 == 64) {
        // 100.64.0.0/10: RFC 6598
        Reach::Private
    } else {
        Reach::Public
    }
}

fn reach_v6(address: Ipv6Addr) -> Reach {
    let [first, second, third, .., high, low] = address.segments();
    let local_nat64 = [first, second, third] == [0x64, 0xff9b, 1];
    if first & 0xffc0 == 0xfe80
        || address.is_multicast()
        || address == METADATA_V6
        || (local_nat64
            && reach_v4(Ipv4Addr::from(u32::from(high) << 16 | u32::from(low))) == Reach::Link)
    {
        Reach::Link
    } else if address.is_loopback() || address.is_unspecified() {
        Reach::Loopback
    } else if first & 0xfe00 == 0xfc00 || first & 0xffc0 == 0xfec0 || local_nat64 {
        // 64:ff9b:1::/48 is translated by rules of the network's own: RFC 8215
        Reach::Private
    } else {
        Reach::Public
    }
}

/// The IPv4 address that an IPv6 address stands for: mapped or compatible (RFC 4291, 2.5.5), NAT64
/// (RFC 6052) or 6to4 (RFC 3056).
fn embedded(address: Ipv6Addr) -> Option<Ipv4Addr> {
    if let Some(mapped) = address.to_ipv4_mapped() {
        return Some(mapped);
    }
    let octets = address.octets();
    let at = |start: usize| {
        Ipv4Addr::new(octets[start], octets[start + 1], octets[start + 2], octets[start + 3])
    };
    match address.segments() {
        [0x64, 0xff9b, 0, 0, 0, 0, _, _] => Some(at(12)),
        // `::1` and `::` stand for themselves
        [0, 0, 0, 0, 0, 0, high, _] if high != 0 => Some(at(12)),
        [0x2002, ..] => Some(at(2)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fault::Fault as _;

    /// Whether a name that leads to the address may be asked; the address itself may as well or not.
    fn check(address: &str, hop: Hop, loopback: Loopback) -> bool {
        let address: IpAddr = address.parse().unwrap();
        let named = judge("crl.example", &[address], hop, loopback).is_ok();
        let url = match address {
            IpAddr::V4(address) => format!("http://{address}/ca.crl"),
            IpAddr::V6(address) => format!("http://[{address}]/ca.crl"),
        };
        let literal = check_address(&Url::parse(&url).unwrap(), hop, loopback);
        assert_eq!(literal.is_ok(), named, "{url}");
        if let Err(error) = literal {
            assert_eq!(error.code(), "revocation-address");
        }
        named
    }

    #[test]
    fn an_address_is_asked_as_far_as_its_hop_allows() {
        let trusted = Hop::First(ChainTrust::Trusted);
        let hops = [trusted, Hop::First(ChainTrust::Untrusted), Hop::Redirect];
        // first of a trusted chain, first of an untrusted one, redirect, first in a lab
        for (address, allowed) in [
            ("192.0.2.1", [true, true, true, true]),
            ("2001:db8::1", [true, true, true, true]),
            ("10.1.2.3", [true, false, false, true]),
            ("172.31.0.1", [true, false, false, true]),
            ("192.168.1.1", [true, false, false, true]),
            ("100.100.100.200", [true, false, false, true]),
            ("fd00::1", [true, false, false, true]),
            ("::ffff:10.0.0.1", [true, false, false, true]),
            ("64:ff9b:1::c000:201", [true, false, false, true]),
            ("127.0.0.1", [false, false, false, true]),
            ("0.0.0.0", [false, false, false, true]),
            ("::1", [false, false, false, true]),
            ("::", [false, false, false, true]),
            ("169.254.169.254", [false, false, false, false]),
            ("168.63.129.16", [false, false, false, false]),
            ("fe80::1", [false, false, false, false]),
            ("::ffff:169.254.169.254", [false, false, false, false]),
            ("64:ff9b::a9fe:a9fe", [false, false, false, false]),
            ("64:ff9b:1::a9fe:a9fe", [false, false, false, false]),
            ("2002:a9fe:a9fe::", [false, false, false, false]),
            ("::169.254.169.254", [false, false, false, false]),
            ("192.0.0.192", [false, false, false, false]),
            ("fd00:ec2::254", [false, false, false, false]),
            ("224.0.0.1", [false, false, false, false]),
            ("255.255.255.255", [false, false, false, false]),
            ("ff02::1", [false, false, false, false]),
        ] {
            let mut found: Vec<bool> =
                hops.map(|hop| check(address, hop, Loopback::Refused)).to_vec();
            found.push(check(address, trusted, Loopback::Allowed));
            assert_eq!(found, allowed, "{address}");
            let lab = check(address, Hop::Redirect, Loopback::Allowed);
            assert_eq!(lab, allowed[2], "{address}: a redirect, in a lab");
        }
    }

    #[test]
    fn one_bad_address_among_good_ones_is_enough() {
        let addresses = ["192.0.2.1", "169.254.169.254"].map(|a| a.parse().unwrap());
        let hop = Hop::First(ChainTrust::Trusted);
        assert!(judge("crl.example", &addresses, hop, Loopback::Refused).is_err());
    }

    #[test]
    fn localhost_is_loopback_whatever_it_resolves_to() {
        for url in ["http://localhost/", "http://LOCALHOST./", "http://a.localhost/"] {
            let parsed = Url::parse(url).unwrap();
            assert!(check_address(&parsed, Hop::Redirect, Loopback::Allowed).is_err(), "{url}");
            let public = ["192.0.2.1".parse().unwrap()];
            let name = parsed.host_str().unwrap();
            assert!(judge(name, &public, Hop::Redirect, Loopback::Allowed).is_err(), "{url}");
        }
    }

    #[test]
    fn only_plain_web_addresses_are_taken() {
        for text in
            ["ldap://ca/cn=x", "file:///etc/passwd", "http://u:p@h/", "no address", "data:,x"]
        {
            assert_eq!(parse(text).unwrap_err().code(), "revocation-address", "{text}");
        }
        assert!(parse(&format!("http://h/{}", "a".repeat(URL_LIMIT))).is_err());
        assert!(parse("HTTPS://crl.example/a.crl").is_ok());
    }
}
