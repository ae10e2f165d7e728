//! Results as text: tables, trees, JSON.

pub mod json;
pub mod table;
pub mod text;
pub mod tree;
