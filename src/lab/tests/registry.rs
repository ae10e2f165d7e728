//! The registry's endpoints, open to all.

use base64::Engine as _;
use reqwest::Response;

use super::*;
use crate::lab::registry::Digest;

const MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";
const INDEX: &str = "application/vnd.oci.image.index.v1+json";
const EMPTY: &str = "sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a";
const OTHER: &str = "sha256:0000000000000000000000000000000000000000000000000000000000000000";

fn code(answer: &Value) -> &str {
    answer["errors"][0]["code"].as_str().unwrap_or_default()
}

fn header<'a>(answer: &'a Response, name: &str) -> &'a str {
    answer.headers().get(name).map_or("", |value| value.to_str().unwrap())
}

/// A signature-like manifest: config type `kind`, one annotation to tell it apart.
fn referrer(subject: &str, kind: &str, mark: &str) -> String {
    format!(
        r#"{{"schemaVersion":2,"mediaType":"{MANIFEST}","config":{{"mediaType":"{kind}","digest":"{EMPTY}","size":2}},"layers":[],"subject":{{"mediaType":"{MANIFEST}","digest":"{subject}","size":1}},"annotations":{{"mark":"{mark}"}}}}"#
    )
}

async fn put(lab: &Lab, client: &Client, path: &str, body: String) -> Response {
    ask(lab, client, Method::PUT, path)
        .header("content-type", MANIFEST)
        .body(body)
        .send()
        .await
        .unwrap()
}

#[tokio::test]
async fn an_image_is_read_by_tag_and_by_digest() {
    let (lab, client) = lab().await;
    let digest = lab.push_image("team/app", "v1").unwrap();
    assert_eq!(lab.tags("team/app"), ["v1"]);
    for reference in ["v1", &digest] {
        let path = format!("/v2/team/app/manifests/{reference}");
        let got = ask(&lab, &client, Method::GET, &path).send().await.unwrap();
        let head = ask(&lab, &client, Method::HEAD, &path).send().await.unwrap();
        for answer in [&got, &head] {
            assert_eq!(header(answer, "docker-content-digest"), digest);
            assert_eq!(header(answer, "content-type"), MANIFEST);
        }
        let length = header(&head, "content-length").to_owned();
        let bytes = got.bytes().await.unwrap();
        assert_eq!(length, bytes.len().to_string());
        assert_eq!(Digest::of(&bytes).as_str(), digest);
        let manifest: Value = serde_json::from_slice(&bytes).unwrap();
        for blob in [&manifest["config"], &manifest["layers"][0]] {
            let path = format!("/v2/team/app/blobs/{}", blob["digest"].as_str().unwrap());
            let blob_bytes =
                ask(&lab, &client, Method::GET, &path).send().await.unwrap().bytes().await.unwrap();
            assert_eq!(blob["size"], blob_bytes.len());
        }
    }
    assert_eq!(lab.push_image("team/app", "v1").unwrap(), digest);
    assert!(matches!(lab.push_image("Team", "v1"), Err(LabError::Refused { status: 400, .. })));
}

#[tokio::test]
async fn a_blob_is_uploaded_in_one_piece_in_chunks_or_at_once() {
    let (lab, client) = lab().await;
    let start = ask(&lab, &client, Method::POST, "/v2/a/blobs/uploads/").send().await.unwrap();
    assert_eq!(start.status(), StatusCode::ACCEPTED);
    let location = header(&start, "location").to_owned();
    assert!(location.contains('?'), "{location}");
    for (chunk, range) in [("{", "0-0"), ("}", "1-1")] {
        let patch =
            ask(&lab, &client, Method::PATCH, &location).header("content-range", range).body(chunk);
        assert_eq!(patch.send().await.unwrap().status(), StatusCode::ACCEPTED);
    }
    let late =
        ask(&lab, &client, Method::PATCH, &location).header("content-range", "9-9").body("x");
    assert_eq!(late.send().await.unwrap().status(), StatusCode::RANGE_NOT_SATISFIABLE);
    let state = ask(&lab, &client, Method::GET, &location).send().await.unwrap();
    assert_eq!((state.status(), header(&state, "range")), (StatusCode::NO_CONTENT, "0-1"));
    let put = ask(&lab, &client, Method::PUT, &format!("{location}&digest={EMPTY}"));
    let put = put.send().await.unwrap();
    assert_eq!((put.status(), header(&put, "docker-content-digest")), (StatusCode::CREATED, EMPTY));

    let monolithic = format!("/v2/b/blobs/uploads/?digest={EMPTY}");
    let at_once = ask(&lab, &client, Method::POST, &monolithic).body("{}").send().await.unwrap();
    assert_eq!(at_once.status(), StatusCode::CREATED);
    let mount = format!("/v2/c/blobs/uploads/?mount={EMPTY}&from=a");
    let mounted = ask(&lab, &client, Method::POST, &mount).send().await.unwrap();
    assert_eq!(mounted.status(), StatusCode::CREATED);
    for name in ["a", "b", "c"] {
        let path = format!("/v2/{name}/blobs/{EMPTY}");
        assert_eq!(
            ask(&lab, &client, Method::HEAD, &path).send().await.unwrap().status(),
            StatusCode::OK
        );
    }
    let absent = format!("/v2/c/blobs/uploads/?mount={OTHER}&from=a");
    let begun = ask(&lab, &client, Method::POST, &absent).send().await.unwrap();
    assert_eq!(begun.status(), StatusCode::ACCEPTED);
    let begun = header(&begun, "location").to_owned();
    assert_eq!(
        ask(&lab, &client, Method::DELETE, &begun).send().await.unwrap().status(),
        StatusCode::NO_CONTENT
    );
    assert_eq!(code(&send(ask(&lab, &client, Method::GET, &begun)).await.1), "BLOB_UPLOAD_UNKNOWN");
}

#[tokio::test]
async fn a_blob_with_another_digest_is_refused() {
    let (lab, client) = lab().await;
    let path = format!("/v2/a/blobs/uploads/?digest={OTHER}");
    let (status, answer) = send(ask(&lab, &client, Method::POST, &path).body("{}")).await;
    assert_eq!((status, code(&answer)), (StatusCode::BAD_REQUEST, "DIGEST_INVALID"));
    let (status, answer) =
        send(ask(&lab, &client, Method::GET, &format!("/v2/a/blobs/{OTHER}"))).await;
    assert_eq!((status, code(&answer)), (StatusCode::NOT_FOUND, "BLOB_UNKNOWN"));
}

#[tokio::test]
async fn a_manifest_is_kept_only_when_it_is_right() {
    let (lab, client) = lab().await;
    let body = referrer(OTHER, "application/x", "1");
    let refused = |answer: Response| async move {
        let answer: Value = answer.json().await.unwrap();
        code(&answer).to_owned()
    };
    let early = put(&lab, &client, "/v2/a/manifests/v1", body.clone()).await;
    assert_eq!(refused(early).await, "MANIFEST_BLOB_UNKNOWN");
    lab.put_blob("a", b"{}").unwrap();
    let path = format!("/v2/a/manifests/{OTHER}");
    assert_eq!(refused(put(&lab, &client, &path, body.clone()).await).await, "DIGEST_INVALID");
    let typed = body.replace(
        r#""mediaType":"application/vnd.oci.image.manifest.v1+json","config"#,
        r#""mediaType":"x","config"#,
    );
    assert_eq!(
        refused(put(&lab, &client, "/v2/a/manifests/v1", typed).await).await,
        "MANIFEST_INVALID"
    );
    let sized = body.replace(r#""size":2"#, r#""size":3"#);
    assert_eq!(
        refused(put(&lab, &client, "/v2/a/manifests/v1", sized).await).await,
        "MANIFEST_INVALID"
    );
    assert_eq!(
        refused(put(&lab, &client, "/v2/a/manifests/v1", "x".into()).await).await,
        "MANIFEST_INVALID"
    );
    assert_eq!(
        refused(put(&lab, &client, "/v2/A/manifests/v1", body.clone()).await).await,
        "NAME_INVALID"
    );
    let kept = put(&lab, &client, "/v2/a/manifests/v1", body).await;
    assert_eq!((kept.status(), header(&kept, "oci-subject")), (StatusCode::CREATED, OTHER));
    let large = put(&lab, &client, "/v2/a/manifests/v2", " ".repeat((4 << 20) + 1)).await;
    assert_eq!(large.status(), StatusCode::PAYLOAD_TOO_LARGE);
    assert!(lab.lose_blob("a", EMPTY) && !lab.lose_blob("a", EMPTY));
}

#[tokio::test]
async fn referrers_are_listed_filtered_and_in_pages() {
    let (lab, client) =
        started(LabOptions { referrers_page: Some(2), ..LabOptions::default() }).await;
    let subject = lab.push_image("a", "v1").unwrap();
    lab.put_blob("a", b"{}").unwrap();
    for (kind, mark) in [
        ("application/s", "1"),
        ("application/t", "2"),
        ("application/s", "3"),
        ("application/s", "4"),
    ] {
        let body = referrer(&subject, kind, mark);
        let digest = Digest::of(body.as_bytes());
        put(&lab, &client, &format!("/v2/a/manifests/{}", digest.as_str()), body).await;
    }
    let mut path = format!("/v2/a/referrers/{subject}?artifactType=application%2Fs");
    let mut marks = Vec::new();
    for last in [false, true] {
        let answer = ask(&lab, &client, Method::GET, &path).send().await.unwrap();
        assert_eq!(header(&answer, "content-type"), INDEX);
        assert_eq!(header(&answer, "oci-filters-applied"), "artifactType");
        let link = header(&answer, "link").to_owned();
        assert_eq!(link.is_empty(), last);
        path = link.trim_start_matches('<').split('>').next().unwrap().to_owned();
        let page: Value = answer.json().await.unwrap();
        for entry in page["manifests"].as_array().unwrap() {
            assert_eq!(entry["artifactType"], "application/s");
            marks.push(entry["annotations"]["mark"].as_str().unwrap().to_owned());
        }
    }
    assert_eq!(marks, ["1", "3", "4"]);
    assert_eq!(lab.referrers("a", &subject).len(), 4);
    let (status, none) =
        send(ask(&lab, &client, Method::GET, &format!("/v2/a/referrers/{OTHER}"))).await;
    assert_eq!((status, none["manifests"].as_array().map(Vec::len)), (StatusCode::OK, Some(0)));
    let (_, unknown) =
        send(ask(&lab, &client, Method::GET, &format!("/v2/none/referrers/{OTHER}"))).await;
    assert_eq!(code(&unknown), "NAME_UNKNOWN");
}

#[tokio::test]
async fn without_the_api_there_are_no_referrers_and_no_oci_subject() {
    let (lab, client) =
        started(LabOptions { referrers: Referrers::TagSchema, ..LabOptions::default() }).await;
    let subject = lab.push_image("a", "v1").unwrap();
    lab.put_blob("a", b"{}").unwrap();
    let kept =
        put(&lab, &client, "/v2/a/manifests/s", referrer(&subject, "application/s", "1")).await;
    assert_eq!((kept.status(), header(&kept, "oci-subject")), (StatusCode::CREATED, ""));
    let (status, answer) =
        send(ask(&lab, &client, Method::GET, &format!("/v2/a/referrers/{subject}"))).await;
    assert_eq!((status, code(&answer)), (StatusCode::NOT_FOUND, ""));
}

#[tokio::test]
async fn a_filter_can_be_ignored() {
    let (lab, client) =
        started(LabOptions { filters: Filters::Ignored, ..LabOptions::default() }).await;
    let subject = lab.push_image("a", "v1").unwrap();
    lab.put_blob("a", b"{}").unwrap();
    lab.put_manifest("a", "s", MANIFEST, referrer(&subject, "application/t", "1").as_bytes())
        .unwrap();
    let path = format!("/v2/a/referrers/{subject}?artifactType=application%2Fs");
    let answer = ask(&lab, &client, Method::GET, &path).send().await.unwrap();
    assert_eq!(header(&answer, "oci-filters-applied"), "");
    let page: Value = answer.json().await.unwrap();
    assert_eq!(page["manifests"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn manifests_are_deleted_where_that_is_allowed() {
    for (deletes, status) in [
        (Deletes::Allowed, StatusCode::ACCEPTED),
        (Deletes::Refused, StatusCode::FORBIDDEN),
        (Deletes::Unsupported, StatusCode::METHOD_NOT_ALLOWED),
    ] {
        let (lab, client) = started(LabOptions { deletes, ..LabOptions::default() }).await;
        let digest = lab.push_image("a", "v1").unwrap();
        let path = format!("/v2/a/manifests/{digest}");
        let answer = ask(&lab, &client, Method::DELETE, &path).send().await.unwrap();
        assert_eq!(answer.status(), status);
        assert_eq!(lab.manifest("a", "v1").is_none(), deletes == Deletes::Allowed);
    }
}

#[tokio::test]
async fn tags_are_listed_in_order() {
    let (lab, client) = lab().await;
    for tag in ["v2", "v1", "v3"] {
        lab.push_image("a", tag).unwrap();
    }
    let list = |query: &'static str| send(ask(&lab, &client, Method::GET, query));
    assert_eq!(list("/v2/a/tags/list").await.1["tags"], serde_json::json!(["v1", "v2", "v3"]));
    assert_eq!(list("/v2/a/tags/list?n=1&last=v1").await.1["tags"], serde_json::json!(["v2"]));
}

#[tokio::test]
async fn a_redirected_blob_is_elsewhere_and_refuses_credentials() {
    let (lab, client) =
        started(LabOptions { blobs: Blobs::Redirected, ..LabOptions::default() }).await;
    let digest = lab.put_blob("a", b"{}").unwrap();
    for host in [format!("http://{}", lab.registry_http), format!("https://{}", lab.registry_https)]
    {
        let answer = client.get(format!("{host}/v2/a/blobs/{digest}")).send().await.unwrap();
        assert_eq!(answer.status(), StatusCode::TEMPORARY_REDIRECT);
        let location = header(&answer, "location").to_owned();
        let origin = |url: &str| url.splitn(4, '/').take(3).collect::<String>();
        assert_ne!(origin(&location), origin(&host));
        assert_eq!(client.get(&location).send().await.unwrap().bytes().await.unwrap(), "{}");
        let carried = client.get(&location).bearer_auth("token").send().await.unwrap();
        assert_eq!(carried.status(), StatusCode::BAD_REQUEST);
    }
}

#[tokio::test]
async fn strange_paths_and_bodies_are_refused_without_a_panic() {
    let (lab, client) = lab().await;
    let long = format!("/v2/{}/manifests/x", "a/".repeat(2000));
    let odd = base64::engine::general_purpose::STANDARD.encode([0xff; 60]);
    for path in [
        "/",
        "/v2",
        "/v2//",
        "/v2/a",
        "/v2/a/manifests/",
        "/v2/a/b/c",
        "/storage/",
        "/v2/a/referrers/x",
        "/v2/a/blobs/sha256:zz",
        long.as_str(),
    ] {
        for method in
            [Method::GET, Method::PUT, Method::POST, Method::DELETE, Method::HEAD, Method::OPTIONS]
        {
            let answer = ask(&lab, &client, method.clone(), path)
                .basic_auth(&odd, Some(""))
                .body(vec![0xff; 9])
                .send()
                .await
                .unwrap();
            assert!(answer.status().as_u16() < 500, "{method} {path}");
        }
    }
}
