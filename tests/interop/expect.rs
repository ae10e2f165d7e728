//! What a signature must look like, whoever made it.

use std::time::Duration;

use serde_json::Value;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use crate::cell::{Bench, Check, Registry, SUITES};

const SIGNATURE_TYPE: &str = "application/vnd.cncf.notary.signature";
const THUMBPRINTS: &str = "io.cncf.notary.x509chain.thumbprint#S256";
const CREATED: &str = "org.opencontainers.image.created";
const EMPTY_CONFIG: &str =
    "sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a";

/// What the peer read in the envelope fits the cell.
pub fn facts(cell: &Bench<'_>, facts: &Value) -> Result<(), String> {
    let algorithm = SUITES.iter().find(|(suite, _)| *suite == cell.suite).map(|(_, name)| *name);
    equal("algorithm", text(&facts["algorithm"]), algorithm.unwrap_or("?"))?;
    equal("scheme", text(&facts["signingScheme"]), "notary.x509")?;
    equal(
        "payload type",
        text(&facts["payloadType"]),
        "application/vnd.cncf.notary.payload.v1+json",
    )?;
    let chain = facts["signer"].as_array().map_or(0, Vec::len);
    equal("certificates", &chain, &usize::from(cell.length))?;
    (facts["errors"].is_null() && facts["expiry"].is_null())
        .or(|| format!("unexpected errors or expiry: {facts}"))
}

/// The registry holds one signature, stored as signature-specification.md, "Storage" says and in
/// the very bytes notation 1.3.2 writes, in the place the cell asks for.
pub fn storage(
    cell: &Bench<'_>,
    image: &str,
    facts: &Value,
    signature: &str,
) -> Result<(), String> {
    let listing = cell.peer_list(image)?;
    let signatures = listing["signatures"].as_array().map(Vec::as_slice).unwrap_or_default();
    let [listed] = signatures else {
        return Err(format!("expected one signature: {listing}"));
    };
    equal("signature", text(&listed["digest"]), signature)?;
    equal("artifactType in the listing", text(&listed["artifactType"]), SIGNATURE_TYPE)?;

    let manifest: Value = parse(text(&listed["manifest"]))?;
    let thumbprints = facts["thumbprints"].to_string();
    let created = text(&manifest["annotations"][CREATED]);
    let signing_time = moment(&facts["signingTime"])?;
    equal("created", &moment(&manifest["annotations"][CREATED])?, &signing_time)?;
    created.ends_with('Z').or(|| format!("{CREATED} is not in UTC: {created}"))?;

    let payload: Value = parse(text(&facts["payload"]))?;
    let subject = &payload["targetArtifact"];
    let expected = format!(
        r#"{{"schemaVersion":2,"mediaType":"application/vnd.oci.image.manifest.v1+json","config":{{"mediaType":"{SIGNATURE_TYPE}","digest":"{EMPTY_CONFIG}","size":2}},"layers":[{{"mediaType":"{}","digest":{},"size":{}}}],"subject":{{"mediaType":{},"digest":{},"size":{}}},"annotations":{{"{THUMBPRINTS}":{},"{CREATED}":"{created}"}}}}"#,
        cell.format.media_type(),
        manifest["layers"][0]["digest"],
        listed["envelopeBytes"],
        subject["mediaType"],
        subject["digest"],
        subject["size"],
        Value::from(thumbprints),
    );
    equal("signature manifest", text(&listed["manifest"]), &expected)?;
    equal("annotations in the listing", &listed["annotations"], &manifest["annotations"])?;
    image
        .ends_with(text(&subject["digest"]))
        .or(|| format!("the payload names {subject}, not {image}"))?;

    let index = text(&subject["digest"]).replace(':', "-");
    let mut tags = vec!["v1".to_owned()];
    if cell.registry == Registry::TagSchema {
        tags.insert(0, index);
    }
    equal("tags", &listing["tags"], &Value::from(tags))
}

/// The signed payloads are the same bytes once the image's digest and size are left out.
pub fn same_payload_but_for_the_image(found: &Value, expected: &Value) -> Result<(), String> {
    let normal = |facts: &Value| -> Result<String, String> {
        let signed = text(&facts["payload"]);
        let payload: Value = parse(signed)?;
        let image = &payload["targetArtifact"];
        let size = format!("\"size\":{}", image["size"]);
        Ok(signed.replace(text(&image["digest"]), "DIGEST").replace(&size, "SIZE"))
    };
    equal("payload", &normal(found)?, &normal(expected)?)
}

/// The signature's expiry is this long after its signing time.
pub fn lifetime(facts: &Value, expected: Duration) -> Result<(), String> {
    let lifetime = moment(&facts["expiry"])? - moment(&facts["signingTime"])?;
    (lifetime == expected).or(|| format!("expires after {lifetime}, not {expected:?}"))
}

pub fn equal<T>(what: &str, found: &T, expected: &T) -> Result<(), String>
where
    T: PartialEq + std::fmt::Debug + ?Sized,
{
    (found == expected).or(|| format!("{what}:\n   found {found:?}\nexpected {expected:?}"))
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

fn parse(text: &str) -> Result<Value, String> {
    serde_json::from_str(text).map_err(|e| format!("{e}: {text}"))
}

fn moment(value: &Value) -> Result<OffsetDateTime, String> {
    OffsetDateTime::parse(text(value), &Rfc3339).map_err(|e| format!("{e}: {value}"))
}
