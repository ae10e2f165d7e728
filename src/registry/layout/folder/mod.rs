//! Folders and files that are reached without following links: each is opened first and looked at then.

#[cfg(not(unix))]
mod portable;
#[cfg(unix)]
mod unix;

#[cfg(not(unix))]
pub(super) use portable::{Folder, Lock, make_alike, make_read_only};
#[cfg(unix)]
pub(super) use unix::{Folder, Lock, make_alike, make_read_only};

use std::io::Read as _;

use super::LayoutError;
use crate::fault::os_reason;

/// Why something in a folder was not opened.
#[derive(Debug)]
pub(super) enum Unopened {
    Missing,
    Link,
    /// Something else is there: a folder, a pipe, a device.
    Kind,
    Os(std::io::Error),
}

/// What was asked for, as messages name it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Wanted {
    File,
    Folder,
}

impl Unopened {
    /// The same about a path.
    pub fn about(self, path: &str, wanted: Wanted) -> LayoutError {
        let path = path.to_owned();
        match self {
            Unopened::Missing => LayoutError::Missing { path },
            Unopened::Link => LayoutError::Link { path },
            Unopened::Kind => {
                let wanted = match wanted {
                    Wanted::File => "a regular file",
                    Wanted::Folder => "a folder",
                };
                LayoutError::Kind { path, wanted }
            }
            Unopened::Os(error) => failed("open", &path, &error),
        }
    }
}

pub(super) fn failed(operation: &'static str, path: &str, error: &std::io::Error) -> LayoutError {
    LayoutError::File { operation, path: path.to_owned(), reason: os_reason(error) }
}

/// The content of a regular file. Its length is held to `limit` bytes before it is read, and again
/// while it is.
pub(super) fn read(
    folder: &Folder,
    name: &str,
    path: &str,
    limit: u64,
) -> Result<Vec<u8>, LayoutError> {
    let too_large = |actual| LayoutError::TooLarge { path: path.to_owned(), limit, actual };
    let file = folder.file(name).map_err(|unopened| unopened.about(path, Wanted::File))?;
    let length = file.metadata().map_err(|error| failed("stat", path, &error))?.len();
    if length > limit {
        return Err(too_large(length));
    }
    let mut bytes = Vec::new();
    file.take(limit + 1).read_to_end(&mut bytes).map_err(|error| failed("read", path, &error))?;
    match bytes.len() as u64 > limit {
        true => Err(too_large(limit + 1)),
        false => Ok(bytes),
    }
}
