//! RFC 3161 timestamps: `Parsed` → `Verified`, and the authorities that make them.

mod authority;
mod ber;
mod chain;
mod cms;
mod error;
mod info;
mod request;
mod stamp_error;
mod stamper;
mod token;

pub use authority::{Authority, HttpAuthority};
pub use error::{TokenError, TokenPart};
pub use info::Interval;
pub use request::{Request, token_of_reply};
pub use stamp_error::StampError;
pub use stamper::{Stamper, root_certificate, verified_for};
pub use token::{Claims, Parsed, TOKEN_LIMIT, Verified};
