//! The one HTTP client of a command.

use std::path::Path;
use std::sync::Arc;

use super::local_key::read;
use crate::clock::Clock;
use crate::env::{Env, name};
use crate::http::{Deadline, Http, HttpError, HttpOptions};

/// The name the program gives in every request.
const USER_AGENT: &str = concat!("sealwright/", env!("CARGO_PKG_VERSION"));

/// A client with this much time, which trusts the system's roots and those of `SSL_CERT_FILE`.
pub fn http_client(
    env: &Env,
    clock: Arc<dyn Clock>,
    deadline: Deadline,
) -> Result<Http, HttpError> {
    let client = |extra_roots| {
        Http::new(HttpOptions {
            clock: clock.clone(),
            deadline,
            user_agent: USER_AGENT.to_owned(),
            extra_roots,
        })
    };
    // a file with a root that cannot be used still serves by its others: the platform reads it too
    client(extra_roots(env)).or_else(|_| client(Vec::new()))
}

/// The roots of `SSL_CERT_FILE`, trusted beside the system's. A file that is gone trusts nobody.
fn extra_roots(env: &Env) -> Vec<Vec<u8>> {
    env.value(name::SSL_CERT_FILE).and_then(|path| read(Path::new(path)).ok()).into_iter().collect()
}
