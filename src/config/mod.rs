//! notation's directories and files, and docker's config.json (reference 9.1–9.3).

mod dirs;

pub use dirs::{DirError, Dirs};
