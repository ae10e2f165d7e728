//! `cert`: certificates in the trust store.

mod add;
mod cleanup_test;
mod delete;
mod download;
mod generate_test;
mod list;
mod show;

use clap::ArgMatches;

pub use add::ADD;
pub use cleanup_test::CLEANUP_TEST;
pub use delete::DELETE;
pub use generate_test::GENERATE_TEST;
pub use list::LIST;
pub use show::SHOW;

use super::{CommandSpec, Done};
use crate::cli::error::CliError;
use crate::cli::parse::flags;
use crate::trust::StoreType;

/// `--type` and `--store`, checked; the type's own text is kept for what is printed.
struct Store<'a> {
    kind: StoreType,
    name: &'a str,
}

impl<'a> Store<'a> {
    fn of(values: &'a ArgMatches) -> Result<Self, CliError> {
        let kind = flags::text_of(values, "type").unwrap_or_default();
        let name = flags::text_of(values, "store").unwrap_or_default();
        if kind.is_empty() {
            return Err(CliError::Arguments("store type cannot be empty".to_owned()));
        }
        let kind =
            StoreType::from_name(kind).ok_or_else(|| CliError::StoreType(kind.to_owned()))?;
        if !is_file_name(name) {
            return Err(CliError::StoreName);
        }
        Ok(Self { kind, name })
    }
}

/// Letters, digits, `_`, `.` and `-`, and no folder's own names.
fn is_file_name(name: &str) -> bool {
    !matches!(name, "" | "." | "..")
        && name.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'.' | b'-'))
}
