//! `doctor` as a step: every check a line of the log, what fails an annotation.

use super::advice::advise;
use super::limit::Limit;
use super::tell::complain;
use crate::ci::host::{Host, Level};
use crate::ci::report::{ErrorReport, FindingReport, Outcome, Report};
use crate::ci::services::Services;
use crate::ci::step::{Command, Step};
use crate::doctor::{Finding, Mark};
use crate::fault::BoxFault;
use crate::registry::Reference;

/// Examines each image, or what needs none; what is found for several images is said once.
pub(super) async fn examine(
    step: &Step,
    services: &dyn Services,
    host: &mut dyn Host,
    limit: &Limit<'_>,
) -> Result<Report, BoxFault> {
    let images: Vec<Option<&Reference>> = match step.images.is_empty() {
        true => vec![None],
        false => step.images.iter().map(Some).collect(),
    };
    let mut findings: Vec<Finding> = Vec::new();
    for image in images {
        for finding in limit.hold(services.examine(image)).await?? {
            if !findings.contains(&finding) {
                findings.push(finding);
            }
        }
    }
    let checks: Vec<FindingReport> = findings.iter().map(|finding| tell(finding, host)).collect();
    let failed = findings.iter().any(|finding| finding.mark == Mark::Failed);
    let outcome = if failed { Outcome::Failed } else { Outcome::Passed };
    let mut report = Report::of(Command::Doctor.name(), Vec::new(), outcome);
    report.checks = checks;
    Ok(report)
}

/// Says it, and gives it as it was said: with this host's inputs in place of commands.
fn tell(finding: &Finding, host: &mut dyn Host) -> FindingReport {
    let mut report = FindingReport::from(finding);
    host.line(&format!("{} {}", finding.mark.sign(), finding.text));
    if finding.mark == Mark::Passed || finding.mark == Mark::NotAsked {
        return report;
    }
    let mut error = ErrorReport {
        code: finding.code.unwrap_or(finding.check),
        message: finding.text.clone(),
        because: finding.because.clone(),
        hint: finding.hint.clone(),
    };
    advise(&mut error, host);
    let title = format!("doctor: {}", finding.check);
    match finding.mark {
        Mark::Failed => complain(&title, &error, host),
        _ => {
            let hint = error.hint.as_ref().map(|hint| format!("\nhint: {hint}"));
            let text = format!("{}{}", error.message, hint.unwrap_or_default());
            host.annotate(Level::Warning, &title, &text);
        }
    }
    (report.message, report.because, report.hint) = (error.message, error.because, error.hint);
    report
}
