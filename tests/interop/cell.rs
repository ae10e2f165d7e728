//! One cell of the matrix: a format, a suite, a chain and a registry; and the commands run in it.

use crate::peer::{self, Answer};
use crate::world::World;

/// Name of the suite's keys, and the algorithm both envelope formats name it by.
pub const SUITES: [(&str, &str); 6] = [
    ("rsa2048", "PS256"),
    ("rsa3072", "PS384"),
    ("rsa4096", "PS512"),
    ("p256", "ES256"),
    ("p384", "ES384"),
    ("p521", "ES512"),
];

/// Certificates in a chain: self-signed; leaf and root; leaf, intermediate and root.
pub const LENGTHS: [u8; 3] = [1, 2, 3];

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    Cose,
    Jws,
}

impl Format {
    pub const ALL: &'static [Self] = &[Self::Cose, Self::Jws];

    pub fn name(self) -> &'static str {
        match self {
            Self::Cose => "cose",
            Self::Jws => "jws",
        }
    }

    pub fn media_type(self) -> &'static str {
        match self {
            Self::Cose => "application/cose",
            Self::Jws => "application/jose+json",
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Registry {
    /// go-containerregistry's, signed to with `--force-referrers-tag=false`.
    ReferrersApi,
    /// distribution's, which has no Referrers API.
    TagSchema,
}

impl Registry {
    pub const ALL: &'static [Self] = &[Self::ReferrersApi, Self::TagSchema];

    pub fn name(self) -> &'static str {
        match self {
            Self::ReferrersApi => "api",
            Self::TagSchema => "tag",
        }
    }
}

/// Every suite with every length of chain.
pub fn chains() -> impl Iterator<Item = (&'static str, u8)> {
    SUITES.iter().flat_map(|(suite, _)| LENGTHS.map(|length| (*suite, length)))
}

#[derive(Debug, Clone, Copy)]
pub struct Cell {
    pub format: Format,
    pub suite: &'static str,
    pub length: u8,
    pub registry: Registry,
}

impl Cell {
    pub fn new(format: Format, suite: &'static str, length: u8, registry: Registry) -> Self {
        Self { format, suite, length, registry }
    }

    /// A repository of this cell's own.
    pub fn repository(&self, purpose: &str) -> String {
        let (format, registry) = (self.format.name(), self.registry.name());
        format!("{purpose}/{format}-{}-{}-{registry}", self.suite, self.length)
    }

    /// Name of the chain, and of the key in signingkeys.json.
    pub fn chain(&self) -> String {
        format!("{}-{}", self.suite, self.length)
    }
}

/// A cell with the world its commands run in.
pub struct Bench<'a> {
    pub world: &'a World,
    pub cell: Cell,
}

impl std::ops::Deref for Bench<'_> {
    type Target = Cell;

    fn deref(&self) -> &Cell {
        &self.cell
    }
}

impl Bench<'_> {
    /// `sealwright sign`; checks both lines and returns the signature's digest.
    pub fn sign(&self, image: &str, flags: &[String]) -> Result<String, String> {
        let mut arguments =
            ["sign", "--signature-format", self.format.name(), "--key", &self.chain()]
                .map(String::from)
                .to_vec();
        if self.registry == Registry::ReferrersApi {
            arguments.push("--force-referrers-tag=false".to_owned());
        }
        arguments.extend_from_slice(flags);
        arguments.push(image.to_owned());
        let answer = self.world.sealwright(&arguments)?.succeeds()?;
        let repository = image.split('@').next().unwrap_or(image);
        answer
            .stdout
            .strip_prefix(&format!("Successfully signed {image}\n"))
            .and_then(|rest| rest.strip_prefix(&format!("Pushed the signature to {repository}@")))
            .and_then(|rest| rest.strip_suffix('\n'))
            .filter(|digest| is_digest(digest) && answer.stderr.is_empty())
            .map(str::to_owned)
            .ok_or_else(|| format!("not the two lines of sign:\n{answer}"))
    }

    pub fn verify(&self, image: &str, flags: &[String]) -> Result<Answer, String> {
        let mut arguments = vec!["verify".to_owned()];
        arguments.extend_from_slice(flags);
        arguments.push(image.to_owned());
        self.world.sealwright(&arguments)
    }

    pub fn list(&self, image: &str) -> Result<Answer, String> {
        self.world.sealwright(&["list".to_owned(), image.to_owned()])
    }

    /// The peer signs; the signature's digest.
    pub fn peer_sign(&self, image: &str, flags: &[String]) -> Result<String, String> {
        let chain = self.world.chain(&self.chain());
        let mut arguments = vec![
            "sign".to_owned(),
            format!("--ref={image}"),
            format!("--format={}", self.format.name()),
            format!("--key={}", chain.join("key.pem").display()),
            format!("--certs={}", chain.join("chain.pem").display()),
            format!("--force-referrers-tag={}", self.registry == Registry::TagSchema),
        ];
        arguments.extend_from_slice(flags);
        let signed = self.peer(&arguments)?;
        signed["signature"]
            .as_str()
            .map(str::to_owned)
            .ok_or_else(|| format!("the peer signed with a warning: {signed}"))
    }

    /// The peer verifies; what it found in the envelope.
    pub fn peer_verify(&self, image: &str, flags: &[String]) -> Result<serde_json::Value, String> {
        let config = self.world.config();
        let mut arguments = vec![
            "verify".to_owned(),
            format!("--ref={image}"),
            format!("--config={}", config.display()),
        ];
        arguments.extend_from_slice(flags);
        self.peer(&arguments)
    }

    /// The peer lists signature manifests and tags.
    pub fn peer_list(&self, image: &str) -> Result<serde_json::Value, String> {
        self.peer(&["list".to_owned(), format!("--ref={image}")])
    }

    /// The peer's answer to a command that succeeds.
    pub fn peer(&self, arguments: &[String]) -> Result<serde_json::Value, String> {
        let answer = peer::run(&self.world.peer, arguments, &[])?.succeeds()?;
        serde_json::from_str(&answer.stdout).map_err(|e| format!("{e}: {answer}"))
    }
}

/// Turns a condition into the failure of a cell.
pub trait Check {
    fn or(self, problem: impl FnOnce() -> String) -> Result<(), String>;
}

impl Check for bool {
    fn or(self, problem: impl FnOnce() -> String) -> Result<(), String> {
        if self { Ok(()) } else { Err(problem()) }
    }
}

fn is_digest(text: &str) -> bool {
    text.strip_prefix("sha256:")
        .is_some_and(|hex| hex.len() == 64 && hex.bytes().all(|b| b.is_ascii_hexdigit()))
}
