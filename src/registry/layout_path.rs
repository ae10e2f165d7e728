//! `<path>:<tag>` and `<path>@<digest>`: an artifact in an OCI image layout.

use super::{LayoutError, Version};
use crate::crypto::Digest;
use crate::fault::excerpt;

/// Longest text looked at: the longest path of Linux (`PATH_MAX`) and more than a tag needs.
const LONGEST: usize = 8192;
/// most characters shown of a text that is none
const SHOWN: usize = 1024;

/// The path, and what is named in it. Behind an `@` a text without a colon is a tag, as for notation.
pub(super) fn split(text: &str) -> Result<(String, Version), LayoutError> {
    let fail = |problem: String| LayoutError::Reference { text: excerpt(text, SHOWN), problem };
    if text.len() > LONGEST {
        return Err(fail(format!("longer than {LONGEST} bytes")));
    }
    let missing = || fail("missing tag or digest".into());
    let (path, version) = match text.rsplit_once('@') {
        Some(parts) => parts,
        None => text.rsplit_once(':').filter(|_| !is_drive(text)).ok_or_else(missing)?,
    };
    if path.is_empty() {
        return Err(fail("missing oci-layout file path".into()));
    }
    let by_digest = text.len() > path.len() && text.as_bytes()[path.len()] == b'@';
    let version = match Digest::parse(version) {
        _ if version.is_empty() => return Err(missing()),
        Ok(digest) if by_digest => Version::Digest(digest),
        Err(error) if by_digest && version.contains(':') => {
            return Err(fail(format!("invalid digest {version:?}: {error}")));
        }
        _ => Version::Tag(version.to_owned()),
    };
    Ok((path.to_owned(), version))
}

/// `C:\layout` has no tag: its only colon is the drive's.
fn is_drive(text: &str) -> bool {
    let bytes = text.as_bytes();
    text.rfind(':') == Some(1)
        && bytes.first().is_some_and(u8::is_ascii_alphabetic)
        && bytes.get(2) == Some(&b'\\')
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fault::Fault as _;
    use crate::registry::Reference;

    const DIGEST: &str = "sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a";

    #[test]
    fn a_path_ends_at_the_last_at_sign_or_else_at_the_last_colon() {
        let digest = Version::Digest(Digest::parse(DIGEST).unwrap());
        let tag = |tag: &str| Version::Tag(tag.to_owned());
        for (text, path, version) in [
            ("layout:v1".to_owned(), "layout", tag("v1")),
            (format!("layout@{DIGEST}"), "layout", digest.clone()),
            (format!("/a/b@c:d@{DIGEST}"), "/a/b@c:d", digest.clone()),
            ("/a/b:c:v1".to_owned(), "/a/b:c", tag("v1")),
            ("layout@v1".to_owned(), "layout", tag("v1")),
            (r"C:\layout:v1".to_owned(), r"C:\layout", tag("v1")),
            (format!(r"C:\layout@{DIGEST}"), r"C:\layout", digest),
            // all notation sees in these is a colon
            ("C:/layout".to_owned(), "C", tag("/layout")),
            (format!("layout:{DIGEST}"), "layout:sha256", tag(&DIGEST[7..])),
        ] {
            assert_eq!(split(&text).unwrap(), (path.to_owned(), version), "{text}");
        }
    }

    #[test]
    fn what_names_nothing_is_refused_in_notations_words() {
        let of = |text: &str| split(text).unwrap_err().to_string();
        let end = "Expecting <file_path>:<tag> or <file_path>@<digest>";
        for text in ["layout", "layout:", "layout@", r"C:\layout", ""] {
            let expected = format!("{text:?}: invalid reference: missing tag or digest. {end}");
            assert_eq!(of(text), expected);
        }
        for text in [":v1".to_owned(), format!("@{DIGEST}")] {
            let problem = "missing oci-layout file path";
            assert_eq!(of(&text), format!("{text:?}: invalid reference: {problem}. {end}"));
        }
        for (digest, problem) in [
            ("sha256:../../x", "invalid checksum digest length"),
            ("sha256:ABC", "invalid checksum digest length"),
            ("md5:d41d8cd98f00b204e9800998ecf8427e", "unsupported digest algorithm"),
        ] {
            assert!(of(&format!("l@{digest}")).contains(problem), "{}", of(&format!("l@{digest}")));
        }
        let upper = DIGEST.to_uppercase().replace("SHA", "sha");
        assert!(of(&format!("l@{upper}")).contains("invalid checksum digest format"));
        assert!(of(&"l".repeat(10_000)).len() < 1_200);
        assert_eq!(split("layout").unwrap_err().code(), "registry-reference");
    }

    #[test]
    fn a_reference_in_a_layout_is_shown_as_it_was_named() {
        let reference = Reference::in_layout("./l:v1", Some("local/l")).unwrap();
        assert_eq!(reference.to_string(), "./l:v1");
        assert_eq!(reference.layout(), Some("./l"));
        assert_eq!(reference.scope(), "local/l");
        assert_eq!((reference.registry(), reference.repository()), ("", ""));
        let digest = Digest::parse(DIGEST).unwrap();
        assert_eq!(reference.at(&digest).to_string(), format!("./l@{DIGEST}"));
        assert_eq!(reference.at(&digest).in_policy(), format!("local/l@{DIGEST}"));
        assert_eq!(reference.in_policy(), "local/l:v1");
        assert_eq!(Reference::in_layout("./l:v1", None).unwrap().scope(), "./l");
    }
}
