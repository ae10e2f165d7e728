//! Log, hold mode, faults, and the same over HTTP.

use std::time::Duration;

use serde_json::json;

use super::*;

#[tokio::test]
async fn the_log_tells_what_was_asked_and_answered() {
    let (lab, client) = lab().await;
    let path = "/v2/app/manifests/v1";
    let get = ask(&lab, &client, Method::GET, path).query(&[("a", "b")]).bearer_auth("x");
    get.send().await.unwrap();
    let log = lab.control().requests();
    let seen = &log[0];
    assert_eq!(
        (seen.role, seen.method.as_str(), seen.path.as_str()),
        (Role::Registry, "GET", path)
    );
    assert_eq!((seen.query.as_str(), seen.status, seen.authorized), ("a=b", Some(404), true));
    assert!(seen.answered.unwrap() >= seen.arrived);
}

#[tokio::test]
async fn hold_mode_tells_requests_side_by_side_from_those_in_a_row() {
    let (lab, client) = lab().await;
    let hold = 5 * HOLD;
    lab.control().hold_each(hold);
    let get = || async {
        ask(&lab, &client, Method::GET, "/v2/").send().await.unwrap();
    };
    tokio::join!(get(), get(), get());
    assert_eq!(lab.control().longest_chain(), 1);
    get().await;
    get().await;
    assert_eq!(lab.control().longest_chain(), 3);
    assert_eq!(lab.control().counts()[&Role::Registry], 5);
    let held = lab.control().requests();
    assert!(held.iter().all(|e| e.answered.unwrap() - e.arrived >= hold));
    lab.control().reset();
    assert_eq!(lab.control().longest_chain(), 0);
}

#[tokio::test]
async fn a_status_fault_carries_its_headers_and_does_nothing() {
    let (lab, client) = lab().await;
    lab.control().fault(Route::on(Role::Registry).method("POST"), Fault::throttled(7), 1);
    let start = || ask(&lab, &client, Method::POST, "/v2/app/blobs/uploads/").send();
    let answer = start().await.unwrap();
    assert_eq!(
        (answer.status(), &answer.headers()["retry-after"]),
        (StatusCode::TOO_MANY_REQUESTS, &"7".parse().unwrap())
    );
    assert_eq!(start().await.unwrap().status(), StatusCode::ACCEPTED);
}

#[tokio::test]
async fn a_reset_does_nothing_and_a_lost_answer_does_it() {
    let (lab, client) = lab().await;
    for (fault, done) in [(Fault::Reset, false), (Fault::LostAnswer, true)] {
        let bytes = format!("{fault:?}").into_bytes();
        let manifest = format!(r#"{{"schemaVersion":2,"layers":[],"of":{}}}"#, bytes.len());
        lab.control().fault(Route::any().method("PUT"), fault, 1);
        let tag = if done { "done" } else { "not-done" };
        let put = ask(&lab, &client, Method::PUT, &format!("/v2/app/manifests/{tag}"))
            .header("content-type", "application/vnd.oci.image.manifest.v1+json")
            .body(manifest);
        assert!(put.send().await.is_err());
        assert_eq!(lab.manifest("app", tag).is_some(), done);
    }
    assert!(lab.control().requests().iter().all(|e| e.status.is_none()));
}

#[tokio::test]
async fn a_huge_body_goes_on_past_every_limit() {
    let (lab, client) = lab().await;
    lab.push_image("app", "v1").unwrap();
    lab.control().fault(Route::any(), Fault::Huge, 1);
    let mut answer = ask(&lab, &client, Method::GET, "/v2/app/manifests/v1").send().await.unwrap();
    assert_eq!(answer.content_length(), None);
    let mut read = 0;
    while read < 70 << 20 {
        read += answer.chunk().await.unwrap().expect("the body goes on").len();
    }
}

#[tokio::test]
async fn a_body_or_header_fault_changes_the_true_answer() {
    let (lab, client) = lab().await;
    let digest = lab.push_image("app", "v1").unwrap();
    let get = || ask(&lab, &client, Method::GET, "/v2/app/manifests/v1").send();
    lab.control().fault(Route::any(), Fault::Body("{}".into()), 1);
    let answer = get().await.unwrap();
    assert_eq!(answer.headers()["docker-content-digest"], digest.as_str());
    assert_eq!(answer.bytes().await.unwrap(), "{}");
    let other = Fault::Header("Docker-Content-Digest".into(), "sha256:0".into());
    lab.control().fault(Route::any(), other, 1);
    assert_eq!(get().await.unwrap().headers()["docker-content-digest"], "sha256:0");
    lab.control().fault(Route::any(), Fault::Delay(Duration::from_secs(9)), 1);
    assert_eq!(get().await.unwrap().status(), StatusCode::OK);
    let seen = lab.control().requests().pop().unwrap();
    assert!(
        (Duration::from_millis(50)..Duration::from_secs(5))
            .contains(&(seen.answered.unwrap() - seen.arrived))
    );
}

#[tokio::test]
async fn another_process_has_the_same_control_over_http() {
    let (lab, client) = lab().await;
    let url = |path: &str| format!("http://{}{path}", lab.control_host());
    let fault = json!({ "role": "registry", "status": 503, "times": 1 });
    assert_eq!(send(client.post(url("/fault")).json(&fault)).await.0, StatusCode::OK);
    assert_eq!(send(client.post(url("/hold"))).await.0, StatusCode::OK);
    for status in [503, 200] {
        let answer = ask(&lab, &client, Method::GET, "/v2/").send().await.unwrap();
        assert_eq!(answer.status(), status);
    }
    ask(&lab, &client, Method::DELETE, "/v2/app/manifests/v1").send().await.unwrap();
    let (_, requests) = send(client.get(url("/requests"))).await;
    assert_eq!(
        (requests[0]["role"].as_str(), requests[0]["status"].as_u64()),
        (Some("registry"), Some(503))
    );
    assert_eq!(send(client.get(url("/counts"))).await.1, json!({ "registry": 3 }));
    let chain = |query: &str| send(client.get(url(&format!("/longest-chain{query}"))));
    assert_eq!(chain("").await.1["longest_chain"], 3);
    assert_eq!(chain("?without=delete").await.1["longest_chain"], 2);
    assert_eq!(send(client.post(url("/reset"))).await.0, StatusCode::OK);
    assert_eq!(send(client.get(url("/requests"))).await.1, json!([]));
    assert_eq!(send(client.post(url("/fault")).body("[]")).await.0, StatusCode::BAD_REQUEST);
    assert_eq!(send(client.get(url("/other"))).await.0, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn a_stopped_lab_answers_no_more() {
    let (lab, client) = lab().await;
    let url = format!("http://{}/v2/", lab.registry_host());
    client.get(&url).send().await.unwrap();
    lab.stop().await;
    assert!(client.get(&url).send().await.is_err());
}
