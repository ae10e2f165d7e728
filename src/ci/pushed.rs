//! Which images a build pushed: `images`, completed by `digest` or the build step's `metadata`.

mod metadata;

use std::collections::HashSet;
use std::io::Read as _;
use std::path::Path;

use super::draft::{Draft, InputError};
use super::step::Command;
use crate::crypto::Digest;
use crate::fault::{Fault, excerpt, os_reason};
use crate::registry::{Reference, ReferenceError, Version};

/// largest metadata read: 4 MiB; with the full provenance of many targets it is some hundred KiB
pub const METADATA_LIMIT: u64 = 4 * 1024 * 1024;
/// most images of one step, as `--file` takes
const MOST_IMAGES: usize = 10_000;
/// most characters quoted of a value
const QUOTED: usize = 200;
/// The variable in which Docker@2 of Azure Pipelines leaves what it pushed.
const RESOURCE_URIS: &str = "RESOURCE_URIS";

/// What was pushed cannot be told, or is told twice and differently.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PushedError {
    #[error("input `metadata` is no JSON, and as a path {path:?} cannot be read: {problem}")]
    Unreadable { path: String, problem: String },
    #[error("`{from}` has more than {METADATA_LIMIT} bytes")]
    TooLarge { from: &'static str },
    #[error("`{from}` names more than {MOST_IMAGES} images")]
    TooMany { from: &'static str },
    #[error("`{from}`: {problem}")]
    Malformed { from: &'static str, problem: String },
    #[error("`{from}` tells no digest of {image}")]
    NoDigest { from: &'static str, image: String },
    #[error("`{one}` and `{other}` disagree: {said} is not {answer}")]
    Disagree { one: &'static str, other: &'static str, said: String, answer: String },
}

impl Fault for PushedError {
    fn code(&self) -> &'static str {
        match self {
            PushedError::Unreadable { .. } => "ci-pushed-unreadable",
            PushedError::TooLarge { .. } => "ci-pushed-too-large",
            PushedError::TooMany { .. } => "ci-pushed-too-many",
            PushedError::Malformed { .. } => "ci-pushed-malformed",
            PushedError::NoDigest { .. } => "ci-pushed-no-digest",
            PushedError::Disagree { .. } => "ci-pushed-disagree",
        }
    }

    fn hint(&self) -> Option<String> {
        match self {
            PushedError::Disagree { one, .. } => {
                Some(format!("leave out `{one}`, or take both from the step that pushed the image"))
            }
            PushedError::TooMany { .. } => Some("divide them among several steps".to_owned()),
            _ => Some(WHERE_DIGESTS_ARE.to_owned()),
        }
    }
}

/// The outputs of build steps that tell the digest.
const WHERE_DIGESTS_ARE: &str = "give what the build step with `push: true` tells, one of\n\
    digest: ${{ steps.build.outputs.digest }}\n\
    metadata: ${{ steps.build.outputs.metadata }}\n\
    or with a file: az acr build --no-logs --output json … > build.json, then metadata: build.json";

impl Draft {
    /// Replaces a path in `metadata` by the text of the file, a regular one and bounded.
    pub fn read_metadata(&mut self) -> Result<(), PushedError> {
        let Some(given) = self.given("metadata") else { return Ok(()) };
        let without = Command::named(self.command_name()).is_some_and(without_images);
        if without || metadata::is_json(given) {
            return Ok(());
        }
        let unreadable =
            |problem: String| PushedError::Unreadable { path: excerpt(given, QUOTED), problem };
        let path = Path::new(given);
        let failed = |error: std::io::Error| unreadable(os_reason(&error));
        // opening a pipe would wait for its other end
        if !std::fs::metadata(path).map_err(failed)?.is_file() {
            return Err(unreadable("not a regular file".to_owned()));
        }
        let mut text = String::new();
        std::fs::File::open(path)
            .and_then(|file| file.take(METADATA_LIMIT + 1).read_to_string(&mut text))
            .map_err(failed)?;
        if text.len() as u64 > METADATA_LIMIT {
            return Err(PushedError::TooLarge { from: "metadata" });
        }
        if text.trim().is_empty() {
            return Err(unreadable("the file is empty".to_owned()));
        }
        self.set("metadata", text.trim_start_matches('\u{feff}'));
        Ok(())
    }

    /// The images, each once: by digest wherever the inputs tell one, else by tag.
    ///
    /// `RESOURCE_URIS` counts only where neither `images` nor `metadata` is given.
    pub(super) fn pushed(&self, command: Command) -> Result<Vec<Reference>, InputError> {
        if without_images(command) {
            return Ok(Vec::new());
        }
        let names: Result<Vec<Name>, InputError> =
            self.list("images").into_iter().map(|text| Name::given(&text)).collect();
        let names = names?;
        let digest = self.given("digest").map(given_digest).transpose()?;
        let built = match self.given("metadata") {
            Some(text) => metadata::read(text)?,
            None => Vec::new(),
        };
        let images = match (names.is_empty(), built.is_empty()) {
            (true, true) => match self.uris.as_deref() {
                Some(text) => agree("digest", digest.as_ref(), RESOURCE_URIS, uris(text)?)?,
                None if digest.is_some() => return Err(names_missing("digest")),
                None => Vec::new(),
            },
            (true, false) => agree("digest", digest.as_ref(), "metadata", all(&built)?)?,
            (false, true) => {
                let told = digest.as_ref().map(|digest| ("digest", digest));
                names.iter().map(|name| name.completed(told)).collect::<Result<_, _>>()?
            }
            (false, false) => {
                let images = selected(&names, &built)?;
                agree("digest", digest.as_ref(), "metadata", images)?
            }
        };
        let mut seen = HashSet::new();
        let images: Vec<Reference> =
            images.into_iter().filter(|image| seen.insert(image.clone())).collect();
        match images.len() {
            0..=MOST_IMAGES => Ok(images),
            _ => Err(PushedError::TooMany { from: "images" }.into()),
        }
    }
}

/// A `sealwright.yml` of a whole job names images also for the login before they are built.
fn without_images(command: Command) -> bool {
    matches!(command, Command::Login | Command::Setup)
}

/// An image as somebody names it: `r.io/app`, `r.io/app:v1` or `r.io/app@sha256:…`.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Name {
    /// As it is for a name with tag or digest; of a bare name only the repository means anything.
    reference: Reference,
    bare: bool,
}

/// What one build pushed.
struct Built {
    /// None where a build was not pushed under a name, or only by digest.
    names: Vec<Name>,
    digest: Digest,
}

impl Name {
    fn parse(text: &str) -> Result<Self, ReferenceError> {
        let error = match Reference::parse(text) {
            Ok(reference) => return Ok(Self { reference, bare: false }),
            Err(error) => error,
        };
        let path = text.split_once('/').map_or("", |(_, path)| path);
        if path.contains([':', '@']) {
            return Err(error);
        }
        match Reference::parse(&format!("{text}:bare")) {
            Ok(reference) => Ok(Self { reference, bare: true }),
            Err(_) => Err(error),
        }
    }

    /// An item of `images`.
    fn given(text: &str) -> Result<Self, InputError> {
        // what an expression without a value leaves
        if let Some(image) = text.strip_suffix(['@', ':']).filter(|i| Self::parse(i).is_ok()) {
            let image = image.to_owned();
            return Err(PushedError::NoDigest { from: "images", image }.into());
        }
        Self::parse(text).map_err(|error| InputError::Invalid {
            name: "images",
            found: excerpt(text, QUOTED),
            expected: format!("`<registry>/<repository>@<digest>` ({})", error.problem),
        })
    }

    fn digest(&self) -> Option<&Digest> {
        match self.reference.version() {
            Version::Digest(digest) => Some(digest),
            Version::Tag(_) => None,
        }
    }

    fn tag(&self) -> Option<&str> {
        match self.reference.version() {
            Version::Tag(tag) if !self.bare => Some(tag),
            _ => None,
        }
    }

    /// With the digest that another input tells; else as it is.
    fn completed(&self, told: Option<(&'static str, &Digest)>) -> Result<Reference, PushedError> {
        match (told, self.digest()) {
            (Some((other, digest)), Some(own)) if own != digest => {
                Err(disagree("images", own.to_string(), other, digest.to_string()))
            }
            (Some((_, digest)), _) => Ok(self.reference.at(digest)),
            (None, _) if self.bare => {
                Err(PushedError::NoDigest { from: "images", image: self.to_string() })
            }
            (None, _) => Ok(self.reference.clone()),
        }
    }

    /// Whether both name the same repository, and no other tag of it.
    fn meets(&self, built: &Name) -> bool {
        self.reference.scope() == built.reference.scope()
            && match (self.tag(), built.tag()) {
                (Some(asked), Some(pushed)) => asked == pushed,
                _ => true,
            }
    }
}

impl std::fmt::Display for Name {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.bare {
            true => f.write_str(&self.reference.scope()),
            false => self.reference.fmt(f),
        }
    }
}

/// Everything that was built under a name.
fn all(built: &[Built]) -> Result<Vec<Reference>, InputError> {
    if built.iter().all(|one| one.names.is_empty()) {
        return Err(names_missing("metadata"));
    }
    let named = built.iter().flat_map(|one| one.names.iter().map(|n| n.completed(told(one))));
    Ok(named.collect::<Result<_, _>>()?)
}

/// What `images` picks of what was built.
fn selected(names: &[Name], built: &[Built]) -> Result<Vec<Reference>, PushedError> {
    let mut images = Vec::new();
    for name in names {
        let nameless = built.iter().all(|one| one.names.is_empty());
        let found: Vec<&Built> = built
            .iter()
            .filter(|one| nameless || one.names.iter().any(|built| name.meets(built)))
            .filter(|one| name.digest().is_none_or(|digest| *digest == one.digest))
            .collect();
        match (found.first(), found.iter().find(|one| one.digest != found[0].digest)) {
            (None, _) => {
                let pushed = built.iter().flat_map(|one| match one.names.is_empty() {
                    true => vec![one.digest.to_string()],
                    false => one.names.iter().map(|n| format!("{n} ({})", one.digest)).collect(),
                });
                let pushed: Vec<String> = pushed.take(8).collect();
                let answer = format!("among what was pushed: {}", pushed.join(", "));
                return Err(disagree("images", name.to_string(), "metadata", answer));
            }
            // digests without a name, or one name for several: which is meant cannot be told
            (Some(one), Some(other)) if nameless || name.tag().is_some() => {
                let (one, other) = (one.digest.to_string(), other.digest.to_string());
                let answer = format!("one image: {one} or {other}");
                return Err(disagree("images", name.to_string(), "metadata", answer));
            }
            _ => images.extend(found.iter().map(|one| name.reference.at(&one.digest))),
        }
    }
    Ok(images)
}

/// The images, provided that a digest given beside them is theirs.
fn agree(
    one: &'static str,
    digest: Option<&Digest>,
    other: &'static str,
    images: Vec<Reference>,
) -> Result<Vec<Reference>, PushedError> {
    let Some(digest) = digest else { return Ok(images) };
    match images.iter().find(|image| **image != image.at(digest)) {
        Some(image) => Err(disagree(one, digest.to_string(), other, image.to_string())),
        None => Ok(images),
    }
}

/// `https://host/repository@sha256:…`, between commas or in a JSON list.
fn uris(text: &str) -> Result<Vec<Reference>, PushedError> {
    let malformed = |problem| PushedError::Malformed { from: RESOURCE_URIS, problem };
    if text.len() as u64 > METADATA_LIMIT {
        return Err(PushedError::TooLarge { from: RESOURCE_URIS });
    }
    let items: Vec<String> = match text.trim_start().starts_with('[') {
        true => serde_json::from_str(text).map_err(|error| malformed(error.to_string()))?,
        false => text.split(',').map(str::to_owned).collect(),
    };
    let items = items.iter().map(|item| item.trim()).filter(|item| !item.is_empty());
    items
        .map(|item| {
            let image = item.strip_prefix("https://").unwrap_or(item);
            let name = Name::parse(image).map_err(|error| {
                malformed(format!("{:?}: {}", excerpt(item, QUOTED), error.problem))
            })?;
            match name.digest() {
                Some(_) => Ok(name.reference),
                None => Err(PushedError::NoDigest { from: RESOURCE_URIS, image: name.to_string() }),
            }
        })
        .collect()
}

fn given_digest(text: &str) -> Result<Digest, InputError> {
    Digest::parse(text).map_err(|_| InputError::Invalid {
        name: "digest",
        found: excerpt(text, QUOTED),
        expected: "a digest such as `sha256:…`, as `${{ steps.build.outputs.digest }}`".to_owned(),
    })
}

fn told(built: &Built) -> Option<(&'static str, &Digest)> {
    Some(("metadata", &built.digest))
}

fn names_missing(given: &'static str) -> InputError {
    InputError::Missing {
        name: "images",
        expected: format!(
            "`{given}` tells a digest, `images` the repository it is in, such as `myregistry.azurecr.io/app`"
        ),
    }
}

fn disagree(one: &'static str, said: String, other: &'static str, answer: String) -> PushedError {
    PushedError::Disagree { one, other, said, answer }
}

#[cfg(test)]
mod tests;
