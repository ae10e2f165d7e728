//! What every command is given: environment, streams, clock, the time it has.

use std::sync::Arc;
use std::time::Duration;

use super::streams::Streams;
use crate::clock::Clock;
use crate::config::{DirError, Dirs};
use crate::env::Env;
use crate::http::Deadline;
use crate::trust::TrustStoreDir;

/// One run of one command.
pub struct Session {
    pub env: Env,
    pub streams: Streams,
    pub clock: Arc<dyn Clock>,
    deadline: Deadline,
}

impl Session {
    pub fn new(env: Env, streams: Streams, clock: Arc<dyn Clock>) -> Self {
        let deadline = Deadline(clock.elapsed());
        Self { env, streams, clock, deadline }
    }

    /// Gives the command this much time from now on.
    pub fn limit(&mut self, limit: Duration) {
        self.deadline = Deadline(self.clock.elapsed() + limit);
    }

    /// notation's directories.
    pub fn dirs(&self) -> Result<Dirs, DirError> {
        Dirs::from_env(&self.env)
    }

    pub fn trust_store(&self) -> Result<TrustStoreDir, DirError> {
        Ok(TrustStoreDir::new(self.dirs()?.trust_store()))
    }

    pub fn deadline(&self) -> Deadline {
        self.deadline
    }
}
