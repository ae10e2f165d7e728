//! The rules of the house (the crate's documentation draws its map), held for every source file.

#[path = "architecture/house.rs"]
mod house;
#[path = "architecture/source.rs"]
mod source;

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use house::{ROOMS, Reach};
use source::{Source, Use};

/// A longer file wants to be two.
const LINES_PER_FILE: usize = 500;
/// `main` reads as the program.
const LINES_OF_MAIN: usize = 40;

#[test]
fn a_room_uses_only_rooms_that_stand_before_it() {
    hold(house::program_files(), |file, used| {
        let (room, other) = (file.room(), used.room()?);
        let (from, to) = (house::position(room)?, house::position(other)?);
        let allowed = if other == "lab" && room != "lab" {
            house::MAY_USE_LAB.iter().any(|path| file.path.starts_with(path))
        } else if room == "lab" {
            other == "lab" || house::LAB_MAY_USE.contains(&other)
        } else {
            to <= from && !(room == "verify" && other == "sign")
        };
        (!allowed).then(|| format!("{room} may not use {other}"))
    });
}

#[test]
fn only_the_rooms_with_a_star_touch_the_world() {
    hold(house::program_files(), |file, used| {
        let room = ROOMS.iter().find(|room| room.name == file.room())?;
        let touched = house::WORLD.iter().find(|thing| used.mentions(thing))?;
        let excused = house::EXCUSED.contains(&(room.name, touched));
        (room.reach == Reach::Inside && !excused)
            .then(|| format!("{} may not touch the world through {touched}", room.name))
    });
}

#[test]
fn sign_and_verify_see_traits_only() {
    hold(house::program_files(), |file, used| {
        if !["sign", "verify"].contains(&file.room()) {
            return None;
        }
        let hidden = house::HIDDEN_FROM_WORK.iter().find(|path| used.starts_with(path))?;
        Some(format!("{} may not name the concrete {}", file.room(), hidden.join("::")))
    });
}

#[test]
fn the_lab_shares_no_format_code_with_the_program() {
    hold(house::program_files(), |file, used| {
        let library = house::NOT_IN_LAB.iter().find(|library| used.first() == **library)?;
        (file.room() == "lab").then(|| format!("lab may not use {library}"))
    });
}

#[test]
fn anyhow_stays_at_the_edge() {
    hold(house::program_files(), |file, used| {
        let edge = ["cli", "main"].contains(&file.room());
        (used.first() == "anyhow" && !edge).then(|| "anyhow lives in cli/ and main.rs".to_owned())
    });
}

#[test]
fn http_clients_are_made_in_one_room() {
    hold(house::program_files(), |file, used| {
        let makes = used.starts_with(&["reqwest", "ClientBuilder"])
            || used.starts_with(&["reqwest", "Client", "builder"]);
        let excused = house::OWN_HTTP_CLIENT.contains(&file.path.as_str());
        (makes && !excused && file.room() != "http")
            .then(|| "a command has one HTTP client".to_owned())
    });
}

#[test]
fn the_map_names_each_room_and_its_star() {
    let library = fs::read_to_string(house::root().join("src/lib.rs")).expect("src/lib.rs is text");
    let drawn: BTreeSet<(String, bool)> = library
        .lines()
        .filter(|line| line.starts_with("//! |"))
        .filter_map(|line| {
            let (name, rest) = line.split_once("[`")?.1.split_once("`]")?;
            Some((name.to_owned(), rest.split('|').next()?.contains('★')))
        })
        .collect();
    let held: BTreeSet<(String, bool)> =
        ROOMS.iter().map(|room| (room.name.to_owned(), room.reach == Reach::Outside)).collect();
    assert_eq!(drawn, held, "the map in lib.rs and the rooms held here");

    let present: BTreeSet<String> = house::program_files()
        .iter()
        .map(|file| file.room().to_owned())
        .filter(|room| !["lib", "main"].contains(&room.as_str()))
        .collect();
    let named: BTreeSet<String> = drawn.into_iter().map(|(name, _)| name).collect();
    assert_eq!(present, named, "the rooms in src/ and those on the map");
}

#[test]
fn files_are_short_and_say_first_what_they_are() {
    let mut problems = Vec::new();
    for file in house::all_files() {
        let lines = file.text.lines().count();
        if lines > LINES_PER_FILE {
            problems.push(format!("{}: {lines} lines, at most {LINES_PER_FILE}", file.path));
        }
        if !file.text.starts_with("//! ") {
            problems.push(format!("{}: the first line is not a //! line", file.path));
        }
        if file.path == "src/main.rs" && lines >= LINES_OF_MAIN {
            problems.push(format!("{}: {lines} lines, under {LINES_OF_MAIN}", file.path));
        }
    }
    none(&problems);
}

#[test]
fn names_are_the_fields_words() {
    let mut problems = Vec::new();
    for file in house::all_files() {
        for part in Path::new(&file.path).with_extension("").iter().filter_map(|p| p.to_str()) {
            if house::EMPTY_NAMES.contains(&part) {
                problems.push(format!("{}: {part} is no name", file.path));
            }
        }
    }
    for file in house::program_files() {
        for name in file.functions.iter().filter(|name| name.starts_with("get_")) {
            problems.push(format!("{}: {name} needs no get_", file.path));
        }
    }
    none(&problems);
}

#[test]
fn nothing_is_global() {
    let mut problems = Vec::new();
    for file in house::program_files() {
        for kind in &file.globals {
            problems.push(format!("{}: {kind} is a global", file.path));
        }
    }
    none(&problems);
}

#[test]
fn every_dependency_says_what_it_is_for() {
    let manifest =
        fs::read_to_string(house::root().join("Cargo.toml")).expect("Cargo.toml is text");
    let mut in_dependencies = false;
    let mut problems = Vec::new();
    for line in manifest.lines().map(str::trim) {
        if let Some(table) = line.strip_prefix('[') {
            in_dependencies = table.trim_end_matches(']').ends_with("dependencies");
        } else if in_dependencies && !line.is_empty() && !line.starts_with('#') {
            let purpose = line.rsplit_once(" # ").map_or("", |(_, purpose)| purpose);
            if purpose.trim().is_empty() {
                problems.push(format!("Cargo.toml: {line}"));
            }
        }
    }
    none(&problems);
}

#[test]
fn the_scan_sees_uses_and_not_what_only_looks_like_them() {
    let text = r##"//! crate::comment::X
use std::{fmt, fs::{self as disk, File}};
use super::super::trust::Policy;
pub fn get_it<'a>(x: &'a str) -> crate::clock::Instant { tokio::fs::read("std::net::TcpStream") }
static ALIVE: std::sync::OnceLock<u8> = OnceLock::new();
static TABLE: [&'static str; 1] = [r#"crate::raw::Text"#];
#[cfg(test)]
#[allow(unused)]
pub(crate) mod faking;
#[cfg(test)]
mod tests { use crate::lab::Lab; }
fn after() -> crate::secret::Secret {}
"##;
    let file = source::read("src/azure/key_vault/signer.rs".to_owned(), text.to_owned());
    let uses: Vec<String> = file.uses.iter().map(ToString::to_string).collect();
    let expected = [
        "std::fmt",
        "std::fs::self",
        "std::fs::File",
        "crate::azure::trust::Policy",
        "crate::clock::Instant",
        "tokio::fs::read",
        "std::sync::OnceLock",
        "OnceLock::new",
        "crate::secret::Secret",
    ];
    assert_eq!(uses, expected);
    assert_eq!(file.room(), "azure");
    assert_eq!(file.functions, ["get_it", "after"]);
    assert_eq!(file.globals, ["static OnceLock"]);
    assert_eq!(
        file.test_modules,
        ["src/azure/key_vault/signer/faking", "src/azure/key_vault/signer/tests"]
    );
}

/// Applies a rule to everything each file uses outside its tests.
fn hold(files: Vec<Source>, rule: impl Fn(&Source, &Use) -> Option<String>) {
    assert!(!files.is_empty(), "there are source files");
    let mut problems = BTreeSet::new();
    for file in &files {
        for used in &file.uses {
            if let Some(problem) = rule(file, used) {
                problems.insert(format!("{}: {problem}: {used}", file.path));
            }
        }
    }
    none(&problems.into_iter().collect::<Vec<_>>());
}

fn none(problems: &[String]) {
    assert!(problems.is_empty(), "\n{}", problems.join("\n"));
}
