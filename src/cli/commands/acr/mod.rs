//! `acr`: what an Azure container registry does by itself.

mod build;

pub use build::BUILD;
