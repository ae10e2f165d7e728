//! Signing: resolve → payload → envelope → push → read back.
