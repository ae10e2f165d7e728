//! The files a step leaves: the JSON report, and the JUnit XML where it is wanted.

use std::path::{Path, PathBuf};

use super::junit::junit;
use super::report::Report;
use crate::config::write_atomic;
use crate::fault::{BoxFault, Fault};

/// Where the reports go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Files {
    pub report: PathBuf,
    /// The input `junit`.
    pub junit: Option<PathBuf>,
}

/// for the step's own user; it may name private registries
const REPORT_MODE: u32 = 0o600;
/// as test runners write theirs: whoever publishes test results reads it
const JUNIT_MODE: u32 = 0o644;

impl Files {
    /// Writes each, whatever becomes of the other; the first failure is returned.
    pub(super) fn write(&self, report: &Report) -> Result<(), BoxFault> {
        let mut text = serde_json::to_string_pretty(report).expect("texts and lists are JSON");
        text.push('\n');
        // the host's folder is the host's to make
        let json = match self.report.parent() {
            Some(folder) if !folder.is_dir() => Err(ReportUnwritten {
                path: self.report.clone(),
                problem: "its folder does not exist".to_owned(),
            }
            .into()),
            _ => write(&self.report, &text, REPORT_MODE),
        };
        let xml = self.junit.as_ref().map(|path| write(path, &junit(report), JUNIT_MODE));
        json.and(xml.unwrap_or(Ok(())))
    }
}

#[derive(Debug, thiserror::Error)]
#[error("cannot write the report {path}: {problem}")]
struct ReportUnwritten {
    path: PathBuf,
    problem: String,
}

impl Fault for ReportUnwritten {
    fn code(&self) -> &'static str {
        "ci-report-unwritten"
    }
}

fn write(path: &Path, text: &str, mode: u32) -> Result<(), BoxFault> {
    write_atomic(path, text.as_bytes(), mode).map_err(|error| {
        ReportUnwritten { path: path.to_owned(), problem: error.to_string() }.into()
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ci::Outcome;

    #[test]
    fn a_file_that_cannot_be_written_does_not_keep_the_other_from_it() {
        let folder = tempfile::tempdir().unwrap();
        let place = |name: &str| folder.path().join(name);
        std::fs::write(place("file"), "").unwrap();
        let report = Report::of("login", Vec::new(), Outcome::Skipped);
        for (json, xml) in [("a.json", "file/a.xml"), ("none/b.json", "new/b.xml")] {
            let files = Files { report: place(json), junit: Some(place(xml)) };
            assert_eq!(files.write(&report).unwrap_err().code(), "ci-report-unwritten");
        }
        assert!(place("a.json").exists() && place("new/b.xml").exists());
        assert!(!place("none").exists());
    }
}
