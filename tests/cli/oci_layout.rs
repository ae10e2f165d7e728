//! `--oci-layout` of `sign`, `verify`, `list` and `inspect`, `--scope`, `--allow-referrers-api`

use std::collections::BTreeSet;

use insta::assert_snapshot;
use sealwright::crypto::Digest;
use sealwright::lab::LabOptions;
use serde_json::{Value, json};

use super::many::narrow;
use super::support::{Home, assert_image_of_the_report};
use super::world::{POLICY, World};

const MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";
const INDEX: &str = "application/vnd.oci.image.index.v1+json";

/// A home with a key, a policy for `local/layout`, and a layout whose image has the tag `v1`.
struct Local {
    home: Home,
    image: String,
}

impl Local {
    fn new() -> Self {
        let home = Home::new();
        assert!(home.run("cert generate-test --default wabbit").ends_with("[exit] 0"));
        home.write(".config/notation/trustpolicy.json", for_layouts());
        home.write("layout/oci-layout", r#"{"imageLayoutVersion":"1.0.0"}"#);
        let mut local = Self { home, image: String::new() };
        let image = local.put(&json!({ "mediaType": MANIFEST, "layers": [] }));
        local.image = image["digest"].as_str().expect("a digest").to_owned();
        local.index("v1", &image);
        let shown = local.image.clone();
        local.home.replace(&shown, "sha256:<image>");
        local.home.set("NOTATION_EXPERIMENTAL", "1");
        local
    }

    fn put(&self, manifest: &Value) -> Value {
        let bytes = manifest.to_string();
        let digest = Digest::sha256(bytes.as_bytes());
        self.home.write(&format!("layout/blobs/sha256/{}", digest.hex()), &bytes);
        json!({ "mediaType": manifest["mediaType"], "digest": digest.as_str(), "size": bytes.len() })
    }

    fn index(&self, tag: &str, descriptor: &Value) {
        let mut entry = descriptor.clone();
        entry["annotations"] = json!({ "org.opencontainers.image.ref.name": tag });
        let index = json!({ "schemaVersion": 2, "mediaType": INDEX, "manifests": [entry] });
        self.home.write("layout/index.json", index.to_string());
    }

    /// Runs a command line in which `$IMAGE` is the layout's image by digest. The warning that all of
    /// them print is left out.
    fn run(&self, line: &str) -> String {
        let shown = self.home.run(&line.replace("$IMAGE", &format!("layout@{}", self.image)));
        let (before, after) = shown.split_once(WARNING).unwrap_or_else(|| panic!("{shown}"));
        let shown = format!("{before}{after}");
        shown.replace("[stderr]\n[exit]", "[exit]")
    }

    /// Signs once more; outputs show the signature's digest as `name`.
    fn sign(&mut self, flags: &str, name: &str) {
        let shown = self.home.stdout(&format!("sign --oci-layout {flags} layout@{}", self.image));
        let digest = shown.trim_end().rsplit('@').next().expect("a digest");
        self.home.replace(digest, &format!("sha256:<{name}>"));
    }
}

/// The one statement's scope is `local/layout`.
fn for_layouts() -> String {
    POLICY.replace(r#""registryScopes": ["*"]"#, r#""registryScopes": ["local/layout"]"#)
}

const WARNING: &str = "Warning: This feature is experimental and may not be fully tested or completed and may be deprecated. Report any issues to \"https://github/notaryproject/notation\"\n";

#[test]
fn experimental_flags_need_the_variable() {
    let mut home = Home::new();
    assert_snapshot!(home.run("sign --oci-layout layout:v1"), @r#"
    [stderr]
    Error: flag(s) --oci-layout in "sealwright sign" is experimental and not enabled by default. To use, please set NOTATION_EXPERIMENTAL=1 environment variable
    [exit] 1
    "#);
    assert_snapshot!(home.run("verify --scope local/layout --oci-layout=false layout:v1"), @r#"
    [stderr]
    Error: flag(s) --oci-layout,--scope in "sealwright verify" is experimental and not enabled by default. To use, please set NOTATION_EXPERIMENTAL=1 environment variable
    [exit] 1
    "#);
    home.set("NOTATION_EXPERIMENTAL", "true");
    for command in ["sign", "verify", "list", "inspect"] {
        let shown = home.run(&format!("{command} --allow-referrers-api localhost:1/a:v1"));
        let expected = format!(
            "[stderr]\nError: flag(s) --allow-referrers-api in \"sealwright {command}\" is experimental and not enabled by default. To use, please set NOTATION_EXPERIMENTAL=1 environment variable\n[exit] 1"
        );
        assert_eq!(shown, expected);
    }
}

#[test]
fn an_image_is_signed_listed_and_verified_in_its_layout() {
    let mut local = Local::new();
    assert_snapshot!(local.home.run("list --oci-layout layout:v1"), @r#"
    [stdout]
    layout@sha256:<image> has no associated signature
    [stderr]
    Warning: This feature is experimental and may not be fully tested or completed and may be deprecated. Report any issues to "https://github/notaryproject/notation"
    Warning: Always list the artifact using digest(@sha256:...) rather than a tag(:v1) because resolved digest may not point to the same signed artifact, as tags are mutable.
    [exit] 0
    "#);
    let shown = local.run("sign --oci-layout layout:v1");
    let signature = shown.lines().nth(2).and_then(|line| line.rsplit('@').next()).expect("printed");
    let signature = signature.to_owned();
    local.home.replace(&signature, "sha256:<first>");
    assert_snapshot!(shown.replace(&signature, "sha256:<first>"), @r"
    [stdout]
    Successfully signed layout@sha256:<image>
    Pushed the signature to layout@sha256:<first>
    [stderr]
    Warning: Always sign the artifact using digest(@sha256:...) rather than a tag(:v1) because tags are mutable and a tag reference can point to a different artifact than the one signed.
    [exit] 0
    ");
    local.sign("--signature-format cose -m build=42", "second");
    assert_snapshot!(local.run("ls --oci-layout $IMAGE"), @r"
    [stdout]
    layout@sha256:<image>
    └── application/vnd.cncf.notary.signature
        ├── sha256:<first>
        └── sha256:<second>
    [exit] 0
    ");
    assert_snapshot!(local.run("verify --oci-layout --scope local/layout -m build=42 $IMAGE"), @r"
    [stdout]
    Successfully verified signature for layout@sha256:<image>

    The artifact was signed with the following user metadata.

    KEY     VALUE···
    build   42······
    [exit] 0
    ");
    let shown = local.run("inspect --oci-layout layout:v1");
    assert!(shown.starts_with("[stdout]\nInspecting all signatures for signed artifact\nlayout@sha256:<image>\n└── application/vnd.cncf.notary.signature\n    ├── sha256:<first>\n    │   ├── media type: application/jose+json\n"), "{shown}");
    assert!(
        shown.contains("\n    └── sha256:<second>\n        ├── media type: application/cose\n")
    );
    assert!(shown.contains("Warning: Always inspect the artifact"), "{shown}");
    // what is moved elsewhere is as good there
    std::fs::rename(local.home.path("layout"), local.home.path("a b@c:d")).expect("moved");
    let shown =
        local.run(&format!("verify --oci-layout --scope local/layout 'a b@c:d@{}'", local.image));
    assert!(
        shown.starts_with("[stdout]\nSuccessfully verified signature for a b@c:d@sha256:<image>\n"),
        "{shown}"
    );
}

#[test]
fn the_scope_chooses_the_statement() {
    let mut local = Local::new();
    assert_snapshot!(local.run("verify --oci-layout --scope local/layout $IMAGE"), @r#"
    [stderr]
    Error: signature verification failed: no signature is associated with "local/layout@sha256:<image>", make sure the artifact was signed successfully
    hint: sign it first: sealwright sign --oci-layout layout@sha256:<image>
    [exit] 1
    "#);
    local.sign("", "first");
    assert_snapshot!(local.run("verify --oci-layout --scope local/other $IMAGE"), @r#"
    [stderr]
    Error: signature verification failed: artifact "local/other@sha256:<image>" has no applicable trust policy statement. Trust policy applicability for a given artifact is determined by registryScopes. To create a trust policy, see: https://notaryproject.dev/docs/quickstart/#create-a-trust-policy
    hint: add "local/other" to the registryScopes of a statement and import it again: sealwright policy import <path-to-policy.json>
    [exit] 1
    "#);
    for scope in ["'*'", "local", "local/MyLayout", "local/a:v1"] {
        let shown = local.run(&format!("verify --oci-layout --scope {scope} $IMAGE"));
        let said = format!(
            "[stderr]\nError: signature verification failed: registry scope {:?} is not valid, make sure it is a fully qualified repository",
            scope.trim_matches('\'')
        );
        assert!(shown.starts_with(&said), "{shown}");
    }
    assert_snapshot!(local.run("verify --oci-layout $IMAGE"), @r"
    [stderr]
    Error: if any flags in the group [oci-layout scope] are set they must all be set; missing [scope]
    [exit] 1
    ");
    assert_snapshot!(local.run("verify --scope local/layout $IMAGE"), @r"
    [stderr]
    Error: if any flags in the group [oci-layout scope] are set they must all be set; missing [oci-layout]
    [exit] 1
    ");
    let skip = for_layouts().replace("strict", "skip");
    let skip = skip.replace(r#", "trustStores": ["ca:wabbit"], "trustedIdentities": ["*"]"#, "");
    local.home.write(".config/notation/trustpolicy.json", skip);
    assert_snapshot!(local.run("verify --oci-layout --scope local/layout $IMAGE"), @r"
    [stdout]
    Trust policy is configured to skip signature verification for layout@sha256:<image>
    [exit] 0
    ");
}

#[test]
fn flags_about_a_registry_go_without_a_layout() {
    let local = Local::new();
    assert_snapshot!(local.run("sign --oci-layout --force-referrers-tag=false $IMAGE"), @r"
    [stderr]
    Error: if any flags in the group [oci-layout force-referrers-tag allow-referrers-api] are set none of the others can be; [force-referrers-tag oci-layout] were all set
    [exit] 1
    ");
    assert_snapshot!(local.run("sign --oci-layout --allow-referrers-api $IMAGE"), @r"
    [stderr]
    Error: if any flags in the group [oci-layout force-referrers-tag allow-referrers-api] are set none of the others can be; [allow-referrers-api oci-layout] were all set
    [exit] 1
    ");
}

#[test]
fn what_names_no_artifact_of_a_layout_is_worded_as_notation_does() {
    let local = Local::new();
    assert_snapshot!(local.run("sign --oci-layout layout"), @r#"
    [stderr]
    Error: "layout": invalid reference: missing tag or digest. Expecting <file_path>:<tag> or <file_path>@<digest>
    [exit] 1
    "#);
    assert_snapshot!(local.run("list --oci-layout :v1"), @r#"
    [stderr]
    Error: ":v1": invalid reference: missing oci-layout file path. Expecting <file_path>:<tag> or <file_path>@<digest>
    [exit] 1
    "#);
    assert_snapshot!(local.run("sign --oci-layout layout:v2"), @r"
    [stderr]
    Error: failed to get manifest descriptor: not found
    because index.json has no entry for layout:v2
    hint: the layout has the tags v1
    [exit] 1
    ");
    assert_snapshot!(local.run("sign --oci-layout nowhere:v1"), @r"
    [stderr]
    Error: failed to create OCI store: stat nowhere: no such file or directory
    hint: make it: docker buildx build --output type=oci,dest=nowhere,tar=false .
    [exit] 1
    ");
    local.home.write("layout.tar", "");
    assert_snapshot!(local.run("inspect --oci-layout layout.tar:v1"), @r"
    [stderr]
    Error: failed to create OCI store: the input path is not a directory
    hint: a layout in a tar file is unpacked first: mkdir layout && tar -xf layout.tar -C layout
    [exit] 1
    ");
    local.home.write("layout/oci-layout", "{}");
    assert_snapshot!(local.run("verify --oci-layout --scope local/layout $IMAGE"), @r"
    [stderr]
    Error: failed to create OCI store: invalid OCI Image Layout: layout/oci-layout: says no version: missing field `imageLayoutVersion` at line 1 column 2
    [exit] 1
    ");
    assert_snapshot!(local.home.run("verify --oci-layout --scope local/layout"), @r"
    [stderr]
    Error: missing reference to the artifact: use `sealwright verify --help` to see what parameters are required
    [exit] 1
    ");
}

#[test]
fn a_layout_that_was_changed_is_refused() {
    let mut local = Local::new();
    local.sign("", "first");
    let blob = format!("layout/blobs/sha256/{}", &local.image[7..]);
    let content = std::fs::read_to_string(local.home.path(&blob)).expect("there");
    local.home.write(&blob, content.replace("layers", "LAYERS"));
    let shown = local.run("verify --oci-layout --scope local/layout $IMAGE");
    assert!(
        shown.starts_with(
            "[stderr]\nError: failed to get manifest descriptor: layout/blobs/sha256/"
        ),
        "{shown}"
    );
    assert!(
        shown.contains(": digest sha256:<image> was expected, but its bytes have sha256:"),
        "{shown}"
    );
    local.home.write(&blob, content);
    assert!(local.run("verify --oci-layout --scope local/layout $IMAGE").ends_with("[exit] 0"));
}

#[test]
fn an_index_is_signed_with_everything_below_it() {
    let mut local = Local::new();
    let children: Vec<Value> = ["amd64", "arm64"]
        .into_iter()
        .map(|architecture| {
            let mut child =
                local.put(&json!({ "mediaType": MANIFEST, "layers": [], "a": architecture }));
            child["platform"] = json!({ "os": "linux", "architecture": architecture });
            child
        })
        .collect();
    let index = local.put(&json!({ "mediaType": INDEX, "manifests": children }));
    local.index("v1", &index);
    for (descriptor, name) in children.iter().chain([&index]).zip(["amd64", "arm64", "index"]) {
        local
            .home
            .replace(descriptor["digest"].as_str().expect("a digest"), &format!("sha256:<{name}>"));
    }
    let index = index["digest"].as_str().expect("a digest");
    let shown = narrow(&local.run(&format!("sign --oci-layout --recursive layout@{index}")));
    for name in ["index", "amd64", "arm64"] {
        assert!(
            shown.contains(&format!("Successfully signed layout@sha256:<{name}>\n")),
            "{shown}"
        );
    }
    let shown =
        local.run(&format!("verify --oci-layout --scope local/layout --recursive layout@{index}"));
    assert_eq!(shown.matches("Successfully verified signature for layout@").count(), 3, "{shown}");
    let child = children[0]["digest"].as_str().expect("a digest");
    let shown = local.run(&format!("verify --oci-layout --scope local/layout layout@{child}"));
    assert!(
        shown.starts_with("[stdout]\nSuccessfully verified signature for layout@sha256:<amd64>\n"),
        "{shown}"
    );
    let shown = local.run(&format!("sign --oci-layout --skip-signed layout@{child}"));
    assert!(shown.starts_with("[stdout]\nAlready signed layout@sha256:<amd64>\n"), "{shown}");
}

#[test]
fn the_report_of_a_layout_names_no_registry() {
    let local = Local::new();
    let printed = local.home.stdout(&format!("sign --oci-layout -o json layout@{}", local.image));
    let report: Value = serde_json::from_str(&printed).unwrap_or_else(|e| panic!("{e}: {printed}"));
    assert_image_of_the_report(&report);
    assert_eq!(report["image"], format!("layout@{}", local.image));
    assert_eq!(report["digest"], local.image.as_str());
    assert_eq!(report["credentials"]["registry"], "none: an OCI image layout");
}

#[test]
fn sixteen_processes_at_once_leave_sixteen_signatures() {
    let local = Local::new();
    let line = format!("sign --oci-layout layout@{}", local.image);
    let signed: BTreeSet<String> = std::thread::scope(|scope| {
        let signers: Vec<_> = (0..16).map(|_| scope.spawn(|| local.home.stdout(&line))).collect();
        let printed = signers.into_iter().map(|signer| signer.join().expect("no panic"));
        printed
            .map(|text| text.trim_end().rsplit('@').next().unwrap_or_default().to_owned())
            .collect()
    });
    assert_eq!(signed.len(), 16);
    let shown = local.run("list --oci-layout $IMAGE");
    let listed: BTreeSet<String> = shown
        .lines()
        .filter_map(|line| Some(line.split_once("── sha256:")?.1))
        .map(|hex| format!("sha256:{hex}"))
        .collect();
    assert_eq!(listed, signed, "{shown}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_old_flag_for_the_referrers_api_is_taken_and_told_of() {
    let mut world = World::start(LabOptions::default()).await;
    world.home.set("NOTATION_EXPERIMENTAL", "1");
    let shown = world.run("sign --allow-referrers-api $IMAGE");
    let said = format!(
        "[stderr]\n{WARNING}Warning: flag '--allow-referrers-api' is deprecated and will be removed in future versions, use '--force-referrers-tag=false' instead.\n[exit] 0"
    );
    assert!(shown.ends_with(&said), "{shown}");
    assert_eq!(world.lab.tags("net-monitor"), ["v1"], "no referrers tag index");
    for line in [
        "sign --allow-referrers-api=false $IMAGE",
        "verify --allow-referrers-api $IMAGE",
        "list --allow-referrers-api $IMAGE",
        "inspect --allow-referrers-api $IMAGE",
    ] {
        let shown = world.run(line);
        let said = format!(
            "[stderr]\n{WARNING}Warning: flag '--allow-referrers-api' is deprecated and will be removed in future versions.\n[exit] 0"
        );
        assert!(shown.ends_with(&said), "{shown}");
    }
    assert_eq!(world.lab.tags("net-monitor").len(), 2);
}
