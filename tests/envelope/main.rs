//! Envelopes: written, read, refused, and attacked bit by bit.

mod fake;
mod flips;
mod forge;
mod hostile;
mod pki;
mod plugin_raw;
mod plugin_whole;
mod refused_cose;
mod refused_everywhere;
mod refused_jws;
mod tolerated;
mod written;
