//! Artifacts and signatures are found where notation's library finds them.

use serde_json::json;

use super::made::*;
use crate::fault::Fault as _;
use crate::registry::*;

#[tokio::test]
async fn tags_and_digests_name_what_the_index_lists() {
    let made = Made::new();
    let target = made.resolve(":v1").await.unwrap();
    assert_eq!(
        (target.media_type.as_str(), target.digest.clone()),
        (MANIFEST, made.image_digest())
    );
    assert!(target.annotations.is_empty(), "what the index adds is not signed");
    let by_digest = format!("@{}", target.digest);
    assert_eq!(made.resolve(&by_digest).await.unwrap(), target);
    // the same manifest twice under one tag is one manifest
    made.index(&[made.tagged("v1", &made.image), made.tagged("v1", &made.image)]);
    assert_eq!(made.resolve(":v1").await.unwrap(), target);
    let other = made.reference(":v1");
    let elsewhere = Reference::in_layout("/elsewhere:v1", None).unwrap();
    assert_eq!(code(made.open().unwrap().resolve(&elsewhere).await), "registry-not-found");
    assert_eq!(other.layout(), Some(made.text().as_str()));
}

#[tokio::test]
async fn what_is_not_there_is_told_with_the_tags_that_are() {
    let made = Made::new();
    let other = made.put(MANIFEST, &json!({ "mediaType": MANIFEST, "layers": [], "a": 1 }));
    made.index(&[made.tagged("v1", &made.image), made.tagged("v2", &other), other]);
    let fault = made.resolve(":v3").await.unwrap_err();
    assert_eq!(fault.to_string(), "not found");
    assert_eq!(fault.because(), [format!("index.json has no entry for {}:v3", made.text())]);
    assert_eq!(fault.hint().as_deref(), Some("the layout has the tags v1, v2"));
    let missing = format!("@sha256:{}", "0".repeat(64));
    assert_eq!(code(made.resolve(&missing).await), "registry-not-found");
    // a blob that nothing lists is no artifact
    let loose = made.put(MANIFEST, &json!({ "mediaType": MANIFEST, "layers": [], "b": 1 }));
    assert_eq!(code(made.resolve(&format!("@{}", digest(&loose))).await), "registry-not-found");
}

#[tokio::test]
async fn a_tag_of_two_manifests_is_refused() {
    let made = Made::new();
    let other = made.put(MANIFEST, &json!({ "mediaType": MANIFEST, "layers": [], "a": 1 }));
    made.index(&[made.tagged("v1", &made.image), made.tagged("v1", &other)]);
    let fault = made.resolve(":v1").await.unwrap_err();
    assert_eq!(fault.code(), "registry-layout-ambiguous-tag");
    assert_eq!(fault.to_string(), format!("{}:v1: 2 manifests have this tag", made.text()));
    let hint = fault.hint().unwrap();
    for descriptor in [&made.image, &other] {
        assert!(hint.contains(&format!("{}@{}", made.text(), digest(descriptor))), "{hint}");
    }
}

#[tokio::test]
async fn what_lies_below_an_index_is_found_by_digest_and_as_a_child() {
    let made = Made::new();
    let mut child = made.image.clone();
    child["platform"] = json!({ "os": "linux", "architecture": "amd64" });
    let inner = made.put(INDEX, &json!({ "mediaType": INDEX, "manifests": [child] }));
    let outer = made.put(INDEX, &json!({ "mediaType": INDEX, "manifests": [inner] }));
    made.index(&[made.tagged("v1", &outer)]);
    let layout = made.open().unwrap();
    let image = made.reference(&format!("@{}", made.image_digest()));
    assert_eq!(layout.resolve(&image).await.unwrap().media_type, MANIFEST);

    let inner = made.reference(&format!("@{}", digest(&inner)));
    let resolved = layout.resolve_with_children(&inner, None).await.unwrap();
    let [child] = resolved.children.as_slice() else { panic!("one child: {resolved:?}") };
    assert_eq!(child.platform.as_deref(), Some("linux/amd64"));
    assert_eq!(child.digest, made.image_digest());
    assert!(layout.resolve_with_children(&image, Some(child)).await.is_ok());
    let other = Child { media_type: INDEX.into(), ..child.clone() };
    let refused = layout.resolve_with_children(&image, Some(&other)).await;
    assert_eq!(code(refused), "registry-layout-content");
}

#[tokio::test]
async fn every_form_of_a_signature_is_listed_wherever_an_index_leads_to_it() {
    let made = Made::new();
    let written = made.signature(b"one");
    let mut later = made.signature_manifest(b"two");
    later["artifactType"] = SIGNATURE_ARTIFACT_TYPE.into();
    later["config"]["mediaType"] = "application/vnd.oci.empty.v1+json".into();
    let later = made.put(MANIFEST, &later);
    let early = made.put(
        ARTIFACT,
        &json!({
            "mediaType": ARTIFACT,
            "artifactType": SIGNATURE_ARTIFACT_TYPE,
            "blobs": [made.put_bytes("application/cose", b"three")],
            "subject": made.image,
        }),
    );
    // as the referrers tag schema keeps it
    let index = made.put(INDEX, &json!({ "mediaType": INDEX, "manifests": [early] }));
    let mut other = made.signature_manifest(b"four");
    other["subject"]["digest"] = digest(&written).as_str().into();
    let other = made.put(MANIFEST, &other);
    let mut sbom = made.signature_manifest(b"five");
    sbom["config"]["mediaType"] = "application/spdx+json".into();
    let sbom = made.put(MANIFEST, &sbom);
    let gone =
        json!({ "mediaType": MANIFEST, "digest": format!("sha256:{}", "1".repeat(64)), "size": 3 });
    let blob = made.put_bytes("application/octet-stream", b"no manifest");
    made.index(&[
        made.tagged("v1", &made.image),
        written.clone(),
        written.clone(),
        index,
        later.clone(),
        other,
        sbom,
        gone,
        blob,
        json!({}),
    ]);
    assert_eq!(made.listed().await, texts(&[&written, &later, &early]));

    let layout = made.open().unwrap();
    let listing = layout.signatures(&made.image_digest(), 2).await.unwrap();
    assert_eq!((listing.signatures.len(), listing.exceeded), (2, true));
    let all = made.list().await.unwrap();
    assert!(!all.exceeded);
    for (signature, envelope) in all.signatures.iter().zip(["one", "two", "three"]) {
        let fetched = layout.fetch_signature(&made.image_digest(), signature).await.unwrap();
        assert_eq!(fetched.envelope, envelope.as_bytes());
        assert_eq!(fetched.manifest_digest.as_str(), signature.digest);
        assert_eq!(fetched.envelope_media_type, "application/cose");
    }
    let subject = digest(&written);
    let wrong = layout.fetch_signature(&subject, &all.signatures[0]).await;
    assert_eq!(code(wrong), "registry-layout-content");
}

#[tokio::test]
async fn a_signature_is_not_deleted_from_a_layout() {
    let made = Made::new();
    let layout = made.open().unwrap();
    let digest = made.image_digest();
    assert_eq!(code(layout.delete_signature(&digest).await), "registry-layout-undeletable");
    let unlisted = layout.unlist_signatures(&digest, &[]).await;
    assert_eq!(code(unlisted), "registry-layout-undeletable");
    assert!(layout.prepare_push().await.is_ok());
}

#[test]
fn a_folder_that_is_no_layout_is_left_as_it_is() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().display().to_string();
    let clock = || std::sync::Arc::new(crate::clock::SystemClock::new());
    let open = |path: &str| Layout::open(path, clock()).err().expect("refused");
    let error = open(&path);
    assert_eq!(error.code(), "registry-layout-missing");
    assert_eq!(
        error.to_string(),
        format!(
            "failed to create OCI store: invalid OCI Image Layout: {path}/oci-layout: no such file or directory"
        )
    );
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);

    let missing = format!("{path}/layout");
    let error = open(&missing);
    assert_eq!(
        error.to_string(),
        format!("failed to create OCI store: stat {missing}: no such file or directory")
    );
    assert_eq!(error.code(), "registry-layout-missing");
    assert!(error.hint().is_some_and(|hint| hint.contains("type=oci,dest=")));

    std::fs::write(&missing, "a tar file").unwrap();
    let error = open(&missing);
    assert_eq!(error.to_string(), "failed to create OCI store: the input path is not a directory");
    assert_eq!(error.code(), "registry-layout-file-kind");
    assert!(error.hint().is_some_and(|hint| hint.contains("tar -xf")));
}

#[cfg(unix)]
#[test]
fn what_the_system_says_is_passed_on() {
    let made = Made::new();
    let path = format!("{}/{}", made.text(), "l".repeat(300));
    let error = Layout::open(&path, std::sync::Arc::new(crate::clock::SystemClock::new()));
    let error = error.err().expect("refused");
    assert_eq!(error.code(), "registry-layout-file");
    let said = format!("failed to create OCI store: open {path}: ");
    assert!(error.to_string().starts_with(&said), "{error}");
}

#[test]
fn another_version_of_the_layout_is_refused() {
    for (content, problem) in [
        (r#"{"imageLayoutVersion":"2.0.0"}"#, r#"version "2.0.0" is not supported"#),
        (r#"{"imageLayoutVersion":"1"}"#, r#"version "1" is not supported"#),
        ("{}", "says no version: missing field `imageLayoutVersion` at line 1 column 2"),
        ("[", "says no version: EOF while parsing a list at line 1 column 1"),
    ] {
        let made = Made::new();
        made.write("oci-layout", content);
        let error = made.open().err().expect("refused");
        assert_eq!(error.code(), "registry-layout-content");
        let path = made.text();
        assert_eq!(
            error.to_string(),
            format!(
                "failed to create OCI store: invalid OCI Image Layout: {path}/oci-layout: {problem}"
            )
        );
    }
    let made = Made::new();
    made.write("oci-layout", r#"{"imageLayoutVersion":"1.1.0","more":1}"#);
    assert!(made.open().is_ok());
}
