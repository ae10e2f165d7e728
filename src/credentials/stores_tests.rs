//! Which store answers, what its entries mean, and where `login` puts a credential.

use std::fs;
use std::path::Path;

use super::*;
use crate::clock::SystemClock;
use crate::credentials::ProcessHelper;
use crate::fault::Fault as _;

const FIXTURES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/bin");

/// A home with a folder for programs; the fake helper answers to every name linked there.
struct Home {
    folder: tempfile::TempDir,
}

impl Home {
    fn new() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        for name in ["bin", "keychain", "notation", ".docker"] {
            fs::create_dir(folder.path().join(name)).expect("made");
        }
        Self { folder }
    }

    fn path(&self, name: &str) -> std::path::PathBuf {
        self.folder.path().join(name)
    }

    fn notation(self, text: &str) -> Self {
        fs::write(self.path("notation/config.json"), text).expect("written");
        self
    }

    fn docker(self, text: &str) -> Self {
        fs::write(self.path(".docker/config.json"), text).expect("written");
        self
    }

    fn program(self, name: &str) -> Self {
        let fake = Path::new(FIXTURES).join("docker-credential-fake");
        std::os::unix::fs::symlink(fake, self.path("bin").join(name)).expect("linked");
        self
    }

    fn stores(&self) -> Stores {
        self.stores_with(&[])
    }

    /// The system's own folders come last and hold no helper that a test names.
    fn stores_with(&self, variables: &[(&str, &str)]) -> Stores {
        let path = format!("{}:/usr/bin:/bin", self.path("bin").display());
        let mut env = Env::default()
            .with("PATH", &path)
            .with("HOME", &self.folder.path().display().to_string())
            .with("FAKE_HELPER_STORE", &self.path("keychain").display().to_string());
        for (name, value) in variables {
            env = env.with(name, value);
        }
        let helper = Arc::new(ProcessHelper::new(&env, Arc::new(SystemClock::new())));
        Stores::new(Dirs::below(self.path("notation")), env, helper)
    }

    async fn find(&self, host: &str) -> Option<Found> {
        self.stores().find(host).await.unwrap_or_else(|error| panic!("{error}"))
    }

    async fn refusal(&self, host: &str) -> BoxFault {
        self.stores().find(host).await.expect_err("refused")
    }
}

fn basic(username: &str, password: &str) -> Credential {
    Credential::Basic { username: username.into(), password: Secret::new(password) }
}

fn found(credential: Credential, source: &str) -> Option<Found> {
    Some(Found { credential, source: source.into() })
}

fn auth(text: &str) -> String {
    STANDARD.encode(text)
}

#[tokio::test]
async fn notations_file_goes_before_dockers() {
    let entry = |user: &str| format!(r#"{{"auths":{{"a.io":{{"auth":"{}"}}}}}}"#, auth(user));
    let home = Home::new().notation(&entry("n:1")).docker(&entry("d:2"));
    assert_eq!(home.find("a.io").await, found(basic("n", "1"), "notation config.json"));
    let home = Home::new().notation(r#"{"insecureRegistries":["x"]}"#).docker(&entry("d:2:3"));
    assert_eq!(home.find("a.io").await, found(basic("d", "2:3"), "docker config.json"));
}

#[tokio::test]
async fn one_store_answers_and_there_is_no_second_try() {
    let docker = format!(r#"{{"auths":{{"a.io":{{"auth":"{}"}}}}}}"#, auth("d:2"));
    let home = Home::new().notation(r#"{"auths":{"other.io":{}}}"#).docker(&docker);
    assert_eq!(home.find("a.io").await, None);
    // a helper's "not found" does not fall through to the file's entries
    let helper = docker.replacen('{', r#"{"credsStore":"fake","#, 1);
    let home = Home::new().docker(&helper).program("docker-credential-fake");
    assert_eq!(home.find("a.io").await, None);
}

#[tokio::test]
async fn docker_hub_is_found_under_its_index() {
    let key = "https://index.docker.io/v1/";
    let home =
        Home::new().docker(&format!(r#"{{"auths":{{"{key}":{{"auth":"{}"}}}}}}"#, auth("u:p")));
    for host in ["docker.io", "registry-1.docker.io"] {
        assert_eq!(home.find(host).await, found(basic("u", "p"), "docker config.json"));
    }
}

#[tokio::test]
async fn entries_mean_a_bearer_token_a_refresh_token_or_a_user() {
    let user = auth(&format!("{ACR_USER}:"));
    let cases = [
        (
            format!(r#"{{"auth":"{user}","identitytoken":"r"}}"#),
            Some(Credential::RefreshToken(Secret::new("r"))),
        ),
        (
            r#"{"registrytoken":"b","identitytoken":"r"}"#.into(),
            Some(Credential::AccessToken(Secret::new("b"))),
        ),
        (r#"{"username":"u","password":"p"}"#.into(), Some(basic("u", "p"))),
        (format!(r#"{{"auth":"{}","username":"x"}}"#, auth("u:p\0\0")), Some(basic("u", "p"))),
        ("{}".into(), None),
        (r#"{"auth":"","email":null,"username":null}"#.into(), None),
    ];
    for (entry, credential) in cases {
        let home = Home::new().docker(&format!(r#"{{"auths":{{"a.io":{entry}}}}}"#));
        let expected = credential.and_then(|credential| found(credential, "docker config.json"));
        assert_eq!(home.find("a.io").await, expected, "{entry}");
    }
}

#[tokio::test]
async fn a_malformed_entry_says_where_and_shows_nothing() {
    for entry in ["!!!", &auth("s3cret"), &STANDARD.encode([0xff, 0xfe])] {
        let home = Home::new().docker(&format!(r#"{{"auths":{{"a.io":{{"auth":"{entry}"}}}}}}"#));
        let error = home.refusal("a.io").await;
        assert_eq!(error.code(), "credentials-entry");
        assert_eq!(error.hint().as_deref(), Some("sealwright login a.io"));
        assert!(!error.to_string().contains("s3cret") && !error.to_string().contains(entry));
    }
    let error = Home::new().docker("{").refusal("a.io").await;
    assert_eq!(error.code(), "config-malformed");
}

#[tokio::test]
async fn hosts_and_helper_names_are_checked_before_anything_runs() {
    let home = Home::new().docker(r#"{"credsStore":"../x"}"#);
    assert_eq!(home.refusal("a.io").await.code(), "credentials-helper-name");
    let home = Home::new().docker(r#"{"credsStore":"fake"}"#).program("docker-credential-fake");
    assert_eq!(home.refusal("a.io\nb.io").await.code(), "credentials-host");
    let home = Home::new().docker(r#"{"credsStore":"nope"}"#);
    assert_eq!(home.refusal("a.io").await.code(), "credentials-helper-missing");
    let stores = home.stores_with(&[("FAKE_HELPER_MODE", "garbage")]);
    assert_eq!(
        stores.find("a.io").await.expect_err("missing").code(),
        "credentials-helper-missing"
    );
    let home = Home::new().docker(r#"{"credsStore":"fake"}"#).program("docker-credential-fake");
    let stores = home.stores_with(&[("FAKE_HELPER_MODE", "garbage")]);
    assert_eq!(stores.find("a.io").await.expect_err("no JSON").code(), "credentials-helper-answer");
}

#[tokio::test]
async fn a_helper_keeps_finds_and_erases_a_credential() {
    let home = Home::new()
        .docker(r#"{"credHelpers":{"a.io":"fake"},"auths":{"b.io":{}}}"#)
        .program("docker-credential-fake");
    let place = Place::Helper("docker-credential-fake".into());
    for credential in [basic("u", "p\"q"), Credential::RefreshToken(Secret::new("t"))] {
        assert_eq!(home.find("a.io").await, None);
        assert_eq!(home.stores().store("a.io", &credential).await, Ok(place.clone()));
        assert_eq!(home.find("a.io").await, found(credential, "docker-credential-fake"));
        assert_eq!(home.stores().erase("a.io").await, Ok(Some(place.clone())));
        assert_eq!(home.stores().erase("a.io").await, Ok(None));
    }
    let file = fs::read_to_string(home.path(".docker/config.json")).expect("there");
    assert_eq!(file, r#"{"credHelpers":{"a.io":"fake"},"auths":{"b.io":{}}}"#);
    for credential in [Credential::Anonymous, Credential::AccessToken(Secret::new("t"))] {
        let error = home.stores().store("a.io", &credential).await.expect_err("not storable");
        assert_eq!(error.code(), "credentials-not-storable");
    }
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn the_platforms_helper_is_used_where_nothing_is_configured() {
    let home = Home::new().program("pass").program("docker-credential-pass");
    let place = home.stores().store("a.io", &basic("u", "p")).await.expect("stored");
    assert_eq!(place, Place::Helper("docker-credential-pass".into()));
    assert_eq!(home.find("a.io").await, found(basic("u", "p"), "docker-credential-pass"));
}

#[tokio::test]
async fn without_a_helper_the_credential_goes_to_dockers_file_in_private() {
    use std::os::unix::fs::PermissionsExt as _;
    let home = Home::new().docker(r#"{"psFormat":"x"}"#);
    let path = home.path(".docker/config.json");
    let place = home.stores().store("a.io", &basic("u", "p")).await.expect("stored");
    assert_eq!(place, Place::File(path.clone()));
    assert_eq!(place.to_string(), path.display().to_string());
    assert_eq!(fs::metadata(&path).expect("there").permissions().mode() & 0o777, 0o600);
    assert!(fs::read_to_string(&path).expect("there").contains("psFormat"));
    assert_eq!(home.find("a.io").await, found(basic("u", "p"), "docker config.json"));
    assert_eq!(home.stores().erase("a.io").await, Ok(Some(Place::File(path))));
    assert_eq!(home.find("a.io").await, None);
    assert_eq!(home.stores().erase("a.io").await, Ok(None));
}

#[tokio::test]
async fn a_refresh_token_is_written_as_az_acr_login_writes_it() {
    let home = Home::new();
    let token = Credential::RefreshToken(Secret::new("t"));
    home.stores().store("x.azurecr.io", &token).await.expect("stored");
    let file = fs::read(home.path(".docker/config.json")).expect("there");
    let file: serde_json::Value = serde_json::from_slice(&file).expect("JSON");
    let entry = &file["auths"]["x.azurecr.io"];
    assert_eq!(entry["identitytoken"], "t");
    assert_eq!(entry["auth"], auth("00000000-0000-0000-0000-000000000000:"));
    assert_eq!(home.find("x.azurecr.io").await, found(token, "docker config.json"));
}

#[tokio::test]
async fn a_credential_is_stored_where_it_will_be_found() {
    let home = Home::new().notation(r#"{"signatureFormat":"cose","auths":{"b.io":{}}}"#);
    let place = home.stores().store("a.io", &basic("u", "p")).await.expect("stored");
    assert_eq!(place, Place::File(home.path("notation/config.json")));
    assert_eq!(home.find("a.io").await, found(basic("u", "p"), "notation config.json"));
    let text = fs::read_to_string(home.path("notation/config.json")).expect("there");
    assert!(text.contains("\"signatureFormat\": \"cose\""));
}

#[tokio::test]
async fn what_a_file_cannot_hold_is_refused() {
    let home = Home::new();
    let error = home.stores().store("a.io", &basic("u:v", "p")).await.expect_err("a colon");
    assert_eq!(error.code(), "credentials-username");
    let error = home.stores().store("a.io", &Credential::Anonymous).await.expect_err("nothing");
    assert_eq!(error.code(), "credentials-not-storable");
    let stores = home.stores_with(&[("HOME", "")]);
    assert_eq!(stores.find("a.io").await.expect("nothing configured"), None);
    let error = stores.store("a.io", &basic("u", "p")).await.expect_err("nowhere");
    assert_eq!(error.code(), "config-no-home");
}
