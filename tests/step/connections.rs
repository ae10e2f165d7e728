//! `azure-subscription`: service connections of Azure Pipelines, as the agent hands them on

use aws_lc_rs::encoding::{AsDer as _, PublicKeyX509Der};
use aws_lc_rs::signature::{KeyPair as _, RsaKeyPair};
use sealwright::lab::{Exchange, Fault, IssueRequest, KeySpec, LabOptions, Role, Route};

use crate::job::Job;
use crate::runner::{Done, Step};

/// A step of a job of Azure Pipelines that has no identity but its inputs'.
fn in_pipelines<'a>(job: &Job, step: Step<'a>) -> Step<'a> {
    let names = ["AZURE_TENANT_ID", "AZURE_CLIENT_ID", "AZURE_CLIENT_SECRET"];
    let step = names.into_iter().fold(step, |step, name| step.env(name, ""));
    step.env("TF_BUILD", "True").env("SYSTEM_OIDCREQUESTURI", &job.lab.devops_oidc_url()).env(
        "ENDPOINT_AUTH_PARAMETER_SYSTEMVSSCONNECTION_ACCESSTOKEN",
        job.lab.identity().job_token.expose(),
    )
}

/// What the agent sets for a connection. The lab is a private cloud with an authority of its own.
fn given<'a>(job: &Job, step: Step<'a>, scheme: &str, parameters: &[(&str, &str)]) -> Step<'a> {
    let identity = job.lab.identity();
    let id = &identity.connection_id;
    let set = |step: Step<'a>, key: &str, value: &str| {
        step.env(&format!("ENDPOINT_AUTH_PARAMETER_{id}_{}", key.to_uppercase()), value)
    };
    let step = step.env(&format!("ENDPOINT_AUTH_SCHEME_{id}"), scheme);
    let step = set(step, "tenantid", &identity.tenant_id);
    let step = set(step, "serviceprincipalid", &identity.client_id);
    let step = parameters.iter().fold(step, |step, (key, value)| set(step, key, value));
    data(job, step, "environmentAuthorityUrl", &format!("https://{}/", job.lab.authority_host()))
        .env("AZURE_AUTHORITY_HOST", "https://login.microsoftonline.com")
}

fn data<'a>(job: &Job, step: Step<'a>, key: &str, value: &str) -> Step<'a> {
    let id = &job.lab.identity().connection_id;
    step.env(&format!("ENDPOINT_DATA_{id}_{}", key.to_uppercase()), value)
}

fn federated<'a>(job: &Job, step: Step<'a>) -> Step<'a> {
    given(job, in_pipelines(job, step), "WorkloadIdentityFederation", &[])
}

fn named(job: &Job) -> Vec<(&str, &str)> {
    vec![("azure-subscription", &job.lab.identity().connection_id)]
}

/// Requests whose path ends so.
fn requests(job: &Job, end: &str) -> Vec<Exchange> {
    let all = job.lab.control().requests();
    all.into_iter().filter(|request| request.path.ends_with(end)).collect()
}

/// Which credentials the image was signed with: the vault's and the registry's.
fn credentials(done: &Done) -> [String; 2] {
    let credentials = &done.report()["images"][0]["credentials"];
    ["vault", "registry"].map(|name| credentials[name].as_str().unwrap_or_default().to_owned())
}

/// The only error's code in the report, and its annotation.
fn error(done: &Done) -> (String, String) {
    let code = done.report()["error"]["code"].as_str().unwrap_or_default().to_owned();
    let annotations = done.commands("error");
    assert_eq!(annotations.len(), 1, "{}", done.log());
    (code, annotations[0].to_owned())
}

/// The secret stands in one place: where the host is told to hide it.
fn hidden(done: &Done, secret: &str) {
    let line = format!("::add-mask::{secret}");
    let masks = done.stdout.lines().filter(|l| *l == line).count();
    assert!(masks > 0, "{}", done.log());
    let everything = format!("{}{}{}", done.log(), done.summary, done.report());
    assert_eq!(everything.matches(secret).count(), masks, "{}", done.log());
}

#[test]
fn federation_takes_a_fresh_assertion_for_each_exchange() {
    let job = Job::start();
    // no assertion but Azure DevOps' is good
    job.lab.register_client_key(b"x");
    let step = federated(&job, job.signs(&named(&job))).env("RUNNER_DEBUG", "1");
    let done = step.done().succeeded();
    assert_eq!(job.signatures(), 1);
    let how = "azurepipelines (workload identity federation)";
    assert_eq!(credentials(&done), [how.to_owned(), format!("Entra exchange, {how}")]);
    assert_eq!(
        done.stdout.lines().next(),
        Some(
            "Azure credentials in order: azurepipelines, environment, workloadid, managedid, azurecli"
        )
    );
    // one exchange for the vault, one for the registry
    let asked = requests(&job, "/oidctoken");
    assert_eq!((asked.len(), requests(&job, "/oauth2/v2.0/token").len()), (2, 2));
    let id = &job.lab.identity().connection_id;
    for request in asked {
        assert_eq!(request.method, "POST");
        assert_eq!(request.query, format!("api-version=7.1&serviceConnectionId={id}"));
    }
    hidden(&done, job.lab.identity().job_token.expose());
    let assertions: Vec<&str> = done
        .commands("add-mask")
        .into_iter()
        .map(|mask| mask.trim_start_matches("::add-mask::"))
        .filter(|secret| secret.split('.').count() == 3)
        .collect();
    assert_eq!(assertions.len(), 2, "{}", done.log());
    assert_ne!(assertions[0], assertions[1]);
    for assertion in assertions {
        hidden(&done, assertion);
    }
}

#[test]
fn the_agents_json_serves_as_well() {
    let job = Job::start();
    let identity = job.lab.identity();
    let id = &identity.connection_id;
    let auth = serde_json::json!({
        "scheme": "WorkloadIdentityFederation",
        "parameters": {
            "tenantId": identity.tenant_id,
            "servicePrincipalId": identity.client_id,
            "accessToken": null,
        }
    });
    let token = serde_json::json!({
        "parameters": { "AccessToken": identity.job_token.expose() }, "scheme": "OAuth"
    });
    let step = in_pipelines(&job, job.signs(&named(&job)))
        .env("ENDPOINT_AUTH_PARAMETER_SYSTEMVSSCONNECTION_ACCESSTOKEN", "")
        .env("ENDPOINT_AUTH_SYSTEMVSSCONNECTION", &token.to_string())
        .env(&format!("ENDPOINT_AUTH_{id}"), &auth.to_string());
    let done = step.done().succeeded();
    assert_eq!(credentials(&done)[0], "azurepipelines (workload identity federation)");
    hidden(&done, identity.job_token.expose());
}

#[test]
fn a_service_principals_secret_signs_in() {
    let job = Job::start();
    let secret = job.lab.identity().client_secret.expose();
    let step = in_pipelines(&job, job.signs(&named(&job))).env("RUNNER_DEBUG", "1");
    let parameters = [("serviceprincipalkey", secret), ("authenticationType", "spnKey")];
    let done = given(&job, step, "ServicePrincipal", &parameters).done().succeeded();
    assert_eq!(credentials(&done)[0], "azurepipelines (client secret)");
    assert!(requests(&job, "/oidctoken").is_empty());
    hidden(&done, secret);
}

#[test]
fn a_service_principals_certificate_signs_in_and_leaves_nothing_on_disk() {
    let request = IssueRequest { key: KeySpec::Rsa2048, ..IssueRequest::named("wabbit") };
    let job = Job::with(LabOptions::default(), request);
    let pem = job.issued.key.private_key_pem();
    let key = pem.lines().filter(|line| !line.starts_with("--")).collect::<String>();
    let key = base64::Engine::decode(&base64::engine::general_purpose::STANDARD, key).unwrap();
    let key = RsaKeyPair::from_pkcs8(&key).expect("the lab's key is an RSA key");
    let public: PublicKeyX509Der<'_> = key.public_key().as_der().unwrap();
    // only assertions by this key are good
    job.lab.register_client_key(public.as_ref());
    let both = format!("{pem}{}", job.issued.leaf_pem);
    let step = in_pipelines(&job, job.signs(&named(&job))).env("RUNNER_DEBUG", "1");
    let parameters =
        [("servicePrincipalCertificate", both.as_str()), ("authenticationType", "spnCertificate")];
    let done = given(&job, step, "ServicePrincipal", &parameters).done().succeeded();
    assert_eq!(credentials(&done)[0], "azurepipelines (client certificate)");
    let line = pem.lines().nth(3).expect("a key of many lines");
    let shown = format!("{}{}{}", done.stderr, done.summary, done.report());
    assert!(!shown.contains(line), "{shown}");
    for left in std::fs::read_dir(job.runner.temp()).unwrap() {
        let path = left.unwrap().path();
        assert!(path.is_file(), "{}", path.display());
        assert!(!std::fs::read_to_string(path).unwrap().contains(line));
    }
}

#[test]
fn the_machines_identity_is_the_one_the_connection_names() {
    let job = Job::start();
    let client = job.lab.identity().client_id.clone();
    let one = format!("azurepipelines, managedid (App Service, client {client})");
    for (assigned, how) in
        [(client.as_str(), one.as_str()), ("", "azurepipelines, managedid (App Service)")]
    {
        let step = in_pipelines(&job, job.signs(&[named(&job)[0], ("skip-signed", "false")]))
            .env("IDENTITY_ENDPOINT", &job.lab.identity_endpoint())
            .env("IDENTITY_HEADER", job.lab.identity().identity_header.expose())
            // means nothing here
            .env("AZURE_CLIENT_ID", "other");
        let step = given(&job, step, "ManagedServiceIdentity", &[]);
        let done = data(&job, step, "msiclientId", assigned).done().succeeded();
        assert_eq!(credentials(&done)[0], how);
    }
    assert!(requests(&job, "/oauth2/v2.0/token").is_empty());
}

#[test]
fn a_connection_that_cannot_serve_is_said_before_anything_is_asked() {
    let job = Job::start();
    let secret = [("serviceprincipalkey", "s3cret")];
    let step = || in_pipelines(&job, job.signs(&named(&job)));
    let lacking = |key: &str| {
        let id = &job.lab.identity().connection_id;
        let variable = format!("ENDPOINT_AUTH_PARAMETER_{id}_{}", key.to_uppercase());
        given(&job, step(), "ServicePrincipal", &secret).env(&variable, "")
    };
    let other_place =
        |key, value| data(&job, given(&job, step(), "ServicePrincipal", &secret), key, value);
    let expected = "WorkloadIdentityFederation, ServicePrincipal or ManagedServiceIdentity";
    for (step, code, parts) in [
        (step(), "azure-connection-not-given", vec!["`azure-subscription`"]),
        (
            given(&job, step(), "PublishProfile", &secret),
            "azure-connection-scheme",
            vec!["PublishProfile", expected],
        ),
        (
            lacking("serviceprincipalkey"),
            "azure-connection-parameter",
            vec!["serviceprincipalkey", "ServicePrincipal"],
        ),
        (lacking("tenantid"), "azure-connection-parameter", vec!["tenantid"]),
        (lacking("serviceprincipalid"), "azure-connection-parameter", vec!["serviceprincipalid"]),
        (
            other_place("environmentAuthorityUrl", "https://login.example.com/"),
            "azure-connection-authority",
            vec!["login.example.com", "azure-extra-hosts"],
        ),
        (
            other_place("environment", "AzureGermanCloud").env(
                &format!(
                    "ENDPOINT_DATA_{}_ENVIRONMENTAUTHORITYURL",
                    job.lab.identity().connection_id
                ),
                "",
            ),
            "azure-connection-cloud",
            vec!["AzureGermanCloud", "AzureChinaCloud"],
        ),
    ] {
        let done = step.done().failed();
        let (found, annotation) = error(&done);
        assert_eq!(found, code);
        let id = job.lab.identity().connection_id.as_str();
        for part in parts.into_iter().chain([id, "hint: "]) {
            assert!(annotation.contains(part), "{annotation}");
        }
        assert!(!done.log().contains("s3cret"));
    }
    assert!(job.lab.control().requests().is_empty());
}

#[test]
fn a_job_that_cannot_ask_azure_devops_is_told_what_to_set() {
    let job = Job::start();
    for (variable, part) in [
        ("SYSTEM_OIDCREQUESTURI", "$(System.OidcRequestUri)"),
        ("ENDPOINT_AUTH_PARAMETER_SYSTEMVSSCONNECTION_ACCESSTOKEN", "$(System.AccessToken)"),
    ] {
        let done = federated(&job, job.signs(&named(&job))).env(variable, "").done().failed();
        let (code, annotation) = error(&done);
        assert_eq!(code, "azure-connection-oidc");
        assert!(annotation.contains(part), "{annotation}");
        // the first thing said, and in a dry run no failure
        assert_eq!(done.stdout.lines().next(), Some(annotation.as_str()));
        let dry = job.signs(&[named(&job)[0], ("dry-run", "true")]);
        let done = federated(&job, dry).env(variable, "").done().succeeded();
        assert!(done.commands("warning")[0].contains(part), "{}", done.log());
        assert!(done.report()["notChecked"].is_array(), "{}", done.report());
    }
    assert!(requests(&job, "/oidctoken").is_empty());
    assert_eq!(job.signatures(), 0);
}

#[test]
fn azure_devops_is_asked_again_and_its_refusal_is_shown() {
    let job = Job::start();
    let control = job.lab.control();
    for fault in [Fault::throttled(0), Fault::unavailable(), Fault::Reset, Fault::LostAnswer] {
        control.fault(Route::on(Role::Entra).path("/oidctoken"), fault, 1);
    }
    federated(&job, job.signs(&named(&job))).done().succeeded();
    let fault = Fault::Error(403, r#"{"message":"VS800075: not authorized"}"#.to_owned());
    control.fault(Route::on(Role::Entra).path("/oidctoken"), fault, 9);
    let step = federated(&job, job.signs(&[named(&job)[0], ("skip-signed", "false")]));
    let report = step.done().failed().report();
    let error = report["images"][0]["error"].clone();
    assert_eq!(error["code"], "azure-credential-failed");
    assert!(error["message"].as_str().unwrap().contains("VS800075"), "{error}");
    assert!(error["hint"].as_str().unwrap().contains("`azure-subscription`"), "{error}");
}

#[test]
fn half_a_choice_is_refused_by_name() {
    let job = Job::start();
    let tenant = job.lab.identity().tenant_id.clone();
    let client = job.lab.identity().client_id.clone();
    let mut inputs = named(&job);
    inputs.extend([("azure-tenant-id", tenant.as_str()), ("azure-client-id", &client)]);
    let (code, annotation) = error(&federated(&job, job.signs(&inputs)).done().failed());
    assert_eq!(code, "ci-input-together");
    assert!(annotation.contains("`azure-subscription` and `azure-tenant-id`"), "{annotation}");
    let inputs = [("container-registry", "1"), ("registry-password", "x")];
    let (code, annotation) = error(&job.signs(&inputs).done().failed());
    assert_eq!(code, "ci-input-together");
    assert!(annotation.contains("`container-registry`"), "{annotation}");
    // asked for by its word, without a connection
    let step = in_pipelines(&job, job.signs(&[("credential-type", "azurepipelines")]));
    let report = step.done().failed().report();
    assert_eq!(report["images"][0]["error"]["code"], "azure-credential-not-configured");
}

#[test]
fn a_connections_cloud_completes_short_names() {
    let job = Job::start();
    let step = job.uses(&[
        named(&job)[0],
        ("command", "login"),
        ("registry", "myregistry"),
        ("timeout", "1s"),
    ]);
    let step = data(&job, federated(&job, step), "environment", "AzureUSGovernment");
    // nobody answers for it here; its name is what counts
    let step = step.env("HTTPS_PROXY", "http://127.0.0.1:1").env("NO_PROXY", "localhost");
    let done = step.done().failed();
    assert!(done.log().contains("myregistry.azurecr.us"), "{}", done.log());
}
