//! Azure DevOps' OIDC endpoint.

use std::time::Duration;

use time::macros::datetime;

use super::*;
use crate::clock::ManualClock;
use crate::lab::entra::CLIENT_ASSERTION_TYPE;

struct Question<'a> {
    method: Method,
    query: [(&'a str, &'a str); 2],
    token: &'a str,
    redirect: &'a str,
}

async fn ask(lab: &Lab, client: &Client, question: &Question<'_>) -> (u16, Value) {
    let request = client.request(question.method.clone(), lab.devops_oidc_url());
    let request = request
        .query(&question.query)
        .header("Authorization", format!("Bearer {}", question.token))
        .header("X-TFS-FedAuthRedirect", question.redirect);
    let (status, answer) = send(request).await;
    (status.as_u16(), answer)
}

async fn exchange(lab: &Lab, client: &Client, assertion: &str, scope: &str) -> (u16, String) {
    let form = [
        ("grant_type", "client_credentials"),
        ("client_id", &lab.identity().client_id),
        ("client_assertion_type", CLIENT_ASSERTION_TYPE),
        ("client_assertion", assertion),
        ("scope", scope),
    ];
    let (status, answer) = send(client.post(token_url(lab)).form(&form)).await;
    let description = answer["error_description"].as_str().unwrap_or_default();
    (status.as_u16(), description.split(':').next().unwrap().to_owned())
}

#[tokio::test]
async fn it_answers_the_job_about_its_connection_alone() {
    let (lab, client) = lab().await;
    let known = lab.identity().connection_id.as_str();
    let good = || Question {
        method: Method::POST,
        query: [("api-version", "7.1"), ("serviceConnectionId", known)],
        token: lab.identity().job_token.expose(),
        redirect: "Suppress",
    };
    let other = ("serviceConnectionId", "5e9c0000-0000-4000-8000-00000000beef");
    for (question, status) in [
        (good(), 200),
        (Question { method: Method::GET, ..good() }, 405),
        (Question { token: "other", ..good() }, 401),
        (Question { redirect: "", ..good() }, 302),
        (Question { query: [("api-version", "7.0"), good().query[1]], ..good() }, 400),
        (Question { query: [good().query[0], other], ..good() }, 404),
    ] {
        let (found, answer) = ask(&lab, &client, &question).await;
        assert_eq!(found, status, "{answer}");
        assert_eq!(answer["oidcToken"].is_string(), status == 200);
    }
    let [first, second] = [ask(&lab, &client, &good()).await, ask(&lab, &client, &good()).await];
    assert_ne!(first.1["oidcToken"], second.1["oidcToken"]);
}

#[tokio::test]
async fn entra_takes_a_token_once_for_each_audience_while_it_lives() {
    let clock = Arc::new(ManualClock::at(datetime!(2030-01-01 00:00 UTC)));
    let (lab, client) = started(LabOptions { clock: clock.clone(), ..LabOptions::default() }).await;
    // no other assertion is good from now on
    lab.register_client_key(b"x");
    let [vault, registry] =
        ["https://vault.azure.net/.default", "https://containerregistry.azure.net/.default"];
    let token = lab.devops_id_token();
    let taken = (200, String::new());
    assert_eq!(exchange(&lab, &client, token.expose(), vault).await, taken);
    assert_eq!(exchange(&lab, &client, token.expose(), registry).await, taken);
    let again = exchange(&lab, &client, token.expose(), vault).await;
    assert_eq!(again, (401, "AADSTS50013".to_owned()));
    let token = lab.devops_id_token();
    clock.advance(Duration::from_secs(600));
    let over = exchange(&lab, &client, token.expose(), vault).await;
    assert_eq!(over, (401, "AADSTS700024".to_owned()));
}
