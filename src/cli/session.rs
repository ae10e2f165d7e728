//! What every command is given: environment, streams, clock, the time it has.

use std::sync::Arc;
use std::time::Duration;

use clap::ArgMatches;

use super::parse::flags;
use super::streams::{Kind, Streams};
use super::world::{Layouts, World, WorldOptions};
use crate::azure::{CredentialType, ExtraHosts, NamedIdentity};
use crate::clock::Clock;
use crate::config::{DirError, Dirs};
use crate::credentials::{Credential, Found};
use crate::env::{Env, name};
use crate::fault::BoxFault;
use crate::http::Deadline;
use crate::plugin::ProcessGroup;
use crate::registry::Scheme;
use crate::secret::Secret;
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

    /// The clients of a command with the registry flags.
    pub fn world(&self, values: &ArgMatches) -> Result<World, BoxFault> {
        self.world_with(values, None)
    }

    /// The same with one Entra credential in place of the default order.
    pub fn world_with(
        &self,
        values: &ArgMatches,
        credential_type: Option<CredentialType>,
    ) -> Result<World, BoxFault> {
        let extra_hosts = flags::text_of(values, "azure-extra-hosts").unwrap_or_default();
        let world = World::new(WorldOptions {
            env: self.env.clone(),
            clock: self.clock.clone(),
            deadline: self.deadline,
            given: self.given(values),
            given_host: None,
            ca_file: flags::text_of(values, "ca-file").map(Into::into),
            scheme: flags::is_on(values, "insecure-registry").then_some(Scheme::PlainHttp),
            extra_hosts: ExtraHosts::parse(extra_hosts)?,
            auth_realms: flags::list_of(values, "auth-realms"),
            credential_type,
            named: NamedIdentity::default(),
            registry_connection: None,
        })?;
        // whoever sits at a terminal may end a plugin, or be asked by it for a PIN
        let world = match self.streams.stdin_kind() {
            Kind::Terminal => world.with_plugins_in(ProcessGroup::Terminal),
            Kind::Pipe => world,
        };
        if !flags::is_on(values, "oci-layout") {
            return Ok(world);
        }
        let scope = flags::text_of(values, "scope").map(str::to_owned);
        Ok(world.in_layouts(Layouts { scope }))
    }

    /// The user name by flag, else by environment; empty when there is none.
    pub fn username(&self, values: &ArgMatches) -> String {
        let given = flags::text_of(values, "username");
        given.or(self.env.value(name::NOTATION_USERNAME)).unwrap_or_default().to_owned()
    }

    /// The password by flag, else by environment; empty when there is none.
    pub fn password(&self, values: &ArgMatches) -> Secret {
        let given = flags::text_of(values, "password");
        Secret::new(given.or(self.env.value(name::NOTATION_PASSWORD)).unwrap_or_default())
    }

    fn given(&self, values: &ArgMatches) -> Option<Found> {
        let credential = Credential::given(&self.username(values), self.password(values))?;
        let by_flag = ["username", "password"].iter().any(|n| flags::text_of(values, n).is_some());
        let source = if by_flag { "flags" } else { "environment" };
        Some(Found { credential, source: source.to_owned() })
    }

    pub fn deadline(&self) -> Deadline {
        self.deadline
    }
}
