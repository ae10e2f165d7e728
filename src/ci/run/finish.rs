//! The end of a step: outputs, summary and report file.

use super::Finished;
use super::advice::advise;
use super::lists;
use super::tell::complain;
use crate::ci::files::Files;
use crate::ci::host::{End, Host, Level};
use crate::ci::report::{Outcome, Report};
use crate::ci::summary::summary;
use crate::fault::{BoxFault, details};

/// Bytes of a job summary: a step's share is below 1 MiB (docs.github.com, "Job summaries"), and a
/// longer one is lost whole.
const SUMMARY_LIMIT: usize = 1_000_000;

/// Outputs, summary and report file; a host that refuses one of them fails the step, last.
pub fn finish(mut report: Report, host: &mut dyn Host, files: &Files) -> Finished {
    if let Some(error) = &mut report.error {
        advise(error, host);
        complain("sealwright", error, host);
    }
    let mut end = if report.outcome == Outcome::Failed { End::Failed } else { End::Succeeded };
    for result in [files.write(&report), outputs(&report, host, files)] {
        if let Err(fault) = result {
            host.annotate(Level::Error, "sealwright", &format!("{fault}\n{}", details(&*fault)));
            end = End::Failed;
        }
    }
    if let Err(error) = host.summary(&summary(&report, SUMMARY_LIMIT)) {
        host.annotate(Level::Warning, "Job summary", &error.to_string());
    }
    let status = host.end(end);
    Finished { report, status }
}

fn outputs(report: &Report, host: &mut dyn Host, files: &Files) -> Result<(), BoxFault> {
    let first = report.images.first();
    host.output("outcome", report.outcome.name())?;
    host.output("report", &files.report.to_string_lossy())?;
    host.output("image", first.map_or("", |i| i.image.as_str()))?;
    host.output("digest", first.and_then(|i| i.digest.as_deref()).unwrap_or_default())?;
    host.output("signature", first.and_then(|i| i.signature.as_deref()).unwrap_or_default())?;
    lists::write(report, host)?;
    Ok(())
}
