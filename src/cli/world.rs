//! The only wiring of concrete clients.
