//! Each check that a plugin may decide, under each action, with each thing it may say: what becomes of
//! the signature (plugin-extensibility.md, "Plugin verification workflow").

use sealwright::envelope::FORMATS;
use sealwright::fault::Fault as _;
use sealwright::plugin::Capability;
use sealwright::trust::{ACTIONS, Action, Check};
use sealwright::verify::{Outcome, VerifyError};

use crate::plugins::{BOTH, Fake, naming_in, refused_by_itself, said};
use crate::world::policy;

/// What the plugin says of one capability.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Says {
    Yes,
    No,
    /// Its answer has no result.
    Nothing,
    /// It ends with an error.
    Fails,
}

/// What a signature comes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Becomes {
    Good,
    /// Good, with a warning of these words.
    Warned(&'static str),
    /// Refused with this code, as the check named where one is.
    Refused(&'static str, Option<Check>),
}

type Row = (Capability, Says, Action, Becomes);

const IDENTITY: &str = "trusted identify verification by plugin \"acme\" failed with reason \"no\"";
const REVOCATION: &str =
    "revocation check by verification plugin \"acme\" failed with reason \"no\"";

#[rustfmt::skip]
const TABLE: [Row; 20] = {
    use Action::{Enforce, Log, Skip};
    use Becomes::*;
    use Capability::{RevocationCheck, TrustedIdentity};
    use Check::{Authenticity, Revocation};
    use Says::*;
    [
        (TrustedIdentity, Yes,     Enforce, Good),
        (TrustedIdentity, Yes,     Log,     Good),
        (TrustedIdentity, No,      Enforce, Refused("verify-plugin-identity", Some(Authenticity))),
        (TrustedIdentity, No,      Log,     Warned(IDENTITY)),
        (TrustedIdentity, Nothing, Enforce, Refused("verify-plugin-no-result", None)),
        (TrustedIdentity, Nothing, Log,     Refused("verify-plugin-no-result", None)),
        (TrustedIdentity, Fails,   Enforce, Refused("plugin-refused", None)),
        (TrustedIdentity, Fails,   Log,     Refused("plugin-refused", None)),
        (RevocationCheck, Yes,     Enforce, Good),
        (RevocationCheck, Yes,     Log,     Good),
        (RevocationCheck, Yes,     Skip,    Good),
        (RevocationCheck, No,      Enforce, Refused("verify-plugin-revocation", Some(Revocation))),
        (RevocationCheck, No,      Log,     Warned(REVOCATION)),
        (RevocationCheck, No,      Skip,    Good),
        (RevocationCheck, Nothing, Enforce, Refused("verify-plugin-no-result", None)),
        (RevocationCheck, Nothing, Log,     Refused("verify-plugin-no-result", None)),
        (RevocationCheck, Nothing, Skip,    Good),
        (RevocationCheck, Fails,   Enforce, Refused("plugin-refused", None)),
        (RevocationCheck, Fails,   Log,     Refused("plugin-refused", None)),
        // nothing is asked of it
        (RevocationCheck, Fails,   Skip,    Good),
    ]
};

#[test]
fn the_table_has_every_line() {
    for capability in BOTH {
        for says in [Says::Yes, Says::No, Says::Nothing, Says::Fails] {
            for action in ACTIONS {
                let rows =
                    TABLE.iter().filter(|row| (row.0, row.1, row.2) == (capability, says, action));
                let skipped = (capability, action) == (Capability::TrustedIdentity, Action::Skip);
                assert_eq!(
                    rows.count(),
                    usize::from(!skipped),
                    "{capability:?} {says:?} {action:?}"
                );
            }
        }
    }
}

#[tokio::test]
async fn each_capability_under_each_action_with_each_answer() {
    for format in FORMATS {
        for (capability, says, action, becomes) in TABLE {
            for level in ["strict", "permissive", "audit"] {
                let told = format!("{format:?} {level} {capability:?} {says:?} {action:?}");
                let check = check_of(capability);
                let overrides =
                    format!(r#","override":{{"{}":"{}"}}"#, check.name(), action.name());
                // whom the plugin decides about, the policy knows nothing of
                let identity = match capability {
                    Capability::TrustedIdentity => "com.example: x",
                    _ => "*",
                };
                let world = naming_in(format).with_policy(policy(level, &overrides, identity));
                let (world, fake) = world.with_plugin(saying(capability, says), &[]);
                let result = world.verify().await;
                hold(&result, becomes, check, &told);
                let asked = usize::from(action != Action::Skip);
                assert_eq!(fake.runs().len(), 1 + asked, "{told}");
                let ours = usize::from(capability != Capability::RevocationCheck && result.is_ok());
                if capability == Capability::RevocationCheck || result.is_ok() {
                    assert_eq!(*world.asked.lock().unwrap(), ours, "who asks the servers, {told}");
                }
            }
        }
    }
}

fn saying(capability: Capability, says: Says) -> Fake {
    let mut fake = Fake::with(&[capability]);
    if let Ok(answer) = &mut fake.answer {
        let results = &mut answer.verification_results;
        match says {
            Says::Yes | Says::Fails => {}
            Says::No => drop(results.insert(capability.as_str().to_owned(), said(false))),
            Says::Nothing => results.clear(),
        }
    }
    if says == Says::Fails {
        fake.answer = Err(refused_by_itself());
    }
    fake
}

fn check_of(capability: Capability) -> Check {
    match capability {
        Capability::TrustedIdentity => Check::Authenticity,
        _ => Check::Revocation,
    }
}

fn hold(result: &Result<Outcome, VerifyError>, becomes: Becomes, check: Check, told: &str) {
    match becomes {
        Becomes::Good => {
            let outcome = result.as_ref().unwrap_or_else(|error| panic!("{told}: {error:?}"));
            let results = &outcome.good().unwrap().results;
            assert_eq!(results.iter().filter(|r| r.check == check).count(), 1, "{told}");
            assert!(results.iter().all(|r| r.failure.is_none()), "{told}: {results:?}");
            assert_eq!(outcome.warnings(), Vec::<String>::new(), "{told}");
        }
        Becomes::Warned(words) => {
            let outcome = result.as_ref().unwrap_or_else(|error| panic!("{told}: {error:?}"));
            let start = format!("{} was set to \"log\" and failed with error: ", check.name());
            assert_eq!(outcome.warnings(), [format!("{start}{words}")], "{told}");
        }
        Becomes::Refused(code, judged) => {
            let error = result.as_ref().expect_err(told);
            let [tried] = error.tried() else { panic!("{told}: {error:?}") };
            let failure = tried.failure.as_ref().unwrap();
            assert_eq!((failure.code(), failure.check()), (code, judged), "{told}");
            let again = tried.results.iter().any(|r| Some(r.check) == judged);
            assert!(!again && tried.intact.is_none(), "one result for each check, {told}");
        }
    }
}
