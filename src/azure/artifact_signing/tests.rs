//! Answers as the service gives them, and as it should not.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::{HeaderMap, StatusCode};
use time::macros::datetime;

use super::ArtifactSigningError;
use super::certificates;
use super::operation::{Operation, OperationId, Problem, State};
use crate::fault::Fault as _;
use crate::http::Response;
use crate::x509::testing;

const ID: &str = "76f60a30-d088-42e0-b16d-b76b88d3cbe1";

fn answer(status: u16, body: &str, headers: &[(&'static str, &str)]) -> Response {
    let headers: HeaderMap =
        headers.iter().map(|(n, v)| (n.parse().unwrap(), v.parse().unwrap())).collect();
    Response {
        status: StatusCode::from_u16(status).unwrap(),
        headers,
        body: body.to_owned().into(),
        url: "https://eus.codesigning.azure.net/".parse().unwrap(),
    }
}

fn read(body: &str, asked: Option<&str>) -> Result<Operation, ArtifactSigningError> {
    let asked = asked.map(|id| OperationId::parse(id).unwrap());
    let now = datetime!(2026-01-01 00:00 UTC);
    Operation::read("signing", &answer(200, body, &[]), asked.as_ref(), now)
}

#[test]
fn both_shapes_of_a_finished_operation_are_read() {
    for body in [
        format!(
            r#"{{"operationId":"{ID}","status":"Succeeded","signature":"c2ln","signingCertificate":"Y2VydA=="}}"#
        ),
        format!(
            r#"{{"id":"{ID}","status":"Succeeded","result":{{"operationId":"{ID}","signature":"c2ln","signingCertificate":"Y2VydA=="}}}}"#
        ),
        format!(
            r#"{{"id":"{ID}","status":"succeeded","signResult":{{"signature":"c2ln","signingCertificate":"Y2VydA=="}}}}"#
        ),
    ] {
        let operation = read(&body, Some(ID)).unwrap();
        assert_eq!(operation.id.as_str(), ID);
        let State::Succeeded { signature, certificates } = operation.state else {
            panic!("{body}")
        };
        assert_eq!(
            (signature.as_slice(), certificates.as_deref()),
            (&b"sig"[..], Some(&b"Y2VydA=="[..]))
        );
    }
}

#[test]
fn an_operation_under_way_may_say_when_to_ask_again() {
    for status in ["InProgress", "Running", "NotStarted"] {
        let body = format!(r#"{{"status":"{status}"}}"#);
        let location = format!("https://eus.codesigning.azure.net/x/sign/{ID}?api-version=1");
        let headers = [("operation-location", location.as_str()), ("retry-after", "7")];
        let answer = answer(202, &body, &headers);
        let operation =
            Operation::read("signing", &answer, None, datetime!(2026-01-01 00:00 UTC)).unwrap();
        assert_eq!(operation.id.as_str(), ID);
        assert_eq!(operation.again, Some(std::time::Duration::from_secs(7)));
        assert!(matches!(operation.state, State::Pending(told) if told == status));
    }
}

#[test]
fn an_operation_that_ended_otherwise_is_told_with_its_reason() {
    for (status, error, expected) in [
        ("Failed", r#""error":{"code":"A","message":"b\nc"}"#, ("A", "b c")),
        ("Failed", r#""errorDetail":{"code":"A","message":"b"}"#, ("A", "b")),
        ("Canceled", r#""error":null"#, ("ERROR", "the service gave no reason")),
        ("TimedOut", r#""x":1"#, ("ERROR", "the service gave no reason")),
        ("NotFound", r#""x":1"#, ("ERROR", "the service gave no reason")),
    ] {
        let operation = read(&format!(r#"{{"id":"{ID}","status":"{status}",{error}}}"#), None);
        let State::Ended { status: told, code, message } = operation.unwrap().state else {
            panic!("{status}")
        };
        assert_eq!(
            (told.as_str(), code.as_str(), message.as_str()),
            (status, expected.0, expected.1)
        );
    }
}

#[test]
fn an_answer_that_cannot_be_believed_is_refused() {
    let other = "00000000-0000-4000-8000-000000000000";
    for body in [
        "",
        "7",
        "[]",
        r#"{"status":"InProgress"}"#,
        r#"{"id":"../../x","status":"InProgress"}"#,
        r#"{"id":"","status":"InProgress"}"#,
        &format!(r#"{{"id":"{}","status":"InProgress"}}"#, "a".repeat(65)),
        &format!(r#"{{"id":"{ID}"}}"#),
        &format!(r#"{{"id":"{ID}","status":"Magic"}}"#),
        &format!(r#"{{"id":"{ID}","status":"Succeeded"}}"#),
        &format!(r#"{{"id":"{ID}","status":"Succeeded","signature":""}}"#),
        &format!(r#"{{"id":"{ID}","status":"Succeeded","signature":"%"}}"#),
        &format!(r#"{{"id":"{ID}","status":"Succeeded","signature":7}}"#),
    ] {
        let error = read(body, None).unwrap_err();
        assert_eq!(error.code(), "azure-artifact-signing-answer", "{body}");
    }
    let error = read(&format!(r#"{{"id":"{other}","status":"Running"}}"#), Some(ID)).unwrap_err();
    assert!(error.to_string().ends_with("it is about another operation"), "{error}");
}

#[test]
fn a_refusal_is_read_in_every_shape() {
    for (body, header, code, message) in [
        (r#"{"error":{"code":"A","message":"b"}}"#, "", "A", "b"),
        (r#"{"errorDetail":{"code":"A","message":"b"}}"#, "", "A", "b"),
        (
            r#"{"title":"One or more validation errors occurred.","status":400,"errors":{"digest":["bad"]}}"#,
            "Invalid",
            "Invalid",
            r#"One or more validation errors occurred. {"digest":["bad"]}"#,
        ),
        ("plain\r\ntext", "", "ERROR", "plain text"),
        ("", "", "ERROR", "the service gave no reason"),
    ] {
        let headers = [("x-ms-error-code", header)];
        let headers = if header.is_empty() { &[][..] } else { &headers[..] };
        let problem = Problem::of(&answer(400, body, headers));
        assert_eq!((problem.code.as_str(), problem.message.as_str()), (code, message), "{body}");
    }
}

#[test]
fn certificates_come_wrapped_in_any_way() {
    let chain = testing::chain(2);
    let der = chain.iter().flat_map(|c| c.der().to_vec()).collect::<Vec<u8>>();
    let text = STANDARD.encode(&der);
    let twice = STANDARD.encode(format!("{text}\r\n"));
    let pem: String =
        chain.iter().map(|c| pem::encode(&pem::Pem::new("CERTIFICATE", c.der()))).collect();
    for bytes in [&der[..], text.as_bytes(), twice.as_bytes(), pem.as_bytes()] {
        assert_eq!(certificates::read(bytes), Ok(chain.clone()));
    }
    let quoted = format!("\"{text}\"");
    assert_eq!(certificates::read(quoted.as_bytes()), Ok(chain));
    for bytes in [&b""[..], b"%", b"MIIB", b"0", &[0x30, 0x84, 0xff, 0xff, 0xff, 0xff]] {
        assert!(certificates::read(bytes).is_err(), "{bytes:?}");
    }
}
