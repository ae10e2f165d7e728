//! What the agent's variables say, and what is said of those that cannot serve.

use super::*;
use crate::fault::Fault;

const ID: &str = "5e9c0000-0000-4000-8000-000000000001";

fn env(pairs: &[(&str, &str)]) -> Env {
    pairs.iter().map(|(name, value)| (name.replace("<id>", ID), (*value).to_owned())).collect()
}

fn named() -> ConnectionName {
    ConnectionName { input: "azure-subscription", id: ID.to_owned() }
}

fn read(env: &Env) -> Result<ServiceConnection, ConnectionError> {
    ServiceConnection::read(&named(), env, &ExtraHosts::default(), None)
}

fn federated() -> Env {
    env(&[
        ("ENDPOINT_AUTH_SCHEME_<id>", "WorkloadIdentityFederation"),
        ("ENDPOINT_AUTH_PARAMETER_<id>_TENANTID", "t"),
        ("ENDPOINT_AUTH_PARAMETER_<id>_SERVICEPRINCIPALID", "c"),
    ])
}

#[test]
fn names_are_compared_without_case_and_the_single_variables_go_first() {
    let json = r#"{"parameters":{"TenantId":"json","servicePrincipalId":"c"},"scheme":"None"}"#;
    let env = env(&[
        ("ENDPOINT_AUTH_<id>", json),
        ("ENDPOINT_AUTH_SCHEME_<id>", "workloadidentityFEDERATION"),
        ("ENDPOINT_AUTH_PARAMETER_<id>_tenantId", "single"),
        ("ENDPOINT_AUTH_PARAMETER_<id>_SERVICEPRINCIPALID", ""),
    ]);
    let shouting = ConnectionName { id: ID.to_uppercase(), ..named() };
    let read = ServiceConnection::read(&shouting, &env, &ExtraHosts::default(), None).unwrap();
    let Scheme::Federation(Application { tenant, client }) = read.scheme else {
        panic!("{read:?}")
    };
    assert_eq!((tenant.as_str(), client.as_str()), ("single", "c"));
    assert_eq!((read.authority, read.cloud), (None, None));
}

#[test]
fn json_that_is_none_or_of_other_types_is_nothing() {
    for json in ["{", "[]", "7", r#"{"parameters":7}"#, r#"{"parameters":{"tenantid":7}}"#] {
        let error = read(&env(&[("ENDPOINT_AUTH_<id>", json)])).unwrap_err();
        assert_eq!(error.code(), "azure-connection-not-given", "{json}");
        let alone = federated()
            .with(&format!("ENDPOINT_AUTH_{ID}"), json)
            .without(&format!("ENDPOINT_AUTH_PARAMETER_{ID}_TENANTID"));
        assert_eq!(read(&alone).unwrap_err().code(), "azure-connection-parameter", "{json}");
    }
}

#[test]
fn environment_and_authority_tell_the_cloud() {
    let environment = format!("ENDPOINT_DATA_{ID}_ENVIRONMENT");
    for (text, cloud, host) in [
        ("AzureCloud", Cloud::Public, "login.microsoftonline.com"),
        ("AzureUSGovernment", Cloud::UsGovernment, "login.microsoftonline.us"),
        ("azurechinacloud", Cloud::China, "login.chinacloudapi.cn"),
    ] {
        let read = read(&federated().with(&environment, text)).unwrap();
        assert_eq!(read.cloud, Some(cloud));
        assert_eq!(read.authority.unwrap().as_str(), host);
    }
    let authority =
        |key: &str, value| federated().with(&format!("ENDPOINT_DATA_{ID}_{key}"), value);
    let env = authority("ENVIRONMENTAUTHORITYURL", "https://login.windows.net/");
    assert_eq!(read(&env).unwrap().authority.unwrap().as_str(), "login.windows.net");
    let both = env.with(
        &format!("ENDPOINT_DATA_{ID}_ACTIVEDIRECTORYAUTHORITY"),
        "https://login.microsoftonline.com/",
    );
    assert_eq!(read(&both).unwrap().authority.unwrap().as_str(), "login.microsoftonline.com");
    for value in ["http://login.windows.net/", "https://adfs.example/adfs/", "login.example"] {
        let env = authority("ENVIRONMENTAUTHORITYURL", value);
        let error = read(&env).unwrap_err();
        assert_eq!(error.code(), "azure-connection-authority");
        assert!(error.to_string().contains(value), "{error}");
        // what the user chose goes before the connection's own
        let chosen = Some(Cloud::China);
        let read = ServiceConnection::read(&named(), &env, &ExtraHosts::default(), chosen);
        assert_eq!(read.unwrap().authority, None);
    }
}

#[test]
fn a_cloud_nobody_knows_needs_an_authority_somebody_does() {
    let env = federated().with(&format!("ENDPOINT_DATA_{ID}_ENVIRONMENT"), "AzureStack");
    let error = read(&env).unwrap_err();
    assert_eq!(error.code(), "azure-connection-cloud");
    assert!(error.to_string().contains("AzureStack"), "{error}");
    let env = env.with(
        &format!("ENDPOINT_DATA_{ID}_ENVIRONMENTAUTHORITYURL"),
        "https://login.stack.example",
    );
    assert_eq!(read(&env).unwrap_err().code(), "azure-connection-authority");
    let extra = ExtraHosts::parse("authority=login.stack.example").unwrap();
    let read = ServiceConnection::read(&named(), &env, &extra, None).unwrap();
    assert_eq!(read.authority.unwrap().as_str(), "login.stack.example");
    assert_eq!(read.cloud, None);
}

#[test]
fn an_id_full_of_commands_stays_inside_its_quotes() {
    let id = "x'; rm -rf ~ #\n::error::y".to_owned();
    let name = ConnectionName { id, ..named() };
    let env = federated();
    let read = ServiceConnection::read(&name, &env, &ExtraHosts::default(), None);
    let text = read.unwrap_err().to_string();
    assert!(!text.contains('\n') && text.contains(r"\n::error::"), "{text}");
    let error = ConnectionError::Parameter {
        connection: name,
        parameter: "tenantid",
        scheme: String::new(),
    };
    assert!(error.hint().unwrap().contains(r"'x'\''; rm"), "{:?}", error.hint());
}

#[test]
fn the_job_token_is_the_jobs_own_before_a_scripts() {
    let script = env(&[("SYSTEM_ACCESSTOKEN", "script")]);
    assert_eq!(job_token(&script).unwrap().expose(), "script");
    let json = r#"{"parameters":{"AccessToken":"json"},"scheme":"OAuth"}"#;
    let env = script.with("ENDPOINT_AUTH_SYSTEMVSSCONNECTION", json);
    assert_eq!(job_token(&env).unwrap().expose(), "json");
    let env = env.with("ENDPOINT_AUTH_PARAMETER_SYSTEMVSSCONNECTION_ACCESSTOKEN", "single");
    assert_eq!(job_token(&env).unwrap().expose(), "single");
    assert_eq!(job_token(&Env::default()), None);
}
