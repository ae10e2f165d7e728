//! Who the lab knows: one application in one tenant, one registry user. All of it is public.

use crate::secret::Secret;

/// The names and secrets a lab accepts.
#[derive(Debug, Clone)]
pub struct Identity {
    pub tenant_id: String,
    pub client_id: String,
    pub client_secret: Secret,
    /// Of the managed identity endpoint, `IDENTITY_HEADER`.
    pub identity_header: Secret,
    /// Of the OIDC endpoint, `ACTIONS_ID_TOKEN_REQUEST_TOKEN`.
    pub oidc_request_token: Secret,
    /// The job's own token, for `github-token`.
    pub github_token: Secret,
    /// Of a job of Azure Pipelines, `SYSTEM_ACCESSTOKEN`.
    pub job_token: Secret,
    /// The service connection that Azure DevOps knows.
    pub connection_id: String,
    pub username: String,
    pub password: Secret,
}

impl Identity {
    pub(super) fn lab() -> Self {
        Self {
            tenant_id: "7e9a917e-0000-4000-8000-000000001ab0".to_owned(),
            client_id: "c11e9700-0000-4000-8000-000000001ab0".to_owned(),
            client_secret: Secret::new("lab-client-secret~public"),
            identity_header: Secret::new("lab-identity-header"),
            oidc_request_token: Secret::new("lab-oidc-request-token"),
            github_token: Secret::new("ghs_lab-github-token"),
            job_token: Secret::new("lab-job-token~public"),
            connection_id: "5e9c0000-0000-4000-8000-000000001ab0".to_owned(),
            username: "lab".to_owned(),
            password: Secret::new("lab-password"),
        }
    }
}
