//! What `doctor` found: what fails first, with what mends it; everything else folded away.

use super::failures::reasons;
use super::fold;
use super::page::Page;
use super::text::prose;
use crate::ci::report::{ErrorReport, FindingReport};
use crate::doctor::{MARKS, Mark};

pub fn write(page: &mut Page, checks: &[FindingReport]) {
    for mark in [Mark::Failed, Mark::Noted] {
        for check in checks.iter().filter(|check| check.outcome == mark.name()) {
            page.block(&explained(check, mark));
        }
    }
    let (open, close) = fold("Every check");
    page.rows(&open, checks.iter().map(row), &close);
}

/// How many failed of those that were made.
pub fn tally(checks: &[FindingReport]) -> String {
    let count = |mark: Mark| checks.iter().filter(|check| check.outcome == mark.name()).count();
    format!("{} of {} checks failed", count(Mark::Failed), checks.len() - count(Mark::NotAsked))
}

fn explained(check: &FindingReport, mark: Mark) -> String {
    let error = ErrorReport {
        code: check.code.unwrap_or(check.check),
        message: check.message.clone(),
        because: check.because.clone(),
        hint: check.hint.clone(),
    };
    format!(
        "{} **{}** ({})\n\n{}",
        mark.sign(),
        prose(&error.message),
        check.check,
        reasons(&error)
    )
}

fn row(check: &FindingReport) -> String {
    let mark = MARKS.into_iter().find(|mark| mark.name() == check.outcome);
    format!("- {} {}\n", mark.map_or("", Mark::sign), prose(&check.message))
}
