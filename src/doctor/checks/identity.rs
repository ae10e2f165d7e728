//! Who asks Azure, and the `az` command line where it is the credential.

use std::time::Duration;

use crate::doctor::Asked;
use crate::doctor::facts::Facts;
use crate::doctor::finding::{Finding, Line, Mark};

/// `az` takes 1 to 3 seconds where all is well
const SLOW: Duration = Duration::from_secs(5);

pub(super) fn identity(line: Line, facts: &Facts) -> Finding {
    line.judged("Azure identity", &facts.identity, |identity| {
        let mut text = format!("signed in to Azure by {}", identity.source);
        match &identity.object_id {
            Some(id) => text.push_str(&format!(", object id {id}")),
            None => text.push_str(", object id not in the token"),
        }
        if let Some(tenant) = &identity.tenant {
            text.push_str(&format!(", tenant {tenant}"));
        }
        line.passed(text)
    })
}

pub(super) fn azure_cli(line: Line, facts: &Facts) -> Finding {
    let found = match &facts.azure_cli {
        Asked::Answered(found) => found,
        // another credential may do without it
        Asked::Refused(told) if facts.identity.answer().is_some() => {
            return line.told(Mark::Noted, told);
        }
        Asked::Refused(told) => return line.failed(told),
        Asked::Not(why) => return line.not_asked("az", why),
    };
    let version = &found.version;
    match found.token_took {
        None => line.noted(format!("az {version} is there and gave no token")).hint("az login"),
        Some(took) if took > SLOW => line
            .noted(format!("az {version} is signed in; a token takes {}", seconds(took)))
            .hint("sign in without az: set AZURE_TENANT_ID, AZURE_CLIENT_ID and AZURE_CLIENT_SECRET, or use a managed identity"),
        Some(took) => {
            line.passed(format!("az {version} is signed in; a token takes {}", seconds(took)))
        }
    }
}

fn seconds(time: Duration) -> String {
    format!("{:.1} s", time.as_secs_f64())
}
