//! The command line as its users meet it: real processes in a home of their own.

mod support;

mod arguments;
mod cert;
mod key;
mod plugin;
mod policy;
