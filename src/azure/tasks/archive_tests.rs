//! What is packed, what is not, and how.

use std::collections::BTreeMap;

use super::*;
use crate::fault::Fault;

fn folder(files: &[(&str, &str)]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (name, content) in files {
        let path = folder.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, content).unwrap();
    }
    folder
}

/// Names in the archive with what they hold; a link's target after `-> `.
fn unpacked(packed: Packed) -> BTreeMap<String, String> {
    let mut archive = tar::Archive::new(flate2::read::GzDecoder::new(packed.file));
    let mut entries = BTreeMap::new();
    for entry in archive.entries().unwrap() {
        let mut entry = entry.unwrap();
        assert_eq!((entry.header().uid().unwrap(), entry.header().gid().unwrap()), (0, 0));
        let name = entry.path().unwrap().to_str().unwrap().to_owned();
        let content = match entry.link_name().unwrap() {
            Some(target) => format!("-> {}", target.display()),
            None => {
                let mut text = String::new();
                entry.read_to_string(&mut text).unwrap();
                text
            }
        };
        assert!(entries.insert(name, content).is_none(), "twice");
    }
    entries
}

fn names(packed: Packed) -> Vec<String> {
    unpacked(packed).into_keys().collect()
}

#[test]
fn what_dockerignore_leaves_is_packed_and_the_dockerfile_in_any_case() {
    let folder = folder(&[
        ("Dockerfile", "FROM scratch"),
        (".dockerignore", "*\n!src\nsrc/**/*.log"),
        ("secret.env", "x"),
        ("src/a.c", "int a;"),
        ("src/deep/b.log", "x"),
        (".git/config", "token"),
    ]);
    let packed = pack(folder.path(), None).unwrap();
    assert_eq!(packed.dockerfile, "Dockerfile");
    let entries = unpacked(packed);
    let names: Vec<&str> = entries.keys().map(String::as_str).collect();
    assert_eq!(names, ["Dockerfile", "src/", "src/a.c", "src/deep/"]);
    assert_eq!(entries["Dockerfile"], "FROM scratch");
    assert_eq!(entries["src/a.c"], "int a;");
}

#[test]
fn version_control_is_left_out_unless_it_is_taken_back() {
    let files = [
        ("Dockerfile", ""),
        (".git/config", "token"),
        (".gitignore", ""),
        ("a/.git/config", "token"),
        ("a/x", ""),
    ];
    let folder = folder(&files);
    let expected = [".gitignore", "Dockerfile", "a/", "a/x"];
    assert_eq!(names(pack(folder.path(), None).unwrap()), expected);
    std::fs::write(folder.path().join(".dockerignore"), "!.git\na").unwrap();
    let expected = [".dockerignore", ".git/", ".git/config", ".gitignore", "Dockerfile"];
    assert_eq!(names(pack(folder.path(), None).unwrap()), expected);
    std::fs::write(folder.path().join(".dockerignore"), "!a/.git").unwrap();
    let expected =
        [".dockerignore", ".gitignore", "Dockerfile", "a/", "a/.git/", "a/.git/config", "a/x"];
    assert_eq!(names(pack(folder.path(), None).unwrap()), expected);
}

#[test]
fn another_dockerfile_has_its_own_rules_and_its_own_place() {
    let inner = folder(&[
        ("Dockerfile", "wrong"),
        ("build/app.Dockerfile", "right"),
        ("build/app.Dockerfile.dockerignore", "build\nDockerfile"),
        (".dockerignore", "a"),
        ("a", ""),
    ]);
    let packed = pack(inner.path(), Some(&inner.path().join("build/app.Dockerfile"))).unwrap();
    assert_eq!(packed.dockerfile, "build/app.Dockerfile");
    let entries = unpacked(packed);
    assert_eq!(entries["build/app.Dockerfile"], "right");
    let names: Vec<&str> = entries.keys().map(String::as_str).collect();
    assert_eq!(names, ["a", "build/app.Dockerfile"]);

    let outside = folder(&[("Dockerfile", "outside"), ("Dockerfile.given", "")]);
    let packed = pack(inner.path(), Some(&outside.path().join("Dockerfile"))).unwrap();
    assert_eq!(packed.dockerfile, "Dockerfile.given");
    let entries = unpacked(packed);
    assert_eq!((&*entries["Dockerfile.given"], &*entries["Dockerfile"]), ("outside", "wrong"));
    let packed = pack(outside.path(), Some(&inner.path().join("Dockerfile"))).unwrap();
    assert_eq!(packed.dockerfile, "Dockerfile.given1");
}

#[cfg(unix)]
#[test]
fn links_stay_links_and_are_never_followed() {
    use std::os::unix::fs::symlink;
    let outside = folder(&[("secret", "hidden"), ("Dockerfile", "FROM evil")]);
    let inner = folder(&[("Dockerfile", "FROM scratch"), ("a/b", "")]);
    let at = |name: &str| inner.path().join(name);
    symlink(outside.path(), at("out")).unwrap();
    symlink(outside.path().join("secret"), at("file")).unwrap();
    symlink("a", at("in")).unwrap();
    symlink(".", at("loop")).unwrap();
    let entries = unpacked(pack(inner.path(), None).unwrap());
    assert_eq!(entries["out"], format!("-> {}", outside.path().display()));
    assert_eq!(entries["loop"], "-> .");
    assert_eq!(entries["in"], "-> a");
    assert!(!entries.values().any(|content| content == "hidden"));
    assert_eq!(entries.len(), 7);

    // a Dockerfile behind a link is read where it is inside, and refused where it is not
    std::fs::rename(at("Dockerfile"), at("real")).unwrap();
    symlink("real", at("Dockerfile")).unwrap();
    assert_eq!(unpacked(pack(inner.path(), None).unwrap())["Dockerfile"], "FROM scratch");
    for (link, target) in [("Dockerfile", "Dockerfile"), ("b", "")] {
        let _ = std::fs::remove_file(at(link));
        symlink(outside.path().join(target), at(link)).unwrap();
        let named = at(link).join(if target.is_empty() { "Dockerfile" } else { "" });
        let named = PathBuf::from(named.to_str().unwrap().trim_end_matches('/'));
        let error = pack(inner.path(), Some(&named)).err().unwrap();
        assert!(error.to_string().ends_with("a link that leads out of the folder"), "{error}");
    }
}

#[cfg(unix)]
#[test]
fn what_is_no_file_is_skipped_and_long_names_are_kept() {
    let inner = folder(&[("Dockerfile", ""), (&"long/".repeat(60), "")][..1]);
    let long = "long/".repeat(60) + "file";
    std::fs::create_dir_all(inner.path().join(&long).parent().unwrap()).unwrap();
    std::fs::write(inner.path().join(&long), "x").unwrap();
    let _listener = std::os::unix::net::UnixListener::bind(inner.path().join("socket")).unwrap();
    let packed = pack(inner.path(), None).unwrap();
    assert_eq!(packed.skipped.len(), 1);
    assert!(packed.entries == 62 && packed.size > 0);
    assert!(names(packed).contains(&long));
}

#[test]
fn what_cannot_be_packed_is_named() {
    let empty = tempfile::tempdir().unwrap();
    let error = pack(empty.path(), None).err().unwrap();
    assert_eq!(error.code(), "azure-build-dockerfile");
    assert!(error.to_string().ends_with("Dockerfile: no such file or directory"), "{error}");
    std::fs::create_dir(empty.path().join("Dockerfile")).unwrap();
    let error = pack(empty.path(), None).err().unwrap();
    assert!(error.to_string().ends_with("it is no file"), "{error}");
    let gone = pack(&empty.path().join("gone"), None).err().unwrap();
    assert_eq!(gone.code(), "azure-build-pack");
    let bad = folder(&[("Dockerfile", ""), (".dockerignore", "a\n[b\n")]);
    let error = pack(bad.path(), None).err().unwrap();
    assert_eq!(error.code(), "azure-build-dockerignore");
    assert!(error.to_string().ends_with(".dockerignore, line 2: a class without its end: \"[b\""));
}

#[test]
fn what_is_too_much_is_refused() {
    let inner = folder(&[("Dockerfile", ""), (".dockerignore", &"#".repeat(1024 * 1024 + 1))]);
    let error = pack(inner.path(), None).err().unwrap();
    assert_eq!(error.code(), "azure-build-too-large");
    assert!(error.to_string().ends_with("has more than 1048576 bytes of .dockerignore"), "{error}");
    let deep = folder(&[("Dockerfile", "")]);
    std::fs::create_dir_all(deep.path().join("a/".repeat(DEPTH + 1))).unwrap();
    let error = pack(deep.path(), None).err().unwrap();
    assert_eq!(error.code(), "azure-build-too-large");
    let sparse = folder(&[("Dockerfile", "")]);
    let file = File::create(sparse.path().join("hole")).unwrap();
    file.set_len(SIZE + 1).unwrap();
    let error = pack(sparse.path(), None).err().unwrap();
    assert!(error.to_string().ends_with("has more than 4294967296 bytes"), "{error}");
}
