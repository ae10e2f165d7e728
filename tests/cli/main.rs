//! The command line as its users meet it: real processes in a home of their own.

#[path = "../program/mod.rs"]
mod program;
mod support;
mod timestamp;
mod unreadable_timestamp;

mod acr_build;
mod arguments;
mod article;
mod artifact_signing;
mod azure;
#[cfg(unix)]
mod called_as_notation;
mod cert;
#[cfg(unix)]
mod credential_stores;
mod demo;
mod doctor;
mod export;
mod inspect;
mod key;
mod limits;
mod list;
mod login;
mod many;
mod plugin;
mod policy;
mod prune;
mod recursive;
mod sign;
#[cfg(unix)]
mod transcripts;
mod vault;
mod verify;
mod world;
