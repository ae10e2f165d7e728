//! `container-registry`: a Docker registry service connection, for its own registry

use crate::job::Job;
use crate::runner::{Done, Step};

/// The one connection that the lab's Azure DevOps knows.
const ID: &str = "5e9c0000-0000-4000-8000-000000001ab0";
const PASSWORD: &str = "lab-password";
const INPUT: (&str, &str) = ("container-registry", ID);

fn parameters<'a>(step: Step<'a>, parameters: &[(&str, &str)]) -> Step<'a> {
    parameters.iter().fold(step, |step, (key, value)| {
        step.env(&format!("ENDPOINT_AUTH_PARAMETER_{ID}_{}", key.to_uppercase()), value)
    })
}

/// A connection to a registry that has users of its own.
fn generic<'a>(step: Step<'a>, registry: &str) -> Step<'a> {
    let step = step
        .env(&format!("ENDPOINT_AUTH_SCHEME_{ID}"), "UsernamePassword")
        .env(&format!("ENDPOINT_DATA_{ID}_REGISTRYTYPE"), "Others");
    let given = [("registry", registry), ("username", "lab"), ("password", PASSWORD)];
    parameters(step, &given)
}

/// A connection to an Azure registry.
fn azure<'a>(job: &Job, step: Step<'a>, scheme: &str, registry: &str) -> Step<'a> {
    let identity = job.lab.identity();
    let step = step
        .env(&format!("ENDPOINT_AUTH_SCHEME_{ID}"), scheme)
        .env(&format!("ENDPOINT_DATA_{ID}_REGISTRYTYPE"), "ACR");
    let given = [
        ("loginServer", registry),
        ("tenantid", identity.tenant_id.as_str()),
        ("serviceprincipalid", identity.client_id.as_str()),
    ];
    parameters(step, &given)
}

fn basic_inputs(image: &str) -> [(&str, &str); 3] {
    [("images", image), ("key", "local"), INPUT]
}

fn registry_credential(done: &Done) -> String {
    done.report()["images"][0]["credentials"]["registry"].as_str().unwrap_or_default().to_owned()
}

fn refusal(done: &Done) -> (String, String) {
    let code = done.report()["error"]["code"].as_str().unwrap_or_default().to_owned();
    (code, done.commands("error").first().map(|line| (*line).to_owned()).unwrap_or_default())
}

#[test]
fn a_users_name_and_password_are_for_the_connections_registry() {
    let job = Job::with_basic_registry();
    let image = job.image();
    job.local_key();
    let address = format!("http://{}/", job.lab.registry_host());
    let step = job.runner.uses(&basic_inputs(&image)).env("RUNNER_DEBUG", "1");
    let done = generic(step, &address).done().succeeded();
    assert_eq!(registry_credential(&done), "Docker registry service connection");
    assert_eq!(done.stdout.lines().next(), Some("::add-mask::lab-password"));
    let everything = format!("{}{}{}", done.log(), done.summary, done.report());
    assert_eq!(everything.matches(PASSWORD).count(), 1, "{}", done.log());
}

#[test]
fn the_agents_json_serves_as_well() {
    let job = Job::with_basic_registry();
    let image = job.image();
    job.local_key();
    let auth = serde_json::json!({
        "parameters": {
            "Registry": format!("http://{}", job.lab.registry_host()),
            "Username": "lab",
            "Password": PASSWORD,
            "Email": "",
        },
        "scheme": "UsernamePassword"
    });
    let step = job.runner.uses(&basic_inputs(&image));
    let done = step.env(&format!("ENDPOINT_AUTH_{ID}"), &auth.to_string()).done().succeeded();
    assert_eq!(registry_credential(&done), "Docker registry service connection");
}

#[test]
fn another_registry_never_sees_them() {
    let job = Job::with_basic_registry();
    let image = job.image();
    job.local_key();
    let step = generic(job.runner.uses(&basic_inputs(&image)), "https://other.example.com");
    step.done().failed();
    assert!(job.lab.control().requests().iter().all(|request| !request.authorized));
}

#[test]
fn a_login_stores_the_connections_credential() {
    let job = Job::with_basic_registry();
    let host = job.lab.registry_host();
    // the connection names the registry as well
    let inputs = [("command", "login"), INPUT];
    let step = job.runner.uses(&inputs);
    let done = generic(step, &format!("http://{host}/")).done().succeeded();
    assert!(done.stdout.contains(&format!("logged in to {host} ")), "{}", done.stdout);
    assert!(done.stdout.contains("(Docker registry service connection)"), "{}", done.stdout);
    let config = std::fs::read_to_string(job.runner.home(".docker/config.json")).unwrap();
    assert!(config.contains(host), "{config}");
    job.runner.post(&done).succeeded();
    // which connection that is must be known
    let done = job.runner.uses(&inputs).done().failed();
    assert_eq!(refusal(&done).0, "azure-connection-not-given");
}

#[test]
fn an_azure_registrys_connection_signs_in_to_entra() {
    let job = Job::start();
    let host = job.lab.registry_host();
    let secret = job.lab.identity().client_secret.expose();
    // the vault is another identity's
    let vault = "environment (client secret)";
    let step = azure(&job, job.signs(&[INPUT]), "ServicePrincipal", host);
    let step = parameters(step, &[("serviceprincipalkey", secret)]).env("RUNNER_DEBUG", "1");
    let done = step.done().succeeded();
    assert_eq!(
        registry_credential(&done),
        "Docker registry service connection, azurepipelines (client secret)"
    );
    assert_eq!(done.report()["images"][0]["credentials"]["vault"], vault);
    let masks = done.stdout.lines().filter(|l| *l == format!("::add-mask::{secret}")).count();
    assert!(masks > 0 && done.log().matches(secret).count() == masks, "{}", done.log());
}

#[test]
fn an_azure_registrys_connection_can_be_federated() {
    let job = Job::start();
    let identity = job.lab.identity();
    let host = job.lab.registry_host();
    let step = azure(&job, job.signs(&[INPUT]), "WorkloadIdentityFederation", host);
    let step = step
        .env("SYSTEM_OIDCREQUESTURI", &job.lab.devops_oidc_url())
        .env("SYSTEM_ACCESSTOKEN", identity.job_token.expose());
    let done = step.done().succeeded();
    assert_eq!(
        registry_credential(&done),
        "Docker registry service connection, azurepipelines (workload identity federation)"
    );
    let all = job.lab.control().requests();
    assert_eq!(all.iter().filter(|r| r.path.ends_with("/oidctoken")).count(), 1);
}

#[test]
fn an_azure_token_is_for_the_connections_registry_alone() {
    let job = Job::start();
    let step = azure(&job, job.signs(&[INPUT]), "ServicePrincipal", "other.azurecr.io");
    let step = parameters(step, &[("serviceprincipalkey", "s3cret")]);
    // this image's registry is the environment's identity's
    let done = step.done().succeeded();
    assert_eq!(registry_credential(&done), "Entra exchange, environment (client secret)");
    assert!(!done.log().contains("s3cret"));
}

#[test]
fn a_connection_that_is_none_of_a_registry_is_refused() {
    let job = Job::start();
    let host = job.lab.registry_host();
    let uses = || job.signs(&[INPUT]);
    let key = [("serviceprincipalkey", "s3cret")];
    for (step, code, part) in [
        (uses(), "azure-connection-not-given", "`container-registry`"),
        (generic(uses(), "https://a@b.example"), "azure-connection-registry", "a@b.example"),
        (
            parameters(generic(uses(), host), &[("password", "")]),
            "azure-connection-parameter",
            "password",
        ),
        (
            parameters(azure(&job, uses(), "ServicePrincipal", "azurecr.io.example.com"), &key),
            "azure-connection-registry",
            "azurecr.io.example.com",
        ),
        (azure(&job, uses(), "None", host), "azure-connection-scheme", "None"),
        (azure(&job, uses(), "ServicePrincipal", host), "azure-connection-parameter", "key"),
    ] {
        let done = step.done().failed();
        let (found, annotation) = refusal(&done);
        assert_eq!(found, code, "{annotation}");
        for part in [part, ID, "hint: "] {
            assert!(annotation.contains(part), "{annotation}");
        }
    }
    assert!(job.lab.control().requests().is_empty());
}
