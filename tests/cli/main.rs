//! The command line as its users meet it: real processes in a home of their own.

mod support;
mod timestamp;

mod arguments;
mod azure;
mod cert;
mod inspect;
mod key;
mod limits;
mod list;
mod login;
mod many;
mod plugin;
mod policy;
mod sign;
mod verify;
mod world;
