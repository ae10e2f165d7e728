//! Every environment variable the program reads, named once; a copy is passed down.

use std::collections::BTreeMap;

/// A copy of the environment, taken once at the start and handed to whoever needs it.
#[derive(Clone, Default)]
pub struct Env {
    variables: BTreeMap<String, String>,
}

/// Variables that hold credentials and are not left to child processes.
const TAKEN: [&str; 14] = [
    name::NOTATION_USERNAME,
    name::NOTATION_PASSWORD,
    name::SEALWRIGHT_PFX_PASSWORD,
    name::INPUT_REGISTRY_PASSWORD,
    name::INPUT_REGISTRYPASSWORD,
    name::INPUT_GITHUB_TOKEN,
    name::ACTIONS_ID_TOKEN_REQUEST_URL,
    name::ACTIONS_ID_TOKEN_REQUEST_TOKEN,
    name::ACTIONS_RUNTIME_TOKEN,
    name::AGENT_PROXYPASSWORD,
    name::AGENT_CLIENTCERTPASSWORD,
    name::SYSTEM_ACCESSTOKEN,
    name::SERVICE_PRINCIPAL_KEY,
    name::ID_TOKEN,
];

/// How the variables begin that hold the credentials of service connections.
const TAKEN_BEGINNING: &str = name::ENDPOINT_AUTH;

/// How the variables begin that no other program is given.
const OWN: [&str; 14] = [
    "NOTATION_",
    "INPUT_",
    name::SEALWRIGHT_PFX_PASSWORD,
    "ACTIONS_ID_TOKEN_",
    // what a runner and an agent keep for their own use
    name::ACTIONS_RUNTIME_TOKEN,
    name::AGENT_PROXYPASSWORD,
    name::AGENT_CLIENTCERTPASSWORD,
    // an agent hands a task its connections and the pipeline's secrets
    "ENDPOINT_",
    "SECRET_",
    "SECUREFILE_",
    "VSTS_TASKVARIABLE_",
    name::SYSTEM_ACCESSTOKEN,
    name::SERVICE_PRINCIPAL_KEY,
    name::ID_TOKEN,
];

impl Env {
    /// A copy of the process's environment, taken once by `main` before any other thread exists.
    /// Variables that hold credentials are then removed from the process, so that no child sees
    /// them. Names and values that are no Unicode are left out.
    #[allow(clippy::disallowed_methods)]
    pub fn take_from_process() -> Self {
        let variables: BTreeMap<String, String> = std::env::vars_os()
            .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
            .collect();
        let connections = variables.keys().filter(|name| name.starts_with(TAKEN_BEGINNING));
        for name in TAKEN.into_iter().chain(connections.map(String::as_str)) {
            // SAFETY: main calls this first, while the process has one thread.
            unsafe { std::env::remove_var(name) };
        }
        Self { variables }
    }

    /// A variable's value; an empty one counts as absent.
    pub fn value(&self, name: &str) -> Option<&str> {
        self.variables.get(name).map(String::as_str).filter(|v| !v.is_empty())
    }

    /// A variable's value even when it is empty (step inputs are empty when not given).
    pub fn raw(&self, name: &str) -> Option<&str> {
        self.variables.get(name).map(String::as_str)
    }

    /// True when the variable is set to exactly `1`.
    pub fn is_one(&self, name: &str) -> bool {
        self.value(name) == Some("1")
    }

    /// The variables whose name starts with `prefix`, in order of name.
    pub fn with_prefix<'a>(&'a self, prefix: &'a str) -> impl Iterator<Item = (&'a str, &'a str)> {
        self.variables
            .iter()
            .filter(move |(name, _)| name.starts_with(prefix))
            .map(|(name, value)| (name.as_str(), value.as_str()))
    }

    /// What another program is given: no setting of this one's, since credentials are among them.
    pub fn for_child(&self) -> Self {
        let own = |name: &str| OWN.iter().any(|prefix| name.starts_with(prefix));
        let kept = self.variables.iter().filter(|(name, _)| !own(name));
        kept.map(|(name, value)| (name.clone(), value.clone())).collect()
    }

    /// A copy with one variable set.
    pub fn with(mut self, name: &str, value: &str) -> Self {
        self.variables.insert(name.to_owned(), value.to_owned());
        self
    }

    /// A copy without one variable.
    pub fn without(mut self, name: &str) -> Self {
        self.variables.remove(name);
        self
    }
}

impl FromIterator<(String, String)> for Env {
    fn from_iter<I: IntoIterator<Item = (String, String)>>(variables: I) -> Self {
        Self { variables: variables.into_iter().collect() }
    }
}

impl std::fmt::Debug for Env {
    /// Names only: values may be secrets.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_set().entries(self.variables.keys()).finish()
    }
}

/// The names. Whoever reads a variable adds it here.
pub mod name {
    pub const HOME: &str = "HOME";
    pub const PATH: &str = "PATH";
    pub const TMPDIR: &str = "TMPDIR";
    pub const LC_ALL: &str = "LC_ALL";
    pub const LC_CTYPE: &str = "LC_CTYPE";
    pub const LANG: &str = "LANG";
    pub const NO_COLOR: &str = "NO_COLOR";
    pub const APPDATA: &str = "APPDATA";
    pub const LOCALAPPDATA: &str = "LOCALAPPDATA";
    pub const USERPROFILE: &str = "USERPROFILE";
    pub const XDG_CONFIG_HOME: &str = "XDG_CONFIG_HOME";
    pub const XDG_CACHE_HOME: &str = "XDG_CACHE_HOME";
    pub const NOTATION_CONFIG: &str = "NOTATION_CONFIG";
    pub const NOTATION_LIBEXEC: &str = "NOTATION_LIBEXEC";
    pub const NOTATION_CACHE: &str = "NOTATION_CACHE";
    pub const NOTATION_USERNAME: &str = "NOTATION_USERNAME";
    pub const NOTATION_PASSWORD: &str = "NOTATION_PASSWORD";
    pub const NOTATION_EXPERIMENTAL: &str = "NOTATION_EXPERIMENTAL";
    pub const SEALWRIGHT_REVOCATION_LOOPBACK: &str = "SEALWRIGHT_REVOCATION_LOOPBACK";
    pub const SEALWRIGHT_PFX_PASSWORD: &str = "SEALWRIGHT_PFX_PASSWORD";
    pub const DOCKER_CONFIG: &str = "DOCKER_CONFIG";
    pub const SSL_CERT_FILE: &str = "SSL_CERT_FILE";
    pub const SSL_CERT_DIR: &str = "SSL_CERT_DIR";
    pub const AZURE_TENANT_ID: &str = "AZURE_TENANT_ID";
    pub const AZURE_CLIENT_ID: &str = "AZURE_CLIENT_ID";
    pub const AZURE_CLIENT_SECRET: &str = "AZURE_CLIENT_SECRET";
    pub const AZURE_CLIENT_CERTIFICATE_PATH: &str = "AZURE_CLIENT_CERTIFICATE_PATH";
    pub const AZURE_CLIENT_CERTIFICATE_PASSWORD: &str = "AZURE_CLIENT_CERTIFICATE_PASSWORD";
    pub const AZURE_FEDERATED_TOKEN_FILE: &str = "AZURE_FEDERATED_TOKEN_FILE";
    pub const AZURE_AUTHORITY_HOST: &str = "AZURE_AUTHORITY_HOST";
    pub const IDENTITY_ENDPOINT: &str = "IDENTITY_ENDPOINT";
    pub const IDENTITY_HEADER: &str = "IDENTITY_HEADER";
    pub const MSI_ENDPOINT: &str = "MSI_ENDPOINT";
    pub const ACC_CLOUD: &str = "ACC_CLOUD";
    pub const CI: &str = "CI";
    pub const GITHUB_ACTIONS: &str = "GITHUB_ACTIONS";
    pub const ACT: &str = "ACT";
    pub const TF_BUILD: &str = "TF_BUILD";
    pub const RESOURCE_URIS: &str = "RESOURCE_URIS";
    pub const ACTIONS_ID_TOKEN_REQUEST_URL: &str = "ACTIONS_ID_TOKEN_REQUEST_URL";
    pub const ACTIONS_ID_TOKEN_REQUEST_TOKEN: &str = "ACTIONS_ID_TOKEN_REQUEST_TOKEN";
    pub const ACTIONS_RUNTIME_TOKEN: &str = "ACTIONS_RUNTIME_TOKEN";
    pub const GITHUB_ACTION: &str = "GITHUB_ACTION";
    pub const GITHUB_API_URL: &str = "GITHUB_API_URL";
    pub const GITHUB_EVENT_PATH: &str = "GITHUB_EVENT_PATH";
    pub const GITHUB_JOB: &str = "GITHUB_JOB";
    pub const GITHUB_REF: &str = "GITHUB_REF";
    pub const GITHUB_REPOSITORY: &str = "GITHUB_REPOSITORY";
    pub const GITHUB_RUN_ATTEMPT: &str = "GITHUB_RUN_ATTEMPT";
    pub const GITHUB_RUN_ID: &str = "GITHUB_RUN_ID";
    pub const GITHUB_SERVER_URL: &str = "GITHUB_SERVER_URL";
    pub const GITHUB_SHA: &str = "GITHUB_SHA";
    pub const GITHUB_WORKFLOW: &str = "GITHUB_WORKFLOW";
    pub const GITHUB_OUTPUT: &str = "GITHUB_OUTPUT";
    pub const GITHUB_ENV: &str = "GITHUB_ENV";
    pub const GITHUB_PATH: &str = "GITHUB_PATH";
    pub const GITHUB_STATE: &str = "GITHUB_STATE";
    pub const GITHUB_STEP_SUMMARY: &str = "GITHUB_STEP_SUMMARY";
    pub const INPUT_REGISTRY_PASSWORD: &str = "INPUT_REGISTRY-PASSWORD";
    pub const SYSTEM_DEBUG: &str = "SYSTEM_DEBUG";
    pub const SYSTEM_DEFAULTWORKINGDIRECTORY: &str = "SYSTEM_DEFAULTWORKINGDIRECTORY";
    pub const BUILD_SOURCESDIRECTORY: &str = "BUILD_SOURCESDIRECTORY";
    pub const AGENT_TEMPDIRECTORY: &str = "AGENT_TEMPDIRECTORY";
    pub const INPUT_REGISTRYPASSWORD: &str = "INPUT_REGISTRYPASSWORD";
    pub const GITHUB_WORKSPACE: &str = "GITHUB_WORKSPACE";
    pub const INPUT_GITHUB_TOKEN: &str = "INPUT_GITHUB-TOKEN";
    pub const RUNNER_TEMP: &str = "RUNNER_TEMP";
    pub const RUNNER_DEBUG: &str = "RUNNER_DEBUG";

    // Azure Pipelines. The first two are beginnings; a connection's id and a key follow.
    pub const ENDPOINT_AUTH: &str = "ENDPOINT_AUTH_";
    pub const ENDPOINT_DATA: &str = "ENDPOINT_DATA_";
    pub const SYSTEM_OIDCREQUESTURI: &str = "SYSTEM_OIDCREQUESTURI";
    pub const AGENT_PROXYPASSWORD: &str = "AGENT_PROXYPASSWORD";
    pub const AGENT_CLIENTCERTPASSWORD: &str = "AGENT_CLIENTCERTPASSWORD";
    pub const SYSTEM_ACCESSTOKEN: &str = "SYSTEM_ACCESSTOKEN";
    pub const AZURESUBSCRIPTION_CLIENT_ID: &str = "AZURESUBSCRIPTION_CLIENT_ID";
    pub const AZURESUBSCRIPTION_TENANT_ID: &str = "AZURESUBSCRIPTION_TENANT_ID";
    pub const AZURESUBSCRIPTION_SERVICE_CONNECTION_ID: &str =
        "AZURESUBSCRIPTION_SERVICE_CONNECTION_ID";
    pub const SERVICE_PRINCIPAL_ID: &str = "servicePrincipalId";
    pub const SERVICE_PRINCIPAL_KEY: &str = "servicePrincipalKey";
    pub const ID_TOKEN: &str = "idToken";
    pub const TENANT_ID: &str = "tenantId";
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn another_program_gets_no_setting_of_this_one() {
        let names = [
            "PATH",
            "INPUT_KEY",
            "NOTATION_PASSWORD",
            "SEALWRIGHT_PFX_PASSWORD",
            "ACTIONS_ID_TOKEN_REQUEST_TOKEN",
            "ACTIONS_RUNTIME_TOKEN",
            "AGENT_PROXYPASSWORD",
            "ENDPOINT_AUTH_SYSTEMVSSCONNECTION",
            "SECRET_TOKEN",
            "ENDPOINT_AUTH_PARAMETER_7_SERVICEPRINCIPALKEY",
            "ENDPOINT_DATA_7_ENVIRONMENT",
            "SYSTEM_ACCESSTOKEN",
            "servicePrincipalKey",
            "idToken",
        ];
        let env: Env = names.iter().map(|n| ((*n).to_owned(), "x".to_owned())).collect();
        let left: Vec<(String, String)> =
            env.for_child().with_prefix("").map(|(n, v)| (n.to_owned(), v.to_owned())).collect();
        assert_eq!(left, [("PATH".to_owned(), "x".to_owned())]);
    }
}
