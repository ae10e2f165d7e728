//! Plugins as real processes.
