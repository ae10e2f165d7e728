//! The step of a CI system: inputs, hosts, report, summary.
//!
//! One table ([`INPUTS`], [`OUTPUTS`]) feeds the reading of inputs, `action.yml`, the README and
//! the schema of `sealwright.yml`.
//! The work itself is done through [`Services`], which the command line wires.

mod aliases;
mod config_file;
mod draft;
mod files;
mod github;
mod host;
mod junit;
mod on_path;
mod post;
mod pushed;
mod report;
mod run;
mod schema;
mod services;
mod step;
mod summary;
mod table;
mod trust;

pub use aliases::{ALIASES, Alias, Meaning, OLD_DEFAULTS, OldDefault, WORDS, Word, camel_case};
pub use config_file::{CONFIG_FILE_LIMIT, ConfigFileError};
pub use draft::{Draft, InputError, Remark};
pub use files::Files;
pub use github::{
    Answer, Api, Call, Channel, GitHubReports, NobodyToTell, OctocrabApi, Pull, Refusal, TELLING,
    Unanswered, Unusable, WorkflowRun, tell_github,
};
pub use host::{AzurePipelines, End, GitHub, Host, HostError, Level, Terminal, defang, system};
pub use junit::junit;
pub use on_path::{OnPathError, put_on_path};
pub use post::clean_up;
pub use pushed::{METADATA_LIMIT, PushedError};
pub use report::{
    BlobReport, CheckReport, CredentialsReport, EndingReport, ErrorReport, ExaminationReport,
    FindingReport, ImageReport, Outcome, REPORT_VERSION, Report, SignerReport, announced,
};
pub use run::{Finished, JobCancelled, TimeOver, done, refuse, run};
pub use schema::{config_schema, report_schema};
pub use services::{Cancelled, LogOut, LoggedIn, Login, Presence, Provenance, Services, Written};
pub use step::{BinaryNames, ChainSource, Command, KeyChoice, PluginSource, Step, StepPlugin};
pub use summary::summary;
pub use table::{Group, INPUTS, Input, OUTPUTS, Output, Place, Shape};
pub use trust::{
    CertificatePlace, Download, Downloaded, Found, NoSource, PolicySource, Trust, TrustError,
    TrustInputs, TrustServices, TrustedSource, VaultCertificate, found_below_github,
};
