//! The command line: one file per command; `world` is the only wiring.
