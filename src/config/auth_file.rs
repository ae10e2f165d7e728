//! The credential members of docker's config.json, which notation's config.json shares:
//! `auths`, `credsStore`, `credHelpers`.

use std::path::{Path, PathBuf};

use serde::Deserialize;
use serde_json::{Map, Value};

use super::dirs::{Platform, home};
use super::files::{self, Links, write_atomic};
use super::{ConfigError, DirError};
use crate::env::{Env, name};

/// A config.json with its credential members checked and every other member kept as it is.
#[derive(Clone, PartialEq)]
pub struct AuthFile {
    path: PathBuf,
    content: Map<String, Value>,
}

/// One entry of `auths`, as written.
#[derive(Clone, Default, PartialEq, Eq, Deserialize)]
pub struct AuthEntry {
    /// Base64 of `user:password`.
    #[serde(default)]
    pub auth: Option<String>,
    #[serde(default)]
    pub username: Option<String>,
    #[serde(default)]
    pub password: Option<String>,
    /// A refresh token.
    #[serde(default)]
    pub identitytoken: Option<String>,
    /// A bearer token.
    #[serde(default)]
    pub registrytoken: Option<String>,
}

/// Where docker keeps its configuration: `$DOCKER_CONFIG/config.json`, else `~/.docker/config.json`.
pub fn docker_config(env: &Env) -> Result<PathBuf, DirError> {
    let folder = match env.value(name::DOCKER_CONFIG) {
        Some(folder) => PathBuf::from(folder),
        None => home(Platform::CURRENT, env)?.join(".docker"),
    };
    Ok(folder.join("config.json"))
}

const AUTHS: &str = "auths";
const STORE: &str = "credsStore";
const HELPERS: &str = "credHelpers";

impl AuthFile {
    /// Reads the file; one that does not exist or is empty configures nothing.
    pub fn load(path: &Path, links: Links) -> Result<Self, ConfigError> {
        let malformed =
            |reason: String| ConfigError::Malformed { path: path.display().to_string(), reason };
        let bytes = files::read(path, links)?.unwrap_or_default();
        let content: Map<String, Value> = match bytes.trim_ascii() {
            b"" => Map::new(),
            // a message about syntax quotes places, one about a type would quote the value
            text => match serde_json::from_slice(text) {
                Ok(Value::Object(content)) => content,
                Ok(_) => return Err(malformed("it is no JSON object".to_owned())),
                Err(error) => return Err(malformed(error.to_string())),
            },
        };
        let file = Self { path: path.to_owned(), content };
        file.check_types().map_err(|member| malformed(format!("wrong type of {member:?}")))?;
        Ok(file)
    }

    pub fn path(&self) -> &Path {
        &self.path
    }

    /// There is any entry in `auths`, any helper or a store.
    pub fn is_configured(&self) -> bool {
        let any = |member| self.object(member).is_some_and(|object| !object.is_empty());
        self.store().is_some() || any(HELPERS) || any(AUTHS)
    }

    /// The helper for one server (`credHelpers`), else the one for all (`credsStore`).
    pub fn helper(&self, server: &str) -> Option<&str> {
        let own = self.object(HELPERS).and_then(|helpers| helpers.get(server));
        own.and_then(Value::as_str).filter(|name| !name.is_empty()).or_else(|| self.store())
    }

    /// The entry of a server: its own key, else the first key whose host is this server
    /// (`https://<server>/…`).
    pub fn entry(&self, server: &str) -> Result<Option<AuthEntry>, ConfigError> {
        let Some(auths) = self.object(AUTHS) else { return Ok(None) };
        let legacy = || auths.iter().find(|(key, _)| host_of(key) == server);
        let found = auths.get_key_value(server).or_else(legacy);
        let Some((key, value)) = found else { return Ok(None) };
        // the value may hold secrets, so the reason names the key alone
        let malformed = |_| ConfigError::Malformed {
            path: self.path.display().to_string(),
            reason: format!("wrong type in the entry of {key:?} in \"auths\""),
        };
        AuthEntry::deserialize(value).map(Some).map_err(malformed)
    }

    /// Sets a server's entry and writes the file, mode 0600; other members stay.
    pub fn put(&mut self, server: &str, entry: &AuthEntry) -> Result<(), ConfigError> {
        let fields = [
            ("auth", &entry.auth),
            ("username", &entry.username),
            ("password", &entry.password),
            ("identitytoken", &entry.identitytoken),
            ("registrytoken", &entry.registrytoken),
        ];
        let given = fields.into_iter().filter_map(|(name, value)| {
            value.as_ref().map(|value| (name.to_owned(), Value::from(value.as_str())))
        });
        let auths = self.content.entry(AUTHS).or_insert_with(|| Value::Object(Map::new()));
        if auths.is_null() {
            *auths = Value::Object(Map::new());
        }
        let auths = auths.as_object_mut().expect("check_types found an object or null");
        auths.insert(server.to_owned(), Value::Object(given.collect()));
        self.save()
    }

    /// Removes every entry that [`AuthFile::entry`] would find for a server; true when there was
    /// one and the file was written.
    pub fn remove(&mut self, server: &str) -> Result<bool, ConfigError> {
        let Some(auths) = self.content.get_mut(AUTHS).and_then(Value::as_object_mut) else {
            return Ok(false);
        };
        let before = auths.len();
        auths.retain(|key, _| key != server && host_of(key) != server);
        if auths.len() == before {
            return Ok(false);
        }
        self.save()?;
        Ok(true)
    }

    fn store(&self) -> Option<&str> {
        self.content.get(STORE).and_then(Value::as_str).filter(|name| !name.is_empty())
    }

    fn object(&self, member: &str) -> Option<&Map<String, Value>> {
        self.content.get(member).and_then(Value::as_object)
    }

    fn check_types(&self) -> Result<(), &'static str> {
        let is_object = |value: &Value| value.is_object() || value.is_null();
        let is_text = |value: &Value| value.is_string() || value.is_null();
        let checked = |member, fits: &dyn Fn(&Value) -> bool| match self.content.get(member) {
            Some(value) if !fits(value) => Err(member),
            _ => Ok(()),
        };
        checked(AUTHS, &is_object)?;
        checked(STORE, &is_text)?;
        checked(HELPERS, &is_object)?;
        let names = self.object(HELPERS).map(|helpers| helpers.values().all(is_text));
        if names == Some(false) { Err(HELPERS) } else { Ok(()) }
    }

    fn save(&self) -> Result<(), ConfigError> {
        // docker indents its file with tabs, and ends it at the last brace
        let format = serde_json::ser::PrettyFormatter::with_indent(b"\t");
        let mut bytes = Vec::new();
        let mut writer = serde_json::Serializer::with_formatter(&mut bytes, format);
        serde::Serialize::serialize(&self.content, &mut writer)
            .expect("a JSON value is written to memory");
        write_atomic(&files::write_target(&self.path), &bytes, 0o600)
    }
}

impl std::fmt::Debug for AuthFile {
    /// The path only: the content holds secrets.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "AuthFile({})", self.path.display())
    }
}

impl std::fmt::Debug for AuthEntry {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("AuthEntry([secret])")
    }
}

/// The host part of a key that may be an address, as docker wrote them once.
fn host_of(key: &str) -> &str {
    let key = key.strip_prefix("http://").unwrap_or(key);
    let key = key.strip_prefix("https://").unwrap_or(key);
    key.split('/').next().unwrap_or(key)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fault::Fault as _;

    fn with(text: &str) -> (tempfile::TempDir, Result<AuthFile, ConfigError>) {
        let home = tempfile::tempdir().expect("a folder");
        let path = home.path().join("config.json");
        std::fs::write(&path, text).expect("written");
        let file = AuthFile::load(&path, Links::Follow);
        (home, file)
    }

    fn valid(text: &str) -> (tempfile::TempDir, AuthFile) {
        let (home, file) = with(text);
        (home, file.expect("valid"))
    }

    fn on_disk(file: &AuthFile) -> String {
        std::fs::read_to_string(file.path()).expect("written")
    }

    fn user(auth: &str) -> AuthEntry {
        AuthEntry { auth: Some(auth.into()), ..AuthEntry::default() }
    }

    #[test]
    fn nothing_is_configured_without_entries_helpers_or_a_store() {
        for text in ["", " \n", "{}", r#"{"auths":{},"credsStore":"","credHelpers":null}"#] {
            assert!(!valid(text).1.is_configured(), "{text}");
        }
        for text in
            [r#"{"auths":{"a":{}}}"#, r#"{"credsStore":"x"}"#, r#"{"credHelpers":{"a":"x"}}"#]
        {
            assert!(valid(text).1.is_configured(), "{text}");
        }
    }

    #[test]
    fn a_servers_own_helper_goes_before_the_store() {
        let (_home, file) = valid(r#"{"credsStore":"all","credHelpers":{"a.io":"own","b.io":""}}"#);
        assert_eq!(file.helper("a.io"), Some("own"));
        assert_eq!(file.helper("b.io"), Some("all"));
        assert_eq!(valid("{}").1.helper("a.io"), None);
    }

    #[test]
    fn entries_match_their_own_key_first_then_an_address_of_the_host() {
        let (_home, file) = valid(
            r#"{"auths":{"https://a.io/v1/":{"auth":"1"},"a.io":{"auth":"2"},"https://b.io/v2/":{"auth":"3"},"evil.io/b.io":{"auth":"4"}}}"#,
        );
        assert_eq!(file.entry("a.io"), Ok(Some(user("2"))));
        assert_eq!(file.entry("b.io"), Ok(Some(user("3"))));
        assert_eq!(file.entry("io"), Ok(None));
        assert_eq!(file.entry("https://a.io/v1/"), Ok(Some(user("1"))));
    }

    #[test]
    fn writing_keeps_every_other_member_and_is_private() {
        let (_home, mut file) = valid(
            r#"{"zeta":[1,{"b":null}],"auths":{"x":{"auth":"1","email":"e"}},"psFormat":"t"}"#,
        );
        file.put("a.io", &user("2")).expect("written");
        assert_eq!(
            on_disk(&file),
            "{\n\t\"auths\": {\n\t\t\"a.io\": {\n\t\t\t\"auth\": \"2\"\n\t\t},\n\t\t\"x\": {\n\t\t\t\"auth\": \"1\",\n\t\t\t\"email\": \"e\"\n\t\t}\n\t},\n\t\"psFormat\": \"t\",\n\t\"zeta\": [\n\t\t1,\n\t\t{\n\t\t\t\"b\": null\n\t\t}\n\t]\n}"
        );
        assert_eq!(file.remove("a.io"), Ok(true));
        assert_eq!(file.remove("a.io"), Ok(false));
        assert!(!on_disk(&file).contains("a.io"));
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            let mode = std::fs::metadata(file.path()).expect("there").permissions().mode();
            assert_eq!(mode & 0o777, 0o600);
        }
    }

    #[test]
    fn a_file_that_is_not_there_is_made() {
        let home = tempfile::tempdir().expect("a folder");
        let path = home.path().join(".docker/config.json");
        let mut file = AuthFile::load(&path, Links::Follow).expect("absent");
        assert_eq!(file.remove("a.io"), Ok(false));
        assert!(!path.exists());
        file.put("a.io", &user("2")).expect("written");
        let again = AuthFile::load(&path, Links::Follow).expect("written");
        assert_eq!(again.entry("a.io"), Ok(Some(user("2"))));
    }

    #[cfg(unix)]
    #[test]
    fn a_link_stays_a_link() {
        let home = tempfile::tempdir().expect("a folder");
        let (real, link) = (home.path().join("real"), home.path().join("config.json"));
        std::fs::write(&real, r#"{"auths":null}"#).expect("written");
        std::os::unix::fs::symlink(&real, &link).expect("linked");
        let mut file = AuthFile::load(&link, Links::Follow).expect("valid");
        file.put("a.io", &user("2")).expect("written");
        assert!(std::fs::symlink_metadata(&link).expect("there").is_symlink());
        assert!(std::fs::read_to_string(&real).expect("there").contains("a.io"));
    }

    #[test]
    fn wrong_types_are_malformed_and_no_secret_is_in_the_message() {
        for text in
            ["[]", "{", r#"{"auths":[]}"#, r#"{"credsStore":1}"#, r#"{"credHelpers":{"a":1}}"#]
        {
            let error = with(text).1.expect_err("malformed");
            assert_eq!(error.code(), "config-malformed");
        }
        let error = with("\"s3cret\"").1.expect_err("malformed");
        assert!(!error.to_string().contains("s3cret"), "{error}");
        let (_home, file) = valid(r#"{"auths":{"a":"s3cret","b":{"password":["s3cret"]}}}"#);
        for server in ["a", "b"] {
            let error = file.entry(server).expect_err("malformed");
            assert_eq!(error.code(), "config-malformed");
            assert!(!error.to_string().contains("s3cret"));
        }
        assert!(!format!("{file:?}{:?}", user("s3cret")).contains("s3cret"));
    }

    #[test]
    fn dockers_folder_is_given_or_in_the_home() {
        let env = Env::default().with("HOME", "/h").with("USERPROFILE", "/h");
        assert_eq!(docker_config(&env), Ok(PathBuf::from("/h/.docker/config.json")));
        let given = env.with("DOCKER_CONFIG", "/d");
        assert_eq!(docker_config(&given), Ok(PathBuf::from("/d/config.json")));
        let error = docker_config(&Env::default()).expect_err("no home");
        assert_eq!(error.code(), "config-no-home");
    }
}
