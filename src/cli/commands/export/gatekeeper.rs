//! Gatekeeper: the template that asks Ratify about the images of a pod, and its constraint
//! (open-policy-agent.github.io/gatekeeper, "External Data"; ratify.dev/docs, "Ratify on Gatekeeper").

use serde::Serialize;

use super::error::ExportError;
use super::yaml::Document;

/// The template and the constraint.
pub fn documents() -> Result<[Document; 2], ExportError> {
    let about_template = [
        "Refuses a pod when Ratify cannot be asked, when it cannot answer for one of its images, and when",
        "one of them is not said to have passed.",
    ];
    let about_constraint =
        ["Pods of all namespaces but those that a cluster cannot start without."];
    let template = Template {
        api_version: "templates.gatekeeper.sh/v1beta1",
        kind: "ConstraintTemplate",
        metadata: Metadata { name: "ratifyverification" },
        spec: TemplateSpec {
            crd: Crd { spec: CrdSpec { names: Names { kind: KIND } } },
            targets: [Target { target: "admission.k8s.gatekeeper.sh", rego: REGO }],
        },
    };
    let constraint = Constraint {
        api_version: "constraints.gatekeeper.sh/v1beta1",
        kind: KIND,
        metadata: Metadata { name: "ratify-constraint" },
        spec: ConstraintSpec {
            enforcement_action: "deny",
            r#match: Match {
                kinds: [Kinds { api_groups: [""], kinds: ["Pod"] }],
                excluded_namespaces: ["kube-system", "gatekeeper-system"],
            },
        },
    };
    let about_template = about_template.map(str::to_owned).to_vec();
    let about_constraint = about_constraint.map(str::to_owned).to_vec();
    Ok([
        Document::new("ConstraintTemplate ratifyverification", about_template, &template)?,
        Document::new("RatifyVerification ratify-constraint", about_constraint, &constraint)?,
    ])
}

const KIND: &str = "RatifyVerification";

/// An answer is `[image, {"isSuccess": …}]`. An image passes only where that is true: no answer at all
/// is a refusal too.
const REGO: &str = r#"package ratifyverification

images := all_images {
  containers := [c.image | c = input.review.object.spec.containers[_]]
  init := [c.image | c = input.review.object.spec.initContainers[_]]
  ephemeral := [c.image | c = input.review.object.spec.ephemeralContainers[_]]
  all_images := array.concat(containers, array.concat(init, ephemeral))
}

answer := reply {
  reply := external_data({"provider": "ratify-provider", "keys": images})
}

passed[image] {
  response := answer.responses[_]
  response[1].isSuccess == true
  image := response[0]
}

violation[{"msg": msg}] {
  answer.system_error != ""
  msg := sprintf("Ratify cannot be asked: %s", [answer.system_error])
}

violation[{"msg": msg}] {
  count(answer.errors) > 0
  msg := sprintf("Ratify cannot answer: %v", [answer.errors])
}

violation[{"msg": msg}] {
  image := images[_]
  not passed[image]
  msg := sprintf("the signatures of %s do not hold against the trust policy", [image])
}
"#;

#[derive(Serialize)]
struct Metadata {
    name: &'static str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Template {
    api_version: &'static str,
    kind: &'static str,
    metadata: Metadata,
    spec: TemplateSpec,
}

#[derive(Serialize)]
struct TemplateSpec {
    crd: Crd,
    targets: [Target; 1],
}

#[derive(Serialize)]
struct Crd {
    spec: CrdSpec,
}

#[derive(Serialize)]
struct CrdSpec {
    names: Names,
}

#[derive(Serialize)]
struct Names {
    kind: &'static str,
}

#[derive(Serialize)]
struct Target {
    target: &'static str,
    rego: &'static str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Constraint {
    api_version: &'static str,
    kind: &'static str,
    metadata: Metadata,
    spec: ConstraintSpec,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ConstraintSpec {
    enforcement_action: &'static str,
    r#match: Match,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Match {
    kinds: [Kinds; 1],
    excluded_namespaces: [&'static str; 2],
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Kinds {
    api_groups: [&'static str; 1],
    kinds: [&'static str; 1],
}
