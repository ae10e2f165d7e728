//! What goes wrong with an OCI image layout.

use crate::fault::{Fault, excerpt, printable, shell_word};

/// most tags named in a hint
const MOST_TAGS: usize = 10;
/// most characters of one tag in a hint: annotations may be as long as the index
const TAG_LENGTH: usize = 128;

#[derive(Debug, thiserror::Error)]
pub enum LayoutError {
    /// The wording is notation's.
    #[error(
        "{text:?}: invalid reference: {problem}. Expecting <file_path>:<tag> or <file_path>@<digest>"
    )]
    Reference { text: String, problem: String },
    /// No folder, or none that is a layout; the beginning is notation's.
    #[error("failed to create OCI store: {0}")]
    Store(Box<LayoutError>),
    #[error("stat {path}: no such file or directory")]
    Absent { path: String },
    #[error("the input path is not a directory")]
    NotAFolder { path: String },
    #[error("invalid OCI Image Layout: {0}")]
    Version(Box<LayoutError>),
    #[error("invalid OCI Image Index: {0}")]
    Index(Box<LayoutError>),
    /// In notation's words, which do not say what.
    #[error("not found")]
    NotFound {
        reference: String,
        /// The layout's own tags.
        tags: Vec<String>,
    },
    /// Two manifests have the same tag.
    #[error("{reference}: {} manifests have this tag", digests.len())]
    Ambiguous { path: String, reference: String, digests: Vec<String> },
    #[error("{path}: no such file or directory")]
    Missing { path: String },
    #[error("{path} is a symbolic link; what belongs to a layout is no link")]
    Link { path: String },
    /// `wanted`: `a regular file`, `a folder`.
    #[error("{path} is not {wanted}")]
    Kind { path: String, wanted: &'static str },
    #[error("{path} is {actual} bytes long, at most {limit} are read")]
    TooLarge { path: String, limit: u64, actual: u64 },
    #[error("{path}: {expected} bytes were expected, {actual} are there")]
    Size { path: String, expected: u64, actual: u64 },
    #[error("{path}: digest {expected} was expected, but its bytes have {actual}")]
    Digest { path: String, expected: String, actual: String },
    /// Bytes that are as they should be, and say what they should not.
    #[error("{what}: {problem}")]
    Content { what: String, problem: String },
    #[error("{path}: {what} than are looked at")]
    TooMuch { path: String, what: String },
    #[error("{operation} {path}: {reason}")]
    File { operation: &'static str, path: String, reason: String },
    #[error("{path} did not settle beside other writers")]
    Contended { path: String },
    /// Signatures leave a layout with the tool that made it.
    #[error("{path}: signatures in an OCI image layout are not deleted")]
    Undeletable { path: String },
}

impl Fault for LayoutError {
    fn code(&self) -> &'static str {
        match self {
            LayoutError::Reference { .. } => "registry-reference",
            LayoutError::Store(inner) | LayoutError::Version(inner) | LayoutError::Index(inner) => {
                inner.code()
            }
            LayoutError::Absent { .. } | LayoutError::Missing { .. } => "registry-layout-missing",
            LayoutError::NotAFolder { .. } | LayoutError::Kind { .. } => {
                "registry-layout-file-kind"
            }
            LayoutError::NotFound { .. } => "registry-not-found",
            LayoutError::Ambiguous { .. } => "registry-layout-ambiguous-tag",
            LayoutError::Link { .. } => "registry-layout-link",
            LayoutError::TooLarge { .. } | LayoutError::TooMuch { .. } => {
                "registry-layout-too-large"
            }
            LayoutError::Size { .. } => "registry-size-mismatch",
            LayoutError::Digest { .. } => "registry-digest-mismatch",
            LayoutError::Content { .. } => "registry-layout-content",
            LayoutError::File { .. } => "registry-layout-file",
            LayoutError::Contended { .. } => "registry-layout-contended",
            LayoutError::Undeletable { .. } => "registry-layout-undeletable",
        }
    }

    fn because(&self) -> Vec<String> {
        match self {
            LayoutError::NotFound { reference, .. } => {
                vec![format!("index.json has no entry for {reference}")]
            }
            _ => Vec::new(),
        }
    }

    fn hint(&self) -> Option<String> {
        match self {
            LayoutError::Store(inner) | LayoutError::Version(inner) | LayoutError::Index(inner) => {
                inner.hint()
            }
            LayoutError::Absent { path } => Some(format!(
                "make it: docker buildx build --output type=oci,dest={},tar=false .",
                shell_word(path)
            )),
            LayoutError::NotAFolder { path } => Some(format!(
                "a layout in a tar file is unpacked first: mkdir layout && tar -xf {} -C layout",
                shell_word(path)
            )),
            LayoutError::NotFound { tags, .. } if !tags.is_empty() => {
                let named = tags.iter().take(MOST_TAGS);
                let named = named.map(|tag| printable(&excerpt(tag, TAG_LENGTH)));
                let named: Vec<String> = named.collect();
                let more = match tags.len().saturating_sub(MOST_TAGS) {
                    0 => String::new(),
                    more => format!(" and {more} more"),
                };
                Some(format!("the layout has the tags {}{more}", named.join(", ")))
            }
            LayoutError::Ambiguous { path, digests, .. } => {
                let each = digests.iter().take(MOST_TAGS);
                let each: Vec<String> =
                    each.map(|digest| shell_word(&format!("{path}@{digest}"))).collect();
                Some(format!("name the one that is meant by its digest:\n{}", each.join("\n")))
            }
            LayoutError::Contended { .. } => Some("run it again when the others are done".into()),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tag_begins_no_line_of_a_hint() {
        let tags = vec!["v1\n::error::x".to_owned(), "v2".to_owned()];
        let error = LayoutError::NotFound { reference: "l:v3".to_owned(), tags };
        let hint = error.hint().expect("a hint");
        assert_eq!(hint, "the layout has the tags v1\u{fffd}::error::x, v2");
    }
}
