//! Basic, Bearer and the exchange of Azure Container Registry.

use std::sync::Arc;
use std::time::Duration;

use time::macros::datetime;

use super::*;
use crate::clock::ManualClock;

async fn with_auth(auth: Auth) -> (Lab, Client) {
    started(LabOptions { auth, ..LabOptions::default() }).await
}

fn challenge(answer: &reqwest::Response) -> &str {
    answer.headers()["www-authenticate"].to_str().unwrap()
}

async fn with_token(lab: &Lab, client: &Client, path: &str, token: &str) -> reqwest::Response {
    ask(lab, client, Method::GET, path).bearer_auth(token).send().await.unwrap()
}

#[tokio::test]
async fn basic_lets_the_user_in_and_nobody_else() {
    let (lab, client) = with_auth(Auth::Basic).await;
    lab.push_image("a", "v1").unwrap();
    let path = "/v2/a/manifests/v1";
    let none = ask(&lab, &client, Method::GET, path).send().await.unwrap();
    assert_eq!(
        (none.status(), challenge(&none)),
        (StatusCode::UNAUTHORIZED, "Basic realm=\"lab\"")
    );
    for (password, status) in [(lab.password().expose(), 200), ("wrong", 401)] {
        let request = ask(&lab, &client, Method::GET, path);
        let answer = request.basic_auth(lab.username(), Some(password)).send().await.unwrap();
        assert_eq!(answer.status(), status);
    }
}

#[tokio::test]
async fn a_bearer_challenge_names_realm_service_and_scope() {
    let (lab, client) = with_auth(Auth::Bearer).await;
    let host = lab.registry_host();
    let answer = ask(&lab, &client, Method::PUT, "/v2/a/b/manifests/v1").send().await.unwrap();
    let wanted = format!(
        "Bearer realm=\"http://{host}/token\",service=\"{host}\",scope=\"repository:a/b:pull,push\""
    );
    assert_eq!((answer.status(), challenge(&answer)), (StatusCode::UNAUTHORIZED, wanted.as_str()));
    let ping = ask(&lab, &client, Method::GET, "/v2/").send().await.unwrap();
    assert_eq!(
        challenge(&ping),
        format!("Bearer realm=\"http://{host}/token\",service=\"{host}\"")
    );
}

#[tokio::test]
async fn a_bearer_token_is_good_for_its_scope() {
    let (lab, client) = with_auth(Auth::Bearer).await;
    lab.push_image("a", "v1").unwrap();
    lab.push_image("b", "v1").unwrap();
    let query = [
        ("service", lab.registry_host()),
        ("scope", "repository:a:pull"),
        ("offline_token", "true"),
    ];
    let get = ask(&lab, &client, Method::GET, "/token").query(&query);
    let (_, answer) = send(get.basic_auth(lab.username(), Some(lab.password().expose()))).await;
    let token = answer["access_token"].as_str().unwrap();
    assert_eq!(answer["expires_in"], 300);
    assert_eq!(
        with_token(&lab, &client, "/v2/a/manifests/v1", token).await.status(),
        StatusCode::OK
    );
    assert_eq!(with_token(&lab, &client, "/v2/", token).await.status(), StatusCode::OK);
    let other = with_token(&lab, &client, "/v2/b/manifests/v1", token).await;
    assert!(challenge(&other).ends_with("error=\"insufficient_scope\""));
    let unknown = with_token(&lab, &client, "/v2/a/manifests/v1", "x").await;
    assert!(challenge(&unknown).ends_with("error=\"invalid_token\""));

    let form = [
        ("grant_type", "refresh_token"),
        ("service", lab.registry_host()),
        ("scope", "repository:b:pull,push"),
        ("refresh_token", answer["refresh_token"].as_str().unwrap()),
    ];
    let (_, answer) = send(ask(&lab, &client, Method::POST, "/token").form(&form)).await;
    let token = answer["access_token"].as_str().unwrap();
    assert_eq!(
        with_token(&lab, &client, "/v2/b/manifests/v1", token).await.status(),
        StatusCode::OK
    );
}

#[tokio::test]
async fn nobody_may_pull_only_where_that_is_allowed() {
    for (anonymous, status) in [(Anonymous::Nothing, 401), (Anonymous::Pull, 200)] {
        let options = LabOptions { auth: Auth::Bearer, anonymous, ..LabOptions::default() };
        let (lab, client) = started(options).await;
        lab.push_image("a", "v1").unwrap();
        let query = [("service", lab.registry_host()), ("scope", "repository:a:pull,push")];
        let (_, answer) = send(ask(&lab, &client, Method::GET, "/token").query(&query)).await;
        let token = answer["token"].as_str().unwrap();
        let path = "/v2/a/manifests/v1";
        assert_eq!(with_token(&lab, &client, path, token).await.status(), status);
        let push = ask(&lab, &client, Method::POST, "/v2/a/blobs/uploads/").bearer_auth(token);
        assert_eq!(push.send().await.unwrap().status(), StatusCode::UNAUTHORIZED);
    }
}

#[tokio::test]
async fn wrong_credentials_services_and_grants_get_no_token() {
    let (lab, client) = with_auth(Auth::Bearer).await;
    let host = lab.registry_host();
    let get =
        |service: &str| ask(&lab, &client, Method::GET, "/token").query(&[("service", service)]);
    let wrong = get(host).basic_auth(lab.username(), Some("wrong"));
    assert_eq!(send(wrong).await.0, StatusCode::UNAUTHORIZED);
    assert_eq!(send(get("elsewhere")).await.0, StatusCode::UNAUTHORIZED);
    for (grant, status) in [("refresh_token", 401), ("password", 401), ("magic", 400)] {
        let form = [("grant_type", grant), ("service", host), ("refresh_token", "x")];
        assert_eq!(send(ask(&lab, &client, Method::POST, "/token").form(&form)).await.0, status);
    }
    assert_eq!(
        send(ask(&lab, &client, Method::POST, "/oauth2/exchange")).await.0,
        StatusCode::NOT_FOUND
    );
}

#[tokio::test]
async fn an_entra_token_becomes_a_refresh_token_becomes_an_access_token() {
    let (lab, client) = with_auth(Auth::Acr).await;
    lab.push_image("a", "v1").unwrap();
    let host = lab.registry_host();
    let url = |path: &str| format!("https://{host}{path}");
    let entra = entra_token(&lab, &client, "https://containerregistry.azure.net").await;
    let exchange = |token: String| {
        let form = [
            ("grant_type", "access_token".to_owned()),
            ("service", host.to_owned()),
            ("tenant", lab.identity().tenant_id.clone()),
            ("access_token", token),
        ];
        send(client.post(url("/oauth2/exchange")).form(&form))
    };
    let (status, answer) = exchange(entra).await;
    assert_eq!(status, StatusCode::OK);
    let refresh = answer["refresh_token"].as_str().unwrap();
    assert_eq!(refresh.split('.').count(), 3);
    let vault = entra_token(&lab, &client, "https://vault.azure.net").await;
    assert_eq!(exchange(vault).await.0, StatusCode::UNAUTHORIZED);

    let form = [
        ("grant_type", "refresh_token"),
        ("service", host),
        ("scope", "repository:a:pull"),
        ("refresh_token", refresh),
    ];
    let (_, answer) = send(client.post(url("/oauth2/token")).form(&form)).await;
    let token = answer["access_token"].as_str().unwrap();
    let manifest = url("/v2/a/manifests/v1");
    assert_eq!(send(client.get(&manifest).bearer_auth(token)).await.0, StatusCode::OK);
    assert_eq!(send(client.get(&manifest).bearer_auth(refresh)).await.0, StatusCode::UNAUTHORIZED);
    let user = "00000000-0000-0000-0000-000000000000";
    let direct = client.get(&manifest).basic_auth(user, Some(refresh));
    assert_eq!(send(direct).await.0, StatusCode::OK);
    let query = [("service", host), ("scope", "repository:a:pull")];
    let by_get = client.get(url("/oauth2/token")).query(&query).basic_auth(user, Some(refresh));
    assert!(send(by_get).await.1["access_token"].is_string());
    let none = client.get(&manifest).send().await.unwrap();
    let wanted = format!(
        "Bearer realm=\"https://{host}/oauth2/token\",service=\"{host}\",scope=\"repository:a:pull\""
    );
    assert_eq!(challenge(&none), wanted);
}

#[tokio::test]
async fn a_refused_right_is_never_granted() {
    let options = LabOptions {
        auth: Auth::Bearer,
        pushes: Pushes::Refused,
        deletes: Deletes::Refused,
        ..LabOptions::default()
    };
    let (lab, client) = started(options).await;
    lab.push_image("a", "v1").unwrap();
    let query = [("service", lab.registry_host()), ("scope", "repository:a:pull,push,delete")];
    let get = ask(&lab, &client, Method::GET, "/token").query(&query);
    let (_, answer) = send(get.basic_auth(lab.username(), Some(lab.password().expose()))).await;
    let token = answer["token"].as_str().unwrap();
    for (method, path, status) in [
        (Method::GET, "/v2/a/manifests/v1", 200),
        (Method::POST, "/v2/a/blobs/uploads/", 401),
        (Method::DELETE, "/v2/a/manifests/v1", 401),
    ] {
        let request = ask(&lab, &client, method, path).bearer_auth(token);
        assert_eq!(request.send().await.unwrap().status(), status, "{path}");
    }
    let (lab, client) =
        started(LabOptions { pushes: Pushes::Refused, ..LabOptions::default() }).await;
    let push = ask(&lab, &client, Method::POST, "/v2/a/blobs/uploads/");
    assert_eq!(push.send().await.unwrap().status(), StatusCode::FORBIDDEN);
}

#[tokio::test]
async fn a_token_ends_with_the_labs_clock() {
    let clock = Arc::new(ManualClock::at(datetime!(2030-01-01 00:00 UTC)));
    let options = LabOptions { auth: Auth::Bearer, clock: clock.clone(), ..LabOptions::default() };
    let (lab, client) = started(options).await;
    lab.push_image("a", "v1").unwrap();
    let query = [("service", lab.registry_host()), ("scope", "repository:a:pull")];
    let get = ask(&lab, &client, Method::GET, "/token").query(&query);
    let (_, answer) = send(get.basic_auth(lab.username(), Some(lab.password().expose()))).await;
    let token = answer["token"].as_str().unwrap();
    clock.advance(Duration::from_secs(300));
    let late = with_token(&lab, &client, "/v2/a/manifests/v1", token).await;
    assert!(challenge(&late).ends_with("error=\"invalid_token\""));
}
