//! Environments that another step prepared: azure/login, AzureCLI@2, AzurePowerShell@5

use std::os::unix::fs::PermissionsExt as _;

use sealwright::lab::Exchange;

use crate::job::Job;
use crate::runner::{Done, Step};

/// A script in a task of Azure Pipelines; the step's own environment names no identity.
fn in_task<'a>(job: &Job, step: Step<'a>) -> Step<'a> {
    let names = ["AZURE_TENANT_ID", "AZURE_CLIENT_ID", "AZURE_CLIENT_SECRET"];
    let step = names.into_iter().fold(step, |step, name| step.env(name, ""));
    step.env("TF_BUILD", "True").env("SYSTEM_OIDCREQUESTURI", &job.lab.devops_oidc_url())
}

/// `addSpnToEnvironment: true`
fn with_principal<'a>(job: &Job, step: Step<'a>, name: &str, value: &str) -> Step<'a> {
    let identity = job.lab.identity();
    in_task(job, step)
        .env("servicePrincipalId", &identity.client_id)
        .env("tenantId", &identity.tenant_id)
        .env(name, value)
}

/// The variables of a connection with workload identity federation.
fn with_connection<'a>(job: &Job, step: Step<'a>) -> Step<'a> {
    let identity = job.lab.identity();
    in_task(job, step)
        .env("AZURESUBSCRIPTION_CLIENT_ID", &identity.client_id)
        .env("AZURESUBSCRIPTION_TENANT_ID", &identity.tenant_id)
        .env("AZURESUBSCRIPTION_SERVICE_CONNECTION_ID", &identity.connection_id)
}

fn requests(job: &Job, end: &str) -> Vec<Exchange> {
    let all = job.lab.control().requests();
    all.into_iter().filter(|request| request.path.ends_with(end)).collect()
}

fn vault_credential(done: &Done) -> String {
    done.report()["images"][0]["credentials"]["vault"].as_str().unwrap_or_default().to_owned()
}

fn is_masked(done: &Done, secret: &str) {
    let masks = done.stdout.lines().filter(|l| *l == format!("::add-mask::{secret}")).count();
    assert!(masks > 0, "{}", done.log());
    assert_eq!(done.log().matches(secret).count(), masks, "{}", done.log());
}

const ORDER: &str =
    "Azure credentials in order: environment, workloadid, azurepipelines, managedid, azurecli";

#[test]
fn a_connection_in_the_environment_gets_a_fresh_assertion_for_each_exchange() {
    let job = Job::start();
    job.lab.register_client_key(b"x");
    let token = job.lab.identity().job_token.expose();
    let step = with_connection(&job, job.signs(&[])).env("SYSTEM_ACCESSTOKEN", token);
    // the lasting one goes before the one that ends in minutes
    let step = step.env("idToken", "x").env("servicePrincipalId", "y").env("tenantId", "z");
    let done = step.env("RUNNER_DEBUG", "1").done().succeeded();
    let how = "azurepipelines (workload identity federation, prepared by another task)";
    assert_eq!(vault_credential(&done), how);
    assert_eq!(done.stdout.lines().next(), Some(ORDER));
    assert_eq!(requests(&job, "/oidctoken").len(), 2);
    is_masked(&done, token);
}

#[test]
fn a_principals_key_in_the_environment_signs_in() {
    let job = Job::start();
    let secret = job.lab.identity().client_secret.expose();
    let step = with_principal(&job, job.signs(&[]), "servicePrincipalKey", secret);
    let done = step.env("RUNNER_DEBUG", "1").done().succeeded();
    assert_eq!(vault_credential(&done), "azurepipelines (servicePrincipalKey of AzureCLI@2)");
    is_masked(&done, secret);
}

#[test]
fn an_id_token_in_the_environment_serves_each_audience_once() {
    let job = Job::start();
    job.lab.register_client_key(b"x");
    let token = job.lab.devops_id_token();
    let step = with_principal(&job, job.signs(&[]), "idToken", token.expose());
    let done = step.env("RUNNER_DEBUG", "1").done().succeeded();
    assert_eq!(vault_credential(&done), "azurepipelines (idToken of AzureCLI@2)");
    assert_eq!(requests(&job, "/oauth2/v2.0/token").len(), 2);
    assert!(requests(&job, "/oidctoken").is_empty());
    is_masked(&done, token.expose());
}

#[test]
fn an_id_token_that_is_over_names_the_connections_input() {
    let job = Job::start();
    // {"exp":1}
    let step = with_principal(&job, job.signs(&[]), "idToken", "e30.eyJleHAiOjF9.x");
    let report = step.done().failed().report();
    let error = &report["images"][0]["error"];
    assert_eq!(error["code"], "azure-connection-id-token", "{report}");
    assert!(error["hint"].as_str().unwrap().contains("`azure-subscription`"), "{error}");
    assert!(requests(&job, "/oauth2/v2.0/token").is_empty());
}

#[test]
fn what_the_step_is_given_goes_before_what_a_task_prepared() {
    let job = Job::start();
    let token = job.lab.identity().job_token.expose();
    let identity = job.lab.identity().clone();
    let step = with_connection(&job, job.signs(&[]))
        .env("SYSTEM_ACCESSTOKEN", token)
        .env("AZURE_TENANT_ID", &identity.tenant_id)
        .env("AZURE_CLIENT_ID", &identity.client_id)
        .env("AZURE_CLIENT_SECRET", identity.client_secret.expose());
    let done = step.done().succeeded();
    assert_eq!(done.stdout.lines().next(), Some(ORDER));
    assert_eq!(vault_credential(&done), "environment (client secret)");
}

#[test]
fn outside_azure_pipelines_the_same_names_mean_nothing() {
    let job = Job::start();
    let secret = job.lab.identity().client_secret.expose();
    let step = with_principal(&job, job.signs(&[]), "servicePrincipalKey", secret);
    let done = step.env("TF_BUILD", "").done().failed();
    assert!(!done.log().contains("azurepipelines"), "{}", done.log());
    assert!(requests(&job, "/oauth2/v2.0/token").is_empty());
}

#[test]
fn a_command_in_a_task_uses_the_tasks_connection() {
    let job = Job::start();
    let token = job.lab.identity().job_token.expose();
    let hosts = job.lab.extra_hosts();
    let line = format!(
        "sign {} --id {} --plugin azure-kv --azure-extra-hosts {hosts}",
        job.image(),
        job.issued.key_id
    );
    let step = with_connection(&job, job.runner.runs(&line)).env("SYSTEM_ACCESSTOKEN", token);
    step.done().succeeded();
    assert_eq!((job.signatures(), requests(&job, "/oidctoken").len()), (1, 2));
}

#[test]
fn a_client_id_in_azure_pipelines_asks_for_no_permission_of_github() {
    let job = Job::start();
    let identity = job.lab.identity();
    let inputs = [
        ("azure-client-id", identity.client_id.as_str()),
        ("azure-tenant-id", &identity.tenant_id),
    ];
    let secret = identity.client_secret.expose();
    let done = in_task(&job, job.signs(&inputs)).env("AZURE_CLIENT_SECRET", secret).done();
    assert_eq!(vault_credential(&done.succeeded()), "environment (client secret)");
}

/// azure/login signs the Azure CLI in and sets no AZURE_ variable of an identity; AzureCLI@2 sets
/// AZURE_CONFIG_DIR beside it.
#[test]
fn the_azure_cli_that_another_step_signed_in_is_used_without_secrets_of_this_one() {
    let job = Job::start();
    let folder = job.runner.home("bin");
    std::fs::create_dir_all(&folder).unwrap();
    let az = folder.join("az");
    let seen = job.runner.temp().join("az-environment");
    let [vault, registry] = ["vault", "containerregistry"].map(|service| token(&job, service));
    let script = format!(
        "#!/bin/sh\n/usr/bin/env > {}\ncase \"$*\" in\n*vault*) echo '{vault}' ;;\n*) echo '{registry}' ;;\nesac\n",
        seen.display()
    );
    std::fs::write(&az, script).unwrap();
    std::fs::set_permissions(&az, std::fs::Permissions::from_mode(0o755)).unwrap();
    let step = in_task(&job, job.signs(&[("credential-type", "azurecli")]))
        .env("AZURE_CONFIG_DIR", "/agent/.azclitask")
        .env("SYSTEM_ACCESSTOKEN", "job-t0ken")
        .env("ENDPOINT_AUTH_PARAMETER_1_SERVICEPRINCIPALKEY", "connection-s3cret")
        .env("ENDPOINT_AUTH_1", r#"{"parameters":{"serviceprincipalkey":"connection-s3cret"}}"#)
        .env("servicePrincipalKey", "principal-s3cret")
        .env("idToken", "id-t0ken");
    let done = step.done().succeeded();
    assert_eq!(vault_credential(&done), "azurecli");
    let seen = std::fs::read_to_string(seen).expect("az was asked");
    assert!(seen.contains("AZURE_CONFIG_DIR=/agent/.azclitask"), "{seen}");
    for secret in ["job-t0ken", "connection-s3cret", "principal-s3cret", "id-t0ken"] {
        assert!(!seen.contains(secret), "{seen}");
    }
}

/// What `az account get-access-token` prints for a service.
fn token(job: &Job, service: &str) -> String {
    let identity = job.lab.identity();
    let scope = format!("https://{service}.azure.net/.default");
    let form = [
        ("grant_type", "client_credentials"),
        ("client_id", &identity.client_id),
        ("client_secret", identity.client_secret.expose()),
        ("scope", &scope),
    ];
    let host = job.lab.authority_host();
    let url = format!("https://{host}/{}/oauth2/v2.0/token", identity.tenant_id);
    let ca = reqwest::Certificate::from_pem(job.lab.ca_pem().as_bytes()).unwrap();
    let client = reqwest::Client::builder().tls_certs_only([ca]).no_proxy().build().unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let body = runtime.block_on(async {
        client.post(url).form(&form).send().await.unwrap().bytes().await.unwrap()
    });
    let answer: serde_json::Value = serde_json::from_slice(&body).unwrap();
    // the middle of the year 2100
    let az = serde_json::json!({
        "accessToken": answer["access_token"], "expires_on": 4_118_000_000_i64, "tokenType": "Bearer"
    });
    az.to_string()
}
