//! This machine's clock against the servers'.

use time::Duration;

use crate::doctor::facts::Facts;
use crate::doctor::finding::{Finding, Line};

/// Entra and the registries take tokens this far from their own time.
const TOLERATED: Duration = Duration::minutes(5);
/// `Date` has whole seconds, and an answer takes some.
const NOTABLE: Duration = Duration::seconds(30);

pub(super) fn clock(line: Line, facts: &Facts) -> Finding {
    // one server may be wrong; the one that agrees most with this clock is its best witness
    let nearest = facts.server_clocks.iter().min_by_key(|(_, ahead)| ahead.abs());
    let Some((host, ahead)) = nearest else {
        return line.not_asked("clock", "no server was asked");
    };
    let seconds = ahead.abs().whole_seconds();
    let text = match () {
        () if ahead.abs() <= NOTABLE => {
            return line.passed(format!("this machine's clock agrees with that of {host}"));
        }
        () if ahead.is_positive() => {
            format!("this machine's clock is {seconds} s ahead of that of {host}")
        }
        () => format!("this machine's clock is {seconds} s behind that of {host}"),
    };
    let hint = match cfg!(windows) {
        true => "w32tm /resync",
        false => "sudo timedatectl set-ntp true",
    };
    let finding = line.noted(text).hint(hint);
    match ahead.abs() > TOLERATED {
        true => Finding { mark: crate::doctor::Mark::Failed, ..finding },
        false => finding,
    }
}
