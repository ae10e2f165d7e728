//! What the inputs' texts mean, and what is refused with which words.

use super::*;

const SUM: &str = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789ABCDEF";

fn places(text: &str) -> Vec<(String, CertificatePlace)> {
    let sources = TrustedSource::parse_all(text).unwrap_or_else(|e| panic!("{text}: {e:?}"));
    sources.into_iter().map(|source| (source.named(), source.place)).collect()
}

fn refused(text: &str) -> NoSource {
    TrustedSource::parse_all(text).expect_err(text)
}

#[test]
fn a_policy_is_text_an_address_or_a_path() {
    let json = " {\"version\": \"1.0\"} ";
    assert_eq!(PolicySource::parse(json), Ok(PolicySource::Inline(json.trim().to_owned())));
    for path in ["trustpolicy.json", ".github/trustpolicy/a b.json", r"C:\a\b.json", "://x"] {
        assert_eq!(PolicySource::parse(path), Ok(PolicySource::File(path.into())));
    }
    let parsed = PolicySource::parse(&format!("HTTPS://a.example/p.json?t=s3cret#sha256={SUM}"));
    let Ok(PolicySource::Download(download)) = parsed else { panic!("{parsed:?}") };
    assert_eq!(download.url.as_str(), "https://a.example/p.json?t=s3cret");
    assert_eq!(download.sha256.hex(), SUM.to_lowercase());
    assert_eq!(download.to_string(), "https://a.example/p.json");
    assert!(!format!("{download:?}").contains("s3cret"));
}

#[test]
fn an_address_needs_tls_a_checksum_and_nobodys_name() {
    for (text, expected) in [
        ("http://a.example/p.json#sha256=".to_owned() + SUM, "`https://`"),
        ("file:///etc/passwd".to_owned(), "`https://`"),
        ("https://a.example/p.json?t=s3cret".to_owned(), "curl -sSfL 'https://a.example/p.json'"),
        ("https://a.example/p.json#sha256=".to_owned() + &SUM[1..], "64 hexadecimal digits"),
        ("https://a.example/p.json#sha512=".to_owned() + SUM, "64 hexadecimal digits"),
        (format!("https://me:s3cret@a.example/p.json#sha256={SUM}"), "without a user name"),
        ("https://me:s3cret@:0".to_owned(), "an address"),
    ] {
        let error = PolicySource::parse(&text).expect_err(&text);
        assert!(error.expected.contains(expected), "{text}: {error:?}");
        assert!(!format!("{error:?}").contains("s3cret"), "{error:?}");
        assert_eq!(refused(&format!("ca:a={text}")), error);
    }
}

#[test]
fn each_line_names_a_store_and_a_source() {
    let vault = "https://v11.vault.azure.net/certificates/root/0123";
    let text = format!(
        "ca:a=certs/root.crt\r\n\n tsa:b.c_d-e = a=b.pem \nca:a={vault}\nca:d=https://a.example/certificates/x#sha256={SUM}"
    );
    let found = places(&text);
    assert_eq!(found[0], ("ca:a".to_owned(), CertificatePlace::File("certs/root.crt".into())));
    assert_eq!(found[1], ("tsa:b.c_d-e".to_owned(), CertificatePlace::File("a=b.pem".into())));
    assert_eq!(found[2], ("ca:a".to_owned(), CertificatePlace::Vault(vault.to_owned())));
    assert!(matches!(&found[3].1, CertificatePlace::Download(_)), "{found:?}");
    assert_eq!(found.len(), 4);
}

#[test]
fn pem_text_stands_behind_or_below_its_store_folded_or_not() {
    let block = "-----BEGIN CERTIFICATE-----\nMIIB\nAAA=\n-----END CERTIFICATE-----\n";
    let inline = CertificatePlace::Inline;
    for text in [
        format!("ca:a=\n{block}"),
        format!("ca:a={block}"),
        format!("ca:a=\r\n\r\n{}", block.replace('\n', "\r\n")),
        // as a folded scalar of YAML
        format!("ca:a= {}", block.replace('\n', " ")),
    ] {
        assert_eq!(places(&text), [("ca:a".to_owned(), inline(block.to_owned()))], "{text:?}");
    }
    let several = format!("ca:a=\n{block}{block}\nca:b=root.crt\nsigningAuthority:c={block}");
    let found = places(&several);
    assert_eq!(found[0].1, inline(block.repeat(2)));
    assert_eq!(found[1].1, CertificatePlace::File("root.crt".into()));
    assert_eq!(found[2], ("signingAuthority:c".to_owned(), inline(block.to_owned())));
}

#[test]
fn what_is_no_source_is_refused_by_name() {
    for (text, found, expected) in [
        ("root.crt", "root.crt", "`<type>:<store>=<source>`"),
        ("ca=root.crt", "ca=root.crt", "`<type>:<store>=<source>`"),
        ("ca:a=", "ca:a=", "`<type>:<store>=<source>`"),
        ("ca:a=\nca:b=root.crt", "ca:a=", "`<type>:<store>=<source>`"),
        ("CA:a=root.crt", "CA:a", "ca, signingAuthority, tsa"),
        ("ca:../../etc=root.crt", "ca:../../etc", "letters, digits"),
        ("ca:..=root.crt", "ca:..", "letters, digits"),
        ("ca:a/b=root.crt", "ca:a/b", "letters, digits"),
        ("-----BEGIN CERTIFICATE-----\nAA==", "a PEM block without a store", "`ca:<store>=`"),
        ("ca:a=-----BEGIN CERTIFICATE-----\nAA==", "without its end", "-----END CERTIFICATE-----"),
    ] {
        let error = refused(text);
        assert!(error.found.contains(found), "{text}: {error:?}");
        assert!(error.expected.contains(expected), "{text}: {error:?}");
    }
    let many = "ca:a=root.crt\n".repeat(SOURCES_LIMIT + 1);
    assert!(refused(&many).found.contains("more than 100"));
    let pasted = "x".repeat(1000);
    assert!(refused(&pasted).found.len() < 50);
}
