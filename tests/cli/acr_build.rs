//! `acr build`: from a source to a digest that can be signed

mod refused;

use std::time::Duration;

use sealwright::lab::{
    Auth, Exchange, Fault, LabOptions, MANAGED_REGISTRY, RESOURCE_GROUP, Role, Route, RunPlan,
    STORAGE_SIGNATURE, SUBSCRIPTION,
};
use serde_json::Value;

use crate::program::{Answer, Program};

const GIT: &str = "https://github.com/wabbit-networks/net-monitor.git#main";

/// Whose waits take no time.
async fn start() -> Program {
    Program::start(LabOptions { auth: Auth::Acr, ..LabOptions::default() }).await
}

/// At this machine's time, with runs that end at once: for processes.
async fn start_now() -> Program {
    let program = Program::start_now(LabOptions { auth: Auth::Acr, ..LabOptions::default() }).await;
    plan(&program, |plan| plan.takes = Duration::ZERO);
    program
}

fn plan(program: &Program, change: impl FnOnce(&mut RunPlan)) {
    let mut plan = RunPlan::default();
    change(&mut plan);
    program.lab.plan_runs(plan);
}

fn line(program: &Program, rest: &str) -> String {
    let hosts = program.lab.extra_hosts();
    format!("acr build --azure-extra-hosts {hosts} -r {MANAGED_REGISTRY} -t net-monitor:v1 {rest}")
}

/// A folder with a Dockerfile, a source, and what must stay behind.
fn source(program: &Program) -> String {
    program.write("app/Dockerfile", "FROM scratch\nCOPY main.c /\n");
    program.write("app/main.c", "int main;");
    program.write("app/secret.env", "PASSWORD=x");
    program.write("app/notes/a.md", "");
    program.write("app/notes/README.md", "");
    program.write("app/.git/config", "token");
    program.write("app/.dockerignore", "# kept away\n*.env\n**/*.md\n!**/README.md\n");
    program.path("app").display().to_string()
}

fn shown(answer: &Answer) -> String {
    format!("{}{}[exit] {}", answer.stdout, answer.stderr, answer.code)
}

fn requests(program: &Program, role: Role) -> Vec<Exchange> {
    program.lab.control().requests().into_iter().filter(|e| e.role == role).collect()
}

#[track_caller]
fn assert_built(program: &Program, answer: &Answer) -> String {
    assert_eq!(answer.code, 0, "{}", shown(answer));
    let (_, manifest) = program.lab.manifest("net-monitor", "v1").expect("pushed");
    let digest = sealwright::crypto::Digest::of(sealwright::crypto::Hash::Sha256, &manifest);
    let image = format!("{}/net-monitor@{digest}", program.lab.registry_https_host());
    assert_eq!(answer.stdout, format!("{image}\n"), "{}", shown(answer));
    image
}

#[tokio::test]
async fn a_git_source_becomes_a_digest_that_sign_takes() {
    let program = start_now().await;
    let answer = program.spawn(&line(&program, GIT)).await;
    let image = assert_built(&program, &answer);
    assert_eq!(
        answer.stderr,
        "Queued the build ca1 in labregistry\nca1 | Step 1/1 : FROM scratch\nca1 | Successfully built\n"
    );
    let request = &program.lab.build_requests()[0];
    assert_eq!(request["sourceLocation"], GIT);
    assert_eq!(request["dockerFilePath"], "Dockerfile");
    assert_eq!(request["timeout"], 3600);
    assert!(requests(&program, Role::Storage).iter().all(|e| e.path == "/logs/ca1"));
    let hosts = program.lab.extra_hosts();
    let sign = format!("sign --azure-extra-hosts {hosts} {image}");
    program.spawn(&sign).await.succeeds();
    assert_eq!(program.signatures(&image).len(), 1);
}

#[tokio::test]
async fn a_folder_is_packed_without_what_dockerignore_names() {
    let program = start_now().await;
    let folder = source(&program);
    let answer = program.spawn(&line(&program, &folder)).await;
    assert_built(&program, &answer);
    let expected = [".dockerignore", "Dockerfile", "main.c", "notes/", "notes/README.md"];
    assert_eq!(program.lab.uploaded().expect("uploaded"), expected);
    assert!(answer.stderr.starts_with("Uploading 5 files and folders, "), "{}", answer.stderr);
    let request = &program.lab.build_requests()[0];
    assert_eq!(request["sourceLocation"], "source/1.tar.gz");
    // storage refuses whoever brings a token
    let storage = requests(&program, Role::Storage);
    assert!(storage.iter().all(|e| !e.authorized && e.status.is_some_and(|s| s < 400)));
    assert!(requests(&program, Role::Management).iter().all(|e| e.authorized));
}

#[tokio::test]
async fn a_large_folder_goes_up_in_blocks() {
    let program = start().await;
    let folder = source(&program);
    let mut state = 1_u32;
    let noise: Vec<u8> = std::iter::repeat_with(|| {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 24) as u8
    })
    .take(9 << 20)
    .collect();
    std::fs::write(program.path("app/noise"), noise).expect("written");
    let upload = Route::on(Role::Storage).method("PUT");
    program.lab.control().fault_after(1, upload, Fault::unavailable(), 1);
    let answer = program.run(&line(&program, &folder)).await;
    assert_built(&program, &answer);
    assert!(program.lab.uploaded().expect("whole").contains(&"noise".to_owned()));
    let puts = requests(&program, Role::Storage).into_iter().filter(|e| e.method == "PUT");
    assert_eq!(puts.count(), 5, "three blocks, one of them twice, and their list");
}

#[tokio::test]
async fn flags_reach_the_run() {
    let program = start().await;
    program.write("app/other/app.Dockerfile", "FROM scratch");
    program.write("app/Dockerfile", "");
    let (folder, file) = (program.path("app"), program.path("app/other/app.Dockerfile"));
    let rest = format!(
        "-t team/app:{{{{.Run.ID}}}} -f {} --platform linux/arm64/v8 --build-arg A=1 --build-arg B=x=y \
         --source-acr-auth-id [caller] -g {RESOURCE_GROUP} --subscription {SUBSCRIPTION} \
         --timeout 2h --no-logs {}",
        file.display(),
        folder.display()
    );
    let answer = program.run(&line(&program, &rest)).await;
    let built: Vec<&str> = answer.stdout.lines().collect();
    assert_eq!(built.len(), 2, "{}", shown(&answer));
    assert!(built[1].contains("/team/app@sha256:"), "{}", shown(&answer));
    assert_eq!(program.lab.tags("team/app"), ["ca1"]);
    let request = &program.lab.build_requests()[0];
    let expected = serde_json::json!({
        "type": "DockerBuildRequest",
        "imageNames": ["net-monitor:v1", "team/app:{{.Run.ID}}"],
        "isPushEnabled": true,
        "sourceLocation": "source/1.tar.gz",
        "dockerFilePath": "other/app.Dockerfile",
        "platform": { "os": "linux", "architecture": "arm64", "variant": "v8" },
        "arguments": [
            { "name": "A", "value": "1", "isSecret": false },
            { "name": "B", "value": "x=y", "isSecret": false },
        ],
        "timeout": 7200,
        "credentials": { "sourceRegistry": { "identity": "[caller]" } },
    });
    assert_eq!(*request, expected);
    let management = requests(&program, Role::Management);
    // who says where the registry is needs no search
    assert!(
        management
            .iter()
            .all(|e| e.path.starts_with("/subscriptions/") && !e.path.ends_with("resources"))
    );
    assert!(!requests(&program, Role::Storage).iter().any(|e| e.path.starts_with("/logs/")));
    let queued = management.iter().find(|e| e.path.ends_with("/scheduleRun")).expect("queued");
    assert_eq!(queued.query, "api-version=2025-03-01-preview");
}

#[tokio::test]
async fn json_tells_what_the_step_takes_as_metadata() {
    let mut program = start().await;
    let login_server = program.lab.registry_https_host().to_owned();
    let tags = format!("-t {login_server}/net-monitor:latest --output json {GIT}");
    let answer = program.run(&line(&program, &tags)).await.succeeds();
    let told: Value = serde_json::from_str(&answer.stdout).expect("JSON");
    assert_eq!((&told["runId"], &told["status"]), (&"ca1".into(), &"Succeeded".into()));
    let images = told["outputImages"].as_array().expect("images");
    let tags: Vec<&str> = images.iter().map(|i| i["tag"].as_str().expect("a tag")).collect();
    assert_eq!(tags, ["v1", "latest"]);
    assert!(
        images.iter().all(|i| i["registry"] == login_server && i["repository"] == "net-monitor")
    );
    let image = told["images"][0].as_str().expect("one").to_owned();
    assert!(image.contains("/net-monitor@sha256:"));
    let hosts = program.lab.extra_hosts();
    program.set("GITHUB_ACTIONS", "true");
    program.set("INPUT_COMMAND", "sign");
    program.set("INPUT_KEY", "local");
    program.set("INPUT_AZURE-EXTRA-HOSTS", &hosts);
    program.set("INPUT_METADATA", &answer.stdout);
    program.run("run").await.succeeds();
    assert_eq!(program.signatures(&image).len(), 1);
}

#[tokio::test]
async fn the_log_is_shown_as_it_grows_and_commands_nobody() {
    let program = start().await;
    let mut log = String::from(
        "::error::x\r\n##vso[task.complete result=Failed]\r\n\u{1b}[1mbold\u{1b}[0m\r\n\u{1b}]0;t\u{7}",
    );
    (0..200).for_each(|n| log.push_str(&format!("\r\nline {n}")));
    plan(&program, |plan| {
        plan.takes = Duration::from_secs(60);
        plan.log = log.into_bytes();
    });
    let answer = program.run(&line(&program, GIT)).await;
    assert_built(&program, &answer);
    let lines: Vec<&str> = answer.stderr.lines().collect();
    assert_eq!(
        lines[1..6],
        [
            "ca1 | ::error::x",
            "ca1 | # #vso[task.complete result=Failed]",
            "ca1 | bold",
            "ca1 | \u{fffd}]0;t\u{fffd}",
            "ca1 | line 0",
        ]
    );
    assert_eq!(lines.len(), 205, "{}", answer.stderr);
    assert_eq!(lines[204], "ca1 | line 199");
    let parts = requests(&program, Role::Storage).into_iter().filter(|e| e.status == Some(206));
    assert!(parts.count() > 5, "it was read while it grew");
}

#[tokio::test]
async fn without_a_log_the_build_goes_on() {
    let program = start().await;
    let link = Route::on(Role::Management).path("/listLogSasUrl");
    let evil = r#"{"logLink":"https://storage.evil.example/logs/ca1?sig=s3cret"}"#;
    program.lab.control().fault(link, Fault::Body(evil.into()), 1);
    let answer = program.run(&line(&program, GIT)).await;
    assert_built(&program, &answer);
    assert!(
        answer.stderr.contains("Warning: the log of ca1 cannot be shown: \"storage.evil.example\" is not a storage host of Azure\n"),
        "{}",
        answer.stderr
    );
    let log = Route::on(Role::Storage).path("/logs/");
    let words = r#"<Error>s3cret</Error>"#.to_owned();
    // one address that has ended is renewed
    program.lab.control().fault(log.clone(), Fault::Error(403, words.clone()), 1);
    let answer = program.run(&line(&program, GIT)).await.succeeds();
    assert!(answer.stderr.ends_with("ca2 | Successfully built\n"), "{}", answer.stderr);
    plan(&program, |plan| plan.takes = Duration::from_secs(600));
    program.lab.control().fault(log, Fault::Error(403, words), 11);
    let answer = program.run(&line(&program, GIT)).await.succeeds();
    assert!(answer.stderr.contains("storage answers 403 to reading the log: ERROR\n"));
    assert!(!answer.stderr.contains("s3cret"));
}

#[tokio::test]
async fn signatures_of_addresses_are_never_logged() {
    let program = start().await;
    let folder = source(&program);
    let upload = Route::on(Role::Storage).method("PUT");
    program.lab.control().fault(upload.clone(), Fault::Reset, 1);
    let answer = program.run(&line(&program, &format!("-d {folder}"))).await;
    assert_built(&program, &answer);
    assert!(answer.stderr.contains("/source/1.tar.gz: "), "{}", answer.stderr);
    program.lab.control().fault(upload, Fault::Status(403, vec![]), 1);
    let refused = program.run(&line(&program, &format!("-d {folder}"))).await;
    assert!(
        refused.stderr.contains("Error: storage answers 403 to the upload of the source: ERROR\n"),
        "{}",
        refused.stderr
    );
    for text in [&answer.stderr, &refused.stderr] {
        assert!(!text.contains(STORAGE_SIGNATURE), "{text}");
    }
}

#[tokio::test]
async fn a_registry_is_searched_for_where_it_is_said_to_be() {
    let program = start().await;
    for place in ["--subscription lab", "-g LAB-RG", "--subscription LAB -g lab-rg"] {
        let answer = program.run(&line(&program, &format!("{place} {GIT}"))).await;
        assert_built(&program, &answer);
    }
    for (place, code) in [
        (
            "--subscription other",
            "Error: this identity sees no subscription \"other\"\nhint: az account list",
        ),
        (
            "-g other",
            "Error: no registry labregistry in the resource group \"other\" of the subscription that this identity sees\n",
        ),
        (
            "-g other --subscription 00000000-0000-4000-8000-0000000000a5",
            "Error: no registry labregistry in the resource group \"other\" of the subscription \"00000000-0000-4000-8000-0000000000a5\"\n",
        ),
    ] {
        let answer = program.run(&line(&program, &format!("{place} {GIT}"))).await;
        assert!(answer.stderr.starts_with(code), "{}", answer.stderr);
    }
}
