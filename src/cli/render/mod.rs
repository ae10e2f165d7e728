//! Results as text: tables, trees, JSON.

pub mod blob_inspect;
pub mod doctor;
pub mod inspect;
pub mod json;
pub mod outcome;
pub mod table;
pub mod text;
pub mod tree;
