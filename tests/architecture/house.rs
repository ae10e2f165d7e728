//! The rooms in their order, what each may touch, and the files they are made of.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use crate::source::{self, Source};

pub struct Room {
    pub name: &'static str,
    pub reach: Reach,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Reach {
    /// ★: network, disk, process, clock or environment.
    Outside,
    /// Computes from what it is given.
    Inside,
}

/// From the first word to the last edge: a room uses those that stand before it.
pub const ROOMS: &[Room] = &[
    inside("fault"),
    inside("env"),
    outside("clock"),
    inside("secret"),
    outside("http"),
    inside("crypto"),
    inside("x509"),
    inside("envelope"),
    outside("revocation"),
    outside("timestamp"),
    inside("lifetime"),
    outside("trust"),
    outside("config"),
    outside("credentials"),
    outside("azure"),
    outside("registry"),
    outside("plugin"),
    inside("sign"),
    inside("verify"),
    inside("batch"),
    inside("doctor"),
    outside("lab"),
    outside("ci"),
    outside("cli"),
];

pub const LAB_MAY_USE: &[&str] = &["clock", "secret"];

pub const MAY_USE_LAB: &[&str] = &["src/cli/commands/demo", "src/cli/commands/lab"];

/// One mistake in these must not cancel another in the lab.
pub const NOT_IN_LAB: &[&str] =
    &["x509_cert", "cms", "x509_tsp", "x509_ocsp", "coset", "oci_client"];

/// Paths that reach the world.
pub const WORLD: &[&str] = &[
    "std::fs",
    "std::env",
    "std::process::Command",
    "std::process::exit",
    "std::net::TcpListener",
    "std::net::TcpStream",
    "std::net::UdpSocket",
    "std::net::ToSocketAddrs",
    "std::os::unix::net",
    "std::time::SystemTime",
    "std::time::Instant",
    "std::thread::sleep",
    "time::OffsetDateTime::now_utc",
    "OffsetDateTime::now_utc",
    "tokio::fs",
    "tokio::net",
    "tokio::process",
    "tokio::time",
    "reqwest",
];

/// `env` copies the process's environment once; that is what it is for.
pub const EXCUSED: &[(&str, &&str)] = &[("env", &"std::env")];

/// What stands behind the traits `sign` and `verify` are given.
pub const HIDDEN_FROM_WORK: &[&[&str]] = &[
    &["crate", "azure"],
    &["crate", "config"],
    &["crate", "credentials"],
    &["crate", "http"],
    &["crate", "registry", "client"],
    &["crate", "revocation", "Checker"],
    &["crate", "revocation", "HttpFetch"],
    &["crate", "revocation", "CrlCache"],
    &["crate", "registry", "Client"],
    &["crate", "clock", "SystemClock"],
    &["oci_client", "Client"],
    &["oci_client", "client"],
];

/// The metadata service is this machine's own: no proxy, no roots, a connection in milliseconds or none.
pub const OWN_HTTP_CLIENT: &[&str] = &["src/azure/identity/managed.rs"];

/// Names that say nothing. (`helper`, alone, is docker's word for a program that keeps credentials.)
pub const EMPTY_NAMES: &[&str] = &["util", "utils", "common", "helpers", "misc", "shared", "stuff"];

const fn inside(name: &'static str) -> Room {
    Room { name, reach: Reach::Inside }
}

const fn outside(name: &'static str) -> Room {
    Room { name, reach: Reach::Outside }
}

pub fn position(room: &str) -> Option<usize> {
    ROOMS.iter().position(|known| known.name == room)
}

pub fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The files of `src/` without those that are compiled for tests alone.
pub fn program_files() -> Vec<Source> {
    let files = read("src");
    let tests: BTreeSet<String> = files.iter().flat_map(|file| file.test_modules.clone()).collect();
    let is_test = |path: &str| {
        tests.iter().any(|module| {
            path.strip_prefix(module.as_str())
                .is_some_and(|rest| rest == ".rs" || rest.starts_with('/'))
        })
    };
    files.into_iter().filter(|file| !is_test(&file.path)).collect()
}

/// Every Rust file of the project.
pub fn all_files() -> Vec<Source> {
    ["src", "tests", "benches"].into_iter().flat_map(read).collect()
}

fn read(folder: &str) -> Vec<Source> {
    let mut paths = Vec::new();
    walk(&root().join(folder), &mut paths);
    paths.sort();
    paths
        .into_iter()
        .map(|path| {
            let text = fs::read_to_string(&path).expect("source files are UTF-8");
            let parts: Vec<_> = path
                .strip_prefix(root())
                .expect("the walk starts at the root")
                .iter()
                .map(|part| part.to_string_lossy())
                .collect();
            source::read(parts.join("/"), text)
        })
        .collect()
}

fn walk(folder: &Path, paths: &mut Vec<PathBuf>) {
    let Ok(entries) = fs::read_dir(folder) else { return };
    for entry in entries.flatten() {
        let path = entry.path();
        if path.is_dir() {
            walk(&path, paths);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            paths.push(path);
        }
    }
}
