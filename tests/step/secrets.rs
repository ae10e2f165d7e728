//! No credential that went over the wire is in a log, an output, a summary or a report

use sealwright::lab::{Fault, LabOptions, Role, Route};

use crate::job::Job;
use crate::runner::{Done, Step};

/// Where a step may write, at its most talkative. Masks are what hides a secret from the log.
fn loudly(step: Step<'_>) -> Done {
    step.env("RUNNER_DEBUG", "1").done()
}

fn everything_said(done: &Done) -> String {
    let log = done.stdout.lines().filter(|line| !line.starts_with("::add-mask::"));
    let report = match done.output("report") {
        "" => String::new(),
        path => std::fs::read_to_string(path).expect("the report is there"),
    };
    format!(
        "{}\n{}\n{:?}\n{:?}\n{:?}\n{}\n{report}",
        log.collect::<Vec<_>>().join("\n"),
        done.stderr,
        done.outputs,
        done.variables,
        done.state,
        done.summary
    )
}

/// The step said none of what was secret so far; how much that was.
fn kept_quiet(job: &Job, done: &Done) -> usize {
    let said = everything_said(done);
    let secrets = job.lab.control().secrets();
    for secret in &secrets {
        let secret = secret.expose();
        assert!(!said.contains(secret), "{secret} is in:\n{said}");
    }
    secrets.len()
}

/// The lab heard this very secret, so that its absence elsewhere says something.
fn heard(job: &Job, text: &str) -> bool {
    job.lab.control().secrets().iter().any(|secret| secret.expose() == text)
}

#[test]
fn a_signing_and_a_verifying_step_keep_every_credential() {
    let job = Job::start();
    job.trust();
    let done = loudly(job.signs(&[])).succeeded();
    // the client's secret, Entra's tokens for both audiences, the registry's refresh and access
    // token, the vault's secret
    assert!(kept_quiet(&job, &done) >= 6, "{:?}", job.lab.control().secrets().len());
    assert!(heard(&job, job.lab.identity().client_secret.expose()));
    assert!(done.stderr.contains("level=debug"), "{}", done.stderr);
    kept_quiet(&job, &loudly(job.verifies(&[])).succeeded());
    kept_quiet(&job, &loudly(job.signs(&[("dry-run", "true")])).succeeded());
}

#[test]
fn a_login_and_its_end_keep_every_credential() {
    let job = Job::start();
    let inputs = [("command", "login"), ("registry", job.lab.registry_host())];
    let done = loudly(job.uses(&inputs)).succeeded();
    assert!(kept_quiet(&job, &done) >= 3);
    kept_quiet(&job, &job.runner.post(&done).succeeded());
}

#[test]
fn a_password_that_is_given_and_one_that_is_refused_are_kept() {
    let job = Job::with_basic_registry();
    let user = ("registry-username", job.lab.username());
    let good = job.lab.password().expose().to_owned();
    let done = loudly(job.signs(&[user, ("registry-password", &good)])).succeeded();
    kept_quiet(&job, &done);
    assert!(heard(&job, &good));
    let done = loudly(job.signs(&[user, ("registry-password", "not-the-password")])).failed();
    kept_quiet(&job, &done);
    assert!(heard(&job, "not-the-password"));
}

#[test]
fn the_tokens_of_a_job_are_kept() {
    let job = Job::start();
    let identity = job.lab.identity();
    let token = identity.oidc_request_token.expose();
    let done = loudly(
        job.signs(&[
            ("azure-client-id", &identity.client_id),
            ("azure-tenant-id", &identity.tenant_id),
        ])
        .env("AZURE_CLIENT_SECRET", "")
        .env("ACTIONS_ID_TOKEN_REQUEST_URL", &job.lab.oidc_url())
        .env("ACTIONS_ID_TOKEN_REQUEST_TOKEN", token),
    )
    .succeeded();
    assert!(kept_quiet(&job, &done) >= 8);
    assert!(heard(&job, token));
}

#[test]
fn the_tokens_of_a_service_connection_are_kept() {
    let job = Job::start();
    let identity = job.lab.identity();
    let (id, token) = (&identity.connection_id, identity.job_token.expose());
    let step = || {
        job.signs(&[("azure-subscription", id)])
            .env("SYSTEM_OIDCREQUESTURI", &job.lab.devops_oidc_url())
            .env("SYSTEM_ACCESSTOKEN", token)
            .env(&format!("ENDPOINT_AUTH_SCHEME_{id}"), "WorkloadIdentityFederation")
            .env(&format!("ENDPOINT_AUTH_PARAMETER_{id}_TENANTID"), &identity.tenant_id)
            .env(&format!("ENDPOINT_AUTH_PARAMETER_{id}_SERVICEPRINCIPALID"), &identity.client_id)
    };
    assert!(kept_quiet(&job, &loudly(step()).succeeded()) >= 7);
    assert!(heard(&job, token));
    for fault in [Fault::Error(403, "<html>no</html>".into()), Fault::Body("{".into())] {
        job.lab.control().fault(Route::on(Role::Entra).path("/oidctoken"), fault, 99);
        kept_quiet(&job, &loudly(step().env("INPUT_SKIP-SIGNED", "false")).failed());
        job.lab.control().reset();
    }
}

#[test]
fn whatever_fails_keeps_every_credential() {
    for (role, method, path) in [
        (Role::Entra, "POST", "/token"),
        (Role::Vault, "GET", "/secrets/"),
        (Role::Vault, "POST", "/sign"),
        (Role::Registry, "POST", "/oauth2/exchange"),
        (Role::Registry, "GET", "/oauth2/token"),
        (Role::Registry, "GET", "/manifests/"),
        (Role::Registry, "PUT", "/manifests/"),
    ] {
        for fault in [
            Fault::Error(400, r#"{"error":"invalid_request","error_description":"no"}"#.into()),
            Fault::Error(403, "<html>no</html>".into()),
            Fault::Body("{".into()),
        ] {
            let job = Job::with(LabOptions::default(), sealwright::lab::IssueRequest::named("w"));
            let route = Route::on(role).method(method).path(path);
            job.lab.control().fault(route, fault, 99);
            kept_quiet(&job, &loudly(job.signs(&[])));
        }
    }
}
