//! `azure-client-id` and `azure-tenant-id`: the job's own OIDC token

use sealwright::lab::Exchange;

use crate::job::Job;
use crate::runner::{Done, Step};

/// What a step is given that has no secret, and a job with `id-token: write`.
fn with_permission<'a>(job: &Job, step: Step<'a>) -> Step<'a> {
    let token = job.lab.identity().oidc_request_token.expose();
    without_secrets(step)
        .env("ACTIONS_ID_TOKEN_REQUEST_URL", &job.lab.oidc_url())
        .env("ACTIONS_ID_TOKEN_REQUEST_TOKEN", token)
}

fn without_secrets(step: Step<'_>) -> Step<'_> {
    let names = ["AZURE_TENANT_ID", "AZURE_CLIENT_ID", "AZURE_CLIENT_SECRET"];
    names.into_iter().fold(step, |step, name| step.env(name, ""))
}

fn named(job: &Job) -> [(&str, &str); 2] {
    let identity = job.lab.identity();
    [("azure-client-id", &identity.client_id), ("azure-tenant-id", &identity.tenant_id)]
}

/// Requests whose path ends so.
fn requests(job: &Job, end: &str) -> Vec<Exchange> {
    let all = job.lab.control().requests();
    all.into_iter().filter(|request| request.path.ends_with(end)).collect()
}

/// The only error's code in the report, and its annotation.
fn error(done: &Done) -> (String, String) {
    let code = done.report()["error"]["code"].as_str().unwrap_or_default().to_owned();
    let annotations = done.commands("error");
    assert_eq!(annotations.len(), 1, "{}", done.log());
    (code, annotations[0].to_owned())
}

#[test]
fn a_job_signs_in_by_itself_with_a_fresh_assertion_for_each_exchange() {
    let job = Job::start();
    let done = with_permission(&job, job.signs(&named(&job))).done().succeeded();
    assert_eq!(job.signatures(), 1);
    let credentials = &done.report()["images"][0]["credentials"];
    assert_eq!(credentials["vault"], "github (OIDC token)");
    assert_eq!(credentials["registry"], "Entra exchange, github (OIDC token)");
    assert_eq!(
        done.stdout.lines().next(),
        Some("Azure credentials in order: github, environment, workloadid, managedid, azurecli")
    );
    // one exchange for the vault, one for the registry
    let asked = requests(&job, "/oidc/token");
    assert_eq!((asked.len(), requests(&job, "/oauth2/v2.0/token").len()), (2, 2));
    for request in asked {
        assert_eq!(request.query, "api-version=2.0&audience=api%3A%2F%2FAzureADTokenExchange");
    }
    // each is masked, and nowhere else
    let masks = done.commands("add-mask");
    assert_eq!(masks.len(), 2, "{}", done.log());
    assert_ne!(masks[0], masks[1]);
    for mask in masks {
        let assertion = mask.trim_start_matches("::add-mask::");
        assert_eq!(assertion.split('.').count(), 3);
        let everything = format!("{}{}{}", done.log(), done.summary, done.report());
        assert_eq!(everything.matches(assertion).count(), 1);
    }
}

#[test]
fn debug_logs_hold_neither_assertion_nor_request_token() {
    let job = Job::start();
    let step = with_permission(&job, job.signs(&named(&job))).env("RUNNER_DEBUG", "1");
    let done = step.done().succeeded();
    assert!(!done.log().contains(job.lab.identity().oidc_request_token.expose()));
    for mask in done.commands("add-mask") {
        assert!(!done.stderr.contains(mask.trim_start_matches("::add-mask::")), "{}", done.stderr);
    }
}

#[test]
fn a_login_uses_it_too() {
    let job = Job::start();
    let mut inputs = vec![("command", "login"), ("registry", job.lab.registry_host())];
    inputs.extend(named(&job));
    inputs.push(("credential-type", "github"));
    let done = with_permission(&job, job.uses(&inputs)).done().succeeded();
    assert!(done.stdout.contains("(Entra exchange, github (OIDC token))"), "{}", done.stdout);
    assert_eq!(requests(&job, "/oidc/token").len(), 1);
}

#[test]
fn a_missing_permission_is_the_first_thing_said() {
    let job = Job::start();
    // a client secret in the environment is no way around what the inputs ask for
    let done = job.signs(&named(&job)).done().failed();
    let (code, annotation) = error(&done);
    assert_eq!(code, "azure-oidc-permission");
    assert!(annotation.contains("hint: give the job `permissions: id-token: write`"));
    assert_eq!(done.stdout.lines().next(), Some(annotation.as_str()));
    assert!(job.lab.control().requests().is_empty());
    assert_eq!(job.signatures(), 0);
}

#[test]
fn a_dry_run_without_the_permission_says_so_and_what_was_not_checked() {
    let job = Job::start();
    let mut inputs = named(&job).to_vec();
    inputs.push(("dry-run", "true"));
    let done = job.signs(&inputs).done().succeeded();
    let warnings = done.commands("warning");
    assert_eq!(warnings.len(), 1, "{}", done.log());
    assert_eq!(done.stdout.lines().next(), Some(warnings[0]));
    assert!(warnings[0].contains("id-token: write"), "{}", done.log());
    assert!(done.report()["notChecked"].is_array(), "{}", done.report());
}

#[test]
fn under_act_it_is_said_that_there_is_no_oidc() {
    let job = Job::start();
    let done = without_secrets(job.signs(&named(&job))).env("ACT", "true").done().failed();
    let (code, annotation) = error(&done);
    assert_eq!(code, "azure-oidc-act");
    for part in ["act has no OIDC", "AZURE_CLIENT_SECRET", "sealwright lab"] {
        assert!(annotation.contains(part), "{annotation}");
    }
    assert!(job.lab.control().requests().is_empty());
    // the lab's endpoint stands in for GitHub's
    with_permission(&job, job.signs(&named(&job))).env("ACT", "true").done().succeeded();
    // and so does a client secret, for the application that the inputs name
    let step = job.signs(&named(&job)).env("AZURE_CLIENT_ID", "").env("ACT", "true");
    let done = step.done().succeeded();
    assert_eq!(done.report()["images"][0]["credentials"]["vault"], "environment (client secret)");
    let order = "Azure credentials in order: environment, workloadid, managedid, azurecli";
    assert_eq!(done.stdout.lines().next(), Some(order));
}

#[test]
fn a_client_id_picks_the_user_assigned_identity() {
    let job = Job::start();
    let header = job.lab.identity().identity_header.expose();
    let endpoint = job.lab.identity_endpoint();
    let client = job.lab.identity().client_id.as_str();
    let inputs = [("credential-type", "managedid"), ("azure-client-id", client)];
    let step = without_secrets(job.signs(&inputs))
        .env("IDENTITY_ENDPOINT", &endpoint)
        .env("IDENTITY_HEADER", header);
    let done = step.done().succeeded();
    let vault = done.report()["images"][0]["credentials"]["vault"].to_string();
    assert_eq!(vault, format!("\"managedid (App Service, client {client})\""));
    let asked = requests(&job, "/msi/token");
    assert!(!asked.is_empty());
    let id = format!("client_id={client}");
    assert!(asked.iter().all(|request| request.query.contains(&id)), "{asked:?}");
}

#[test]
fn half_an_identity_or_another_cloud_is_refused_by_name() {
    let job = Job::start();
    let [client, tenant] = named(&job);
    let github = ("credential-type", "github");
    for (inputs, code, part) in [
        (vec![tenant], "ci-input-missing", "`azure-client-id`"),
        (vec![github, client], "ci-input-missing", "`azure-tenant-id`"),
        (vec![github], "ci-input-missing", "`azure-client-id`"),
        (vec![("azure-cloud", "mars")], "ci-input-invalid", "`usgovernment`"),
    ] {
        let done = job.signs(&inputs).done().failed();
        let (found, annotation) = error(&done);
        assert_eq!(found, code);
        assert!(annotation.contains(part), "{annotation}");
    }
    assert!(job.lab.control().requests().is_empty());
}
