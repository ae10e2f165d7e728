//! Why a trust policy is not exported.

use super::notes::Note;
use crate::cli::parse::PROGRAM;
use crate::fault::Fault;

#[derive(Debug, thiserror::Error)]
pub enum ExportError {
    /// The target would accept what the policy refuses. Nothing was written.
    #[error("{target} would be looser than the trust policy in {} {}", .notes.len(), if .notes.len() == 1 { "way" } else { "ways" })]
    Looser { target: &'static str, notes: Vec<Note>, elsewhere: &'static str },
    #[error(
        "trust policy statement {statement:?} names no trust store of type ca, and {target} knows no other"
    )]
    NoAuthority { target: &'static str, statement: String, elsewhere: &'static str },
    #[error("{name} would have {found} bytes; a cluster takes at most {limit} in one object")]
    TooLarge { name: String, found: usize, limit: usize },
    #[error("unknown variant {0:?}: expected gatekeeper, azure-policy or image-integrity")]
    Variant(String),
}

impl Fault for ExportError {
    fn code(&self) -> &'static str {
        match self {
            ExportError::Looser { .. } => "cli-export-looser",
            ExportError::NoAuthority { .. } => "cli-export-no-authority",
            ExportError::TooLarge { .. } => "cli-export-too-large",
            ExportError::Variant(_) => "cli-export-variant",
        }
    }

    fn because(&self) -> Vec<String> {
        match self {
            ExportError::Looser { notes, .. } => notes.iter().map(Note::to_string).collect(),
            _ => Vec::new(),
        }
    }

    /// The target that can say what this one cannot.
    fn hint(&self) -> Option<String> {
        match self {
            ExportError::Looser { elsewhere, .. } | ExportError::NoAuthority { elsewhere, .. } => {
                Some(format!("{PROGRAM} export {elsewhere}"))
            }
            ExportError::TooLarge { .. } => Some(format!(
                "keep in the trust store only the roots that sign: {PROGRAM} cert list"
            )),
            ExportError::Variant(_) => {
                Some(format!("{PROGRAM} export ratify --variant azure-policy"))
            }
        }
    }
}
