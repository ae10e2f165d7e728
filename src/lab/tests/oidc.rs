//! The OIDC endpoint of a GitHub job.

use std::time::Duration;

use time::macros::datetime;

use super::*;
use crate::clock::ManualClock;
use crate::lab::entra::CLIENT_ASSERTION_TYPE;

async fn oidc(lab: &Lab, client: &Client, token: &str, audience: &str) -> (StatusCode, Value) {
    let request = client.get(lab.oidc_url()).query(&[("audience", audience)]);
    send(request.header("Authorization", format!("bearer {token}"))).await
}

async fn exchange(lab: &Lab, client: &Client, assertion: &str) -> (u16, String) {
    let form = [
        ("grant_type", "client_credentials"),
        ("client_id", &lab.identity().client_id),
        ("client_assertion_type", CLIENT_ASSERTION_TYPE),
        ("client_assertion", assertion),
        ("scope", "https://vault.azure.net/.default"),
    ];
    let (status, answer) = send(client.post(token_url(lab)).form(&form)).await;
    let description = answer["error_description"].as_str().unwrap_or_default();
    (status.as_u16(), description.split(':').next().unwrap().to_owned())
}

#[tokio::test]
async fn entra_takes_its_tokens_for_the_right_audience_while_they_live() {
    let clock = Arc::new(ManualClock::at(datetime!(2030-01-01 00:00 UTC)));
    let (lab, client) = started(LabOptions { clock: clock.clone(), ..LabOptions::default() }).await;
    // no other assertion is good from now on
    lab.register_client_key(b"x");
    let token = lab.identity().oidc_request_token.expose();
    assert_eq!(oidc(&lab, &client, "wrong", "x").await.0, StatusCode::UNAUTHORIZED);
    let given = |audience: &'static str| {
        let (lab, client) = (&lab, &client);
        async move {
            let (status, answer) = oidc(lab, client, token, audience).await;
            assert_eq!(status, StatusCode::OK);
            answer["value"].as_str().unwrap().to_owned()
        }
    };
    let good = given("api://AzureADTokenExchange").await;
    let other = given("https://github.com/octo-org").await;
    assert_ne!(good, given("api://AzureADTokenExchange").await);
    assert_eq!(exchange(&lab, &client, &good).await, (200, String::new()));
    assert_eq!(exchange(&lab, &client, &other).await, (401, "AADSTS700212".to_owned()));
    assert_eq!(exchange(&lab, &client, "e30.e30.x").await.0, 401);
    clock.advance(Duration::from_secs(300));
    assert_eq!(exchange(&lab, &client, &good).await, (401, "AADSTS700024".to_owned()));
}
