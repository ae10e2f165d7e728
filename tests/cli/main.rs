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
mod cert;
mod demo;
mod doctor;
mod export;
mod inspect;
mod key;
mod limits;
mod list;
mod login;
mod many;
mod native_plugin;
mod plugin;
mod plugin_serve;
mod policy;
mod prune;
mod recursive;
mod sign;
mod sign_plugin;
mod sign_plugin_refused;
mod vault;
mod verify;
mod verify_plugin;
mod world;
