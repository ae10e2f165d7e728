//! What build tools tell about what they pushed, as JSON.
//!
//! - `docker buildx build --metadata-file` and the output `metadata` of docker/build-push-action;
//!   of bake an object of such objects, by target (docs.docker.com, "docker buildx build",
//!   `--metadata-file`).
//! - `az acr build` and `az acr run` with `--no-logs`: the run, with `outputImages`
//!   (learn.microsoft.com, Container Registry REST API, "Runs - Get", `ImageDescriptor`).

use serde::Deserialize;
use serde_json::{Map, Value};

use super::{Built, METADATA_LIMIT, Name, PushedError, QUOTED};
use crate::crypto::Digest;
use crate::fault::excerpt;

const FROM: &str = "metadata";
const DIGEST: &str = "containerimage.digest";
const NAMES: &str = "image.name";
/// The status of a run that pushed what it tells.
const SUCCEEDED: &str = "Succeeded";

/// Whether the text is meant as JSON, and not as a path.
pub(super) fn is_json(text: &str) -> bool {
    text.trim_start().starts_with(['{', '[', '"'])
}

/// Every build that tells a digest; one at least.
pub(super) fn read(text: &str) -> Result<Vec<Built>, PushedError> {
    let Value::Object(result) = parse(text)? else {
        return Err(malformed("a JSON object is expected"));
    };
    let built = if result.contains_key("outputImages") {
        of_run(Value::Object(result))?
    } else if is_build(&result) {
        vec![of_build("the build", &result)?]
    } else {
        let targets = result.iter().filter_map(|(name, value)| Some((name, value.as_object()?)));
        let targets = targets.filter(|(_, target)| is_build(target));
        targets.map(|(name, target)| of_build(name, target)).collect::<Result<_, _>>()?
    };
    match built.is_empty() {
        true => Err(PushedError::NoDigest { from: FROM, image: "any image".to_owned() }),
        false => Ok(built),
    }
}

/// `toJSON` of an output that is JSON already makes a text of it.
fn parse(text: &str) -> Result<Value, PushedError> {
    if text.len() as u64 > METADATA_LIMIT {
        return Err(PushedError::TooLarge { from: FROM });
    }
    let value = |text: &str| {
        serde_json::from_str(text).map_err(|error| malformed(&format!("no JSON: {error}")))
    };
    match value(text)? {
        Value::String(inner) => value(&inner),
        other => Ok(other),
    }
}

fn is_build(result: &Map<String, Value>) -> bool {
    result.contains_key(DIGEST) || result.contains_key(NAMES)
}

fn of_build(what: &str, result: &Map<String, Value>) -> Result<Built, PushedError> {
    let text = |key: &str| match result.get(key) {
        None | Some(Value::Null) => Ok(""),
        Some(Value::String(text)) => Ok(text.as_str()),
        Some(_) => Err(malformed(&format!("{key} of {:?} is no text", excerpt(what, QUOTED)))),
    };
    let names = text(NAMES)?.split(',').map(str::trim).filter(|name| !name.is_empty());
    let names: Vec<Name> = names.map(name).collect::<Result<_, _>>()?;
    let told = text(DIGEST)?;
    if told.is_empty() {
        let image = names.first().map_or(excerpt(what, QUOTED), Name::to_string);
        return Err(PushedError::NoDigest { from: FROM, image });
    }
    Ok(Built { names, digest: digest(told)? })
}

/// A run of ACR Tasks, as far as it is looked at.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Run {
    status: Option<String>,
    output_images: Option<Vec<OutputImage>>,
}

#[derive(Deserialize)]
struct OutputImage {
    registry: String,
    repository: String,
    tag: Option<String>,
    digest: Option<String>,
}

fn of_run(result: Value) -> Result<Vec<Built>, PushedError> {
    let run: Run = serde_json::from_value(result)
        .map_err(|error| malformed(&format!("no result of az acr build: {error}")))?;
    if let Some(status) = run.status.filter(|status| status != SUCCEEDED) {
        let status = excerpt(&status, QUOTED);
        return Err(malformed(&format!("the run's status is {status:?}, not {SUCCEEDED:?}")));
    }
    let images = run.output_images.unwrap_or_default().into_iter();
    images
        .map(|image| {
            let tag = image.tag.filter(|tag| !tag.is_empty()).map(|tag| format!(":{tag}"));
            let tag = tag.unwrap_or_default();
            let name = name(&format!("{}/{}{tag}", image.registry, image.repository))?;
            match image.digest.filter(|digest| !digest.is_empty()) {
                Some(told) => Ok(Built { names: vec![name], digest: digest(&told)? }),
                None => Err(PushedError::NoDigest { from: FROM, image: name.to_string() }),
            }
        })
        .collect()
}

fn name(text: &str) -> Result<Name, PushedError> {
    Name::parse(text).map_err(|error| {
        malformed(&format!("image name {:?}: {}", excerpt(text, QUOTED), error.problem))
    })
}

fn digest(text: &str) -> Result<Digest, PushedError> {
    Digest::parse(text)
        .map_err(|error| malformed(&format!("digest {:?}: {error}", excerpt(text, QUOTED))))
}

fn malformed(problem: &str) -> PushedError {
    PushedError::Malformed { from: FROM, problem: problem.to_owned() }
}
