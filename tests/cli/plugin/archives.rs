//! `plugin install --file` of archives, honest and hostile.

use std::io::Write as _;

use flate2::Compression;
use flate2::write::{DeflateEncoder, GzEncoder};
use insta::assert_snapshot;
use rawzip::{CompressionMethod, ZipArchiveWriter};
use tar::{Builder, EntryType, Header};

use super::{Desk, version};

const ZIP: &str = "plugin install --file $HOME/plugin.zip";
const TAR: &str = "plugin install --file $HOME/plugin.tar.gz";
const TESTER: &str = "notation-tester";

/// An entry of a tar: its type, name, permission bits and content; the size said may be another.
struct Entry<'a> {
    kind: EntryType,
    name: &'a str,
    mode: u32,
    content: &'a [u8],
    size: Option<u64>,
}

fn file<'a>(name: &'a str, mode: u32, content: &'a [u8]) -> Entry<'a> {
    Entry { kind: EntryType::Regular, name, mode, content, size: None }
}

fn gz(bytes: &[u8]) -> Vec<u8> {
    let mut packer = GzEncoder::new(Vec::new(), Compression::fast());
    packer.write_all(bytes).and_then(|()| packer.finish()).expect("into memory")
}

fn tar_gz(entries: &[Entry<'_>]) -> Vec<u8> {
    gz(&tar(entries))
}

fn tar(entries: &[Entry<'_>]) -> Vec<u8> {
    let mut archive = Builder::new(Vec::new());
    for entry in entries {
        let mut header = Header::new_ustar();
        // the crate's own functions refuse hostile names
        header.as_old_mut().name[..entry.name.len()].copy_from_slice(entry.name.as_bytes());
        header.set_entry_type(entry.kind);
        header.set_mode(entry.mode);
        header.set_size(entry.size.unwrap_or(entry.content.len() as u64));
        if matches!(entry.kind, EntryType::Symlink | EntryType::Link) {
            header.set_link_name("/etc/passwd").expect("short");
        }
        header.set_cksum();
        archive.append(&header, entry.content).expect("into memory");
    }
    archive.into_inner().expect("into memory")
}

fn zip(entries: &[(&str, u32, &[u8])]) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut archive = ZipArchiveWriter::new(&mut bytes);
    for (name, mode, content) in entries {
        let path = rawzip::path::EntryPath::verbatim(name.as_bytes());
        let made = archive
            .new_file(path)
            .compression_method(CompressionMethod::DEFLATE)
            .unix_permissions(*mode);
        let (mut entry, config) = made.start().expect("into memory");
        let packer = DeflateEncoder::new(&mut entry, Compression::fast());
        let mut writer = config.wrap(packer);
        writer.write_all(content).expect("into memory");
        let (packer, descriptor) = writer.finish().expect("into memory");
        packer.finish().expect("into memory");
        entry.finish(descriptor).expect("into memory");
    }
    archive.finish().expect("into memory");
    bytes
}

impl Desk {
    fn untar(&self, entries: &[Entry<'_>]) -> String {
        self.home.write("plugin.tar.gz", tar_gz(entries));
        self.run(TAR)
    }

    fn unzip(&self, entries: &[(&str, u32, &[u8])]) -> String {
        self.home.write("plugin.zip", zip(entries));
        self.run(ZIP)
    }
}

#[test]
fn a_zip_is_installed_from_its_root() {
    let Some(desk) = Desk::new() else { return };
    let plugin = desk.program(&version("1.0.0"));
    let shown = desk.unzip(&[
        (TESTER, 0o100_755, &plugin),
        ("LICENSE", 0o100_666, b"MIT"),
        ("lib/", 0o040_755, b""),
        ("lib/notation-other", 0o100_755, b"x"),
        ("link", 0o120_777, b"/etc/passwd"),
        ("/notation-absolute", 0o100_755, b"x"),
    ]);
    assert_snapshot!(shown, @r"
    [stdout]
    Successfully installed plugin tester, version 1.0.0
    [exit] 0
    ");
    let files = ["tester 755", "tester/LICENSE 644", "tester/notation-tester 755"];
    assert_eq!(desk.installed(), files);
}

#[test]
fn a_tar_is_installed_flat_and_without_links_and_devices() {
    let Some(desk) = Desk::new() else { return };
    let plugin = desk.program(&version("1.0.0"));
    let special = |kind, name| Entry { kind, name, mode: 0o777, content: b"", size: None };
    let shown = desk.untar(&[
        special(EntryType::Directory, "bin/"),
        file("/opt/bin/notation-tester", 0o4777, &plugin),
        file("doc/LICENSE", 0o600, b"MIT"),
        special(EntryType::Symlink, "notation-link"),
        special(EntryType::Link, "hard"),
        special(EntryType::Char, "null"),
        special(EntryType::Block, "disk"),
        special(EntryType::Fifo, "pipe"),
    ]);
    assert_snapshot!(shown, @r"
    [stdout]
    Successfully installed plugin tester, version 1.0.0
    [exit] 0
    ");
    let files = ["tester 755", "tester/LICENSE 600", "tester/notation-tester 755"];
    assert_eq!(desk.installed(), files);
}

#[test]
fn a_tar_that_was_compressed_in_parts_is_installed_whole() {
    let Some(desk) = Desk::new() else { return };
    let plugin = desk.program(&version("1.0.0"));
    let packed = tar(&[file("LICENSE", 0o644, b"MIT"), file(TESTER, 0o755, &plugin)]);
    let (one, other) = packed.split_at(1024);
    desk.home.write("plugin.tar.gz", [gz(one), gz(other)].concat());
    assert!(desk.run(TAR).contains("Successfully installed plugin tester"));
    assert_eq!(desk.installed().len(), 3);
}

#[test]
fn the_one_candidate_is_made_executable() {
    let Some(desk) = Desk::new() else { return };
    let plugin = desk.program(&version("1.0.0"));
    assert_snapshot!(desk.untar(&[file(TESTER, 0o644, &plugin), file("README", 0o644, b"")]), @r#"
    [stdout]
    Successfully installed plugin tester, version 1.0.0
    [stderr]
    Warning: Found candidate plugin executable file "notation-tester" without executable permission. Setting user executable bit and trying to install.
    [exit] 0
    "#);
    let files = ["tester 755", "tester/README 644", "tester/notation-tester 744"];
    assert_eq!(desk.installed(), files);
}

#[test]
fn there_is_exactly_one_executable() {
    let Some(desk) = Desk::new() else { return };
    let none = "[stderr]\nError: plugin installation failed: failed to read plugin from input directory: no plugin executable file was found\n[exit] 1";
    for entries in [
        vec![],
        vec![file("signer", 0o755, b"x")],
        vec![file("notation-", 0o755, b"x")],
        vec![file("notation-a b", 0o755, b"x")],
        vec![file("notation-a", 0o644, b"x"), file("notation-b", 0o644, b"x")],
    ] {
        assert_eq!(desk.untar(&entries), none);
    }
    assert_eq!(desk.unzip(&[("bin/notation-tester", 0o100_755, b"x")]), none);
    let two = [file("notation-a", 0o755, b"x"), file("notation-b", 0o755, b"x")];
    assert_snapshot!(desk.untar(&two), @r"
    [stderr]
    Error: plugin installation failed: failed to read plugin from input directory: found more than one plugin executable files
    because notation-a is executable
    because notation-b is executable
    [exit] 1
    ");
}

#[test]
fn names_lead_nowhere_else_and_are_given_once() {
    let Some(desk) = Desk::new() else { return };
    let refused =
        |problem: &str| format!("[stderr]\nError: plugin installation failed: {problem}\n[exit] 1");
    for name in ["../notation-x", "a/../../notation-x", "a..b"] {
        let shown = desk.untar(&[file(TESTER, 0o755, b"x"), file(name, 0o755, b"x")]);
        let problem = format!("file name in tar.gz cannot contain '..', but found {name:?}");
        assert_eq!(shown, refused(&problem));
        let shown = desk.unzip(&[(name, 0o100_755, b"x")]);
        let problem = format!("file name in zip cannot contain '..', but found {name:?}");
        assert_eq!(shown, refused(&problem));
    }
    let shown = desk.untar(&[file("a\u{1b}[2J", 0o755, b"x")]);
    assert_eq!(shown, refused(r#"file name in tar.gz "a\u{1b}[2J" cannot be one of a file"#));
    let twice = [file("a/notation-tester", 0o755, b"x"), file("b/Notation-Tester", 0o755, b"x")];
    let shown = desk.untar(&twice);
    assert_eq!(shown, refused(r#"two files in tar.gz are named "Notation-Tester""#));
    let shown = desk.unzip(&[("x", 0o100_644, b"x"), ("x", 0o100_644, b"x")]);
    assert_eq!(shown, refused(r#"two files in zip are named "x""#));
    assert_eq!(desk.installed(), Vec::<String>::new());
}

#[test]
fn sizes_are_counted_and_not_believed() {
    let Some(desk) = Desk::new() else { return };
    let too_large = "[stderr]\nError: plugin installation failed: total file size reached the 256 MiB size limit\n[exit] 1";
    let zeros = vec![0; 64 * 1024 * 1024];
    let four = ["a", "b", "c", "d"];
    assert_eq!(desk.unzip(&four.map(|name| (name, 0o100_644, zeros.as_slice()))), too_large);
    assert_eq!(desk.untar(&four.map(|name| file(name, 0o644, &zeros))), too_large);
    // more is said than there is
    let lie = |size| [Entry { size: Some(size), ..file(TESTER, 0o755, b"x") }];
    assert_eq!(desk.untar(&lie(1 << 40)), too_large);
    let shown = desk.untar(&lie(1 << 20));
    assert!(shown.contains("Error: plugin installation failed: malformed tar.gz: "), "{shown}");
    assert_eq!(desk.installed(), Vec::<String>::new());
}

#[test]
fn entries_are_counted() {
    let Some(desk) = Desk::new() else { return };
    let names: Vec<String> = (0..10_001).map(|n| n.to_string()).collect();
    let special = |name| Entry { kind: EntryType::Fifo, name, mode: 0, content: b"", size: None };
    let entries: Vec<Entry<'_>> = names.iter().map(|name| special(name.as_str())).collect();
    assert_snapshot!(desk.untar(&entries), @r"
    [stderr]
    Error: plugin installation failed: the archive has more than 10000 entries
    [exit] 1
    ");
}

#[test]
fn what_is_no_archive_is_refused() {
    let Some(desk) = Desk::new() else { return };
    desk.home.write("plugin.zip", b"PK\x03\x04 and no more");
    let shown = desk.run(ZIP);
    assert!(shown.starts_with("[stderr]\nError: plugin installation failed: malformed zip: "));
    desk.home.write("plugin.tar.gz", b"\x1f\x8b\x08 and no more");
    let shown = desk.run(TAR);
    assert!(shown.starts_with("[stderr]\nError: plugin installation failed: malformed tar.gz: "));
    // a flipped bit of what is packed
    let mut packed = zip(&[(TESTER, 0o100_755, b"some text that is packed here")]);
    packed[50] ^= 1;
    desk.home.write("plugin.zip", packed);
    let shown = desk.run(ZIP);
    assert!(shown.starts_with("[stderr]\nError: plugin installation failed: malformed zip: "));
    assert_eq!(desk.installed(), Vec::<String>::new());
}
