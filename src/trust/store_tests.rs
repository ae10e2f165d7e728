//! What a trust store refuses, and how it says so.
