//! The time-stamping authority, and whether verifying trusts it.

use crate::doctor::Asked;
use crate::doctor::facts::Facts;
use crate::doctor::finding::{Finding, Line};

pub(super) fn authority(line: Line, facts: &Facts) -> Finding {
    line.judged("timestamp", &facts.timestamp, |_| {
        line.passed("the timestamping authority stamped a trial signature")
    })
}

pub(super) fn trusted(line: Line, facts: &Facts) -> Finding {
    let subject = "trust in the timestamp";
    match &facts.timestamp {
        Asked::Answered(stamped) => match &stamped.trusted {
            Asked::Answered(()) => line.passed("its root is in a tsa store that the policy names"),
            Asked::Refused(told) => line.failed(told),
            Asked::Not(why) if facts.trust.statement.answer().is_some() => line
                .noted(why.clone())
                .hint("sealwright cert add --type tsa --store <store> <root.crt>, and add \"tsa:<store>\" to the statement's trustStores"),
            Asked::Not(why) => line.not_asked(subject, why),
        },
        Asked::Refused(_) => line.not_asked(subject, "the authority comes first"),
        Asked::Not(why) => line.not_asked(subject, why),
    }
}
