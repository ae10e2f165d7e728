//! What goes wrong when a registry builds an image, each fact worded once.

use std::path::PathBuf;

use crate::azure::AzureError;
use crate::fault::{Fault, shell_word};
use crate::http::HttpError;

#[derive(Debug, thiserror::Error)]
pub enum TasksError {
    #[error("{given:?} is no name of an Azure container registry: 5 to 50 letters and digits")]
    Registry { given: String },
    #[error("the image {given:?} {problem}")]
    Image { given: String, problem: String },
    #[error("the platform {given:?} is none that a registry builds for")]
    Platform { given: String },
    #[error("the source {given} {problem}")]
    Source { given: String, problem: String },
    #[error("the Dockerfile {}: {problem}", .path.display())]
    Dockerfile { path: PathBuf, problem: String },
    #[error("{}, line {line}: {problem}: {pattern:?}", .path.display())]
    Ignore { path: PathBuf, line: usize, pattern: String, problem: &'static str },
    #[error("{} cannot be packed: {problem}", .path.display())]
    Pack { path: PathBuf, problem: String },
    #[error("the folder {} has more than {limit} {what}", .path.display())]
    TooLarge { path: PathBuf, what: &'static str, limit: u64 },

    #[error(transparent)]
    Azure(#[from] AzureError),
    #[error("{what}: {source}")]
    Http { what: &'static str, source: HttpError },
    #[error("Azure Resource Manager refuses {what}: {code}: {message}")]
    Forbidden { what: &'static str, code: String, message: String, hint: String },
    #[error("Azure Resource Manager does not accept the token: {code}: {message}")]
    Unauthorized { code: String, message: String },
    #[error("Azure Resource Manager answers {status} to {what}: {code}: {message}")]
    Refused { what: &'static str, status: u16, code: String, message: String },
    #[error("the answer to {what} is not usable: {problem}")]
    Answer { what: &'static str, problem: String },
    #[error("{}", no_subscription(.wanted))]
    NoSubscription { wanted: Option<String> },
    #[error("no registry {name} in {place}")]
    RegistryAbsent { name: String, place: String, hint: String },
    #[error("storage answers {status} to {what}: {code}")]
    Storage { what: &'static str, status: u16, code: String },
    #[error("the build run {run} ended as {status}: {message}")]
    Run { registry: String, run: String, status: String, message: String },
    #[error("the build run {run} succeeded and names no digest of {image}")]
    Untold { registry: String, run: String, image: String },
    #[error("the build run {run} was not done within the time limit of {seconds} seconds")]
    TimeOver { run: String, seconds: u64 },
    #[error("the build was cancelled ({signal})")]
    Cancelled { signal: &'static str },
}

fn no_subscription(wanted: &Option<String>) -> String {
    match wanted {
        Some(wanted) => format!("this identity sees no subscription {wanted:?}"),
        None => "this identity sees no subscription".to_owned(),
    }
}

impl Fault for TasksError {
    fn code(&self) -> &'static str {
        match self {
            Self::Registry { .. } => "azure-build-registry",
            Self::Image { .. } => "azure-build-image",
            Self::Platform { .. } => "azure-build-platform",
            Self::Source { .. } => "azure-build-source",
            Self::Dockerfile { .. } => "azure-build-dockerfile",
            Self::Ignore { .. } => "azure-build-dockerignore",
            Self::Pack { .. } => "azure-build-pack",
            Self::TooLarge { .. } => "azure-build-too-large",
            Self::Azure(error) => error.code(),
            Self::Http { source, .. } => source.code(),
            Self::Forbidden { .. } => "azure-management-forbidden",
            Self::Unauthorized { .. } => "azure-management-unauthorized",
            Self::Refused { .. } => "azure-management-request",
            Self::Answer { .. } => "azure-management-answer",
            Self::NoSubscription { .. } => "azure-no-subscription",
            Self::RegistryAbsent { .. } => "azure-registry-absent",
            Self::Storage { .. } => "azure-build-storage",
            Self::Run { .. } => "azure-build-failed",
            Self::Untold { .. } => "azure-build-untold",
            Self::TimeOver { .. } => "azure-build-time-over",
            Self::Cancelled { .. } => "azure-build-cancelled",
        }
    }

    fn because(&self) -> Vec<String> {
        match self {
            Self::Azure(error) => error.because(),
            _ => Vec::new(),
        }
    }

    fn hint(&self) -> Option<String> {
        let text = match self {
            Self::Registry { .. } => "az acr list --query '[].name' -o tsv",
            Self::Image { .. } => "name it as repository:tag, such as -t net-monitor:v1",
            Self::Platform { .. } => {
                "one of linux/amd64, linux/386, linux/arm/v7, linux/arm64/v8, windows/amd64"
            }
            Self::Source { .. } => {
                "give a folder, or a git repository: https://github.com/<owner>/<repository>.git#<branch>"
            }
            Self::Dockerfile { .. } => "name it with --file; by default it is <folder>/Dockerfile",
            Self::TooLarge { .. } => "leave out what the build does not need: .dockerignore",
            Self::Azure(error) => return error.hint(),
            Self::Http { source, .. } => return source.hint(),
            Self::Forbidden { hint, .. } | Self::RegistryAbsent { hint, .. } => {
                return Some(hint.clone());
            }
            Self::Unauthorized { .. } => "az account show --query tenantId",
            Self::NoSubscription { .. } => "az account list --query '[].id' -o tsv",
            Self::Run { registry, run, .. } => {
                return Some(format!(
                    "az acr task logs -r {} --run-id {}",
                    shell_word(registry),
                    shell_word(run)
                ));
            }
            Self::Untold { registry, run, .. } => {
                return Some(format!(
                    "az acr task show-run -r {} --run-id {} --query outputImages",
                    shell_word(registry),
                    shell_word(run)
                ));
            }
            Self::TimeOver { .. } => "give it longer: --timeout 2h",
            _ => return None,
        };
        Some(text.to_owned())
    }
}
