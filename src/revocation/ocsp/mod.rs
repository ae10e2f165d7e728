//! OCSP: the request, and the answer, parsed → checked (RFC 6960; RFC 5019).

mod answer;
mod request;
mod responder;
mod single;
#[cfg(test)]
mod tests;

pub use answer::OcspAnswer;
pub use request::request;

/// The word for it in errors.
const OCSP: &str = "OCSP answer";
