//! The command line as its users meet it: real processes in a home of their own.

#[path = "../program/mod.rs"]
mod program;
mod support;
#[path = "../plugin/tester.rs"]
mod tester;
mod timestamp;
mod unreadable_timestamp;

mod acr_build;
mod arguments;
mod article;
mod artifact_signing;
mod azure;
mod blob;
mod ca_file;
#[cfg(unix)]
mod called_as_notation;
mod cert;
mod cert_url;
mod cleanup_test;
#[cfg(unix)]
mod credential_stores;
mod debug;
mod demo;
mod doctor;
mod export;
mod flags_of_notation;
mod inspect;
mod key;
mod key_add_local;
mod limits;
mod list;
mod login;
mod many;
mod native_plugin;
mod oci_layout;
mod plugin;
mod plugin_serve;
mod policy;
mod policy_init;
mod prune;
mod recursive;
mod sign;
mod sign_plugin;
mod sign_plugin_refused;
#[cfg(unix)]
mod transcripts;
mod vault;
mod verify;
mod verify_plugin;
mod world;
