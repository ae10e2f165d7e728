//! An HTTPS server of a few lines, for this room's tests.
