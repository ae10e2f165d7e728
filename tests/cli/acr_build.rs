//! `acr build`: from a source to a digest that can be signed

use std::time::Duration;

use sealwright::lab::{
    Auth, Builds, Ending, Exchange, Fault, LabOptions, MANAGED_REGISTRY, Queueing, RESOURCE_GROUP,
    Role, Route, RunPlan, STORAGE_SIGNATURE, SUBSCRIPTION,
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
    let program = start().await;
    let login_server = program.lab.registry_https_host();
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
    assert!(told["images"][0].as_str().expect("one").contains("/net-monitor@sha256:"));
}

#[tokio::test]
async fn a_failing_build_ends_with_the_runs_own_words() {
    let program = start().await;
    let why =
        "failed to run step ID: build: exit status 1\u{1b}[31m\n::error::x ##vso[task.complete]";
    plan(&program, |plan| plan.ending = Ending::Failed(why.into()));
    let answer = program.run(&line(&program, GIT)).await;
    assert_eq!((answer.code, answer.stdout.as_str()), (1, ""));
    assert!(
        answer.stderr.contains(
            "\nError: the build run ca1 ended as Failed: failed to run step ID: build: exit status 1\u{fffd}[31m ::error::x # #vso[task.complete]\n"
        ),
        "{}",
        answer.stderr
    );
    assert!(answer.stderr.ends_with("hint: az acr task logs -r labregistry --run-id ca1\n"));
    assert_eq!(program.lab.cancelled_runs(), 0);
}

#[tokio::test]
async fn a_run_that_tells_another_image_is_not_believed() {
    let program = start().await;
    plan(&program, |plan| plan.ending = Ending::Stray);
    let answer = program.run(&line(&program, GIT)).await;
    assert_eq!((answer.code, answer.stdout.as_str()), (1, ""));
    assert!(answer.stderr.contains("names no digest of net-monitor\nhint: az acr task show-run -r labregistry --run-id ca1 --query outputImages\n"), "{}", answer.stderr);
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
async fn an_upload_goes_to_storage_and_nowhere_else() {
    let program = start().await;
    let folder = source(&program);
    for url in [
        "https://evil.example/x?sig=s3cret",
        "https://x.blob.core.windows.net.evil.example/x?sig=s3cret",
        "http://labstorage.blob.core.windows.net/x?sig=s3cret",
        "https://user:s3cret@labstorage.blob.core.windows.net/x",
        "s3cret",
    ] {
        let body = format!(r#"{{"uploadUrl":"{url}","relativePath":"source/1.tar.gz"}}"#);
        let place = Route::on(Role::Management).path("/listBuildSourceUploadUrl");
        program.lab.control().fault(place, Fault::Body(body.into()), 1);
        let answer = program.run(&line(&program, &folder)).await;
        assert_eq!(answer.code, 1, "{}", shown(&answer));
        assert!(!answer.stderr.contains("s3cret"), "{}", answer.stderr);
    }
    assert!(requests(&program, Role::Storage).is_empty());
}

#[tokio::test]
async fn a_throttled_build_is_queued_once() {
    let program = start().await;
    for path in ["/subscriptions", "/scheduleRun", "/runs/ca1"] {
        let route = Route::on(Role::Management).path(path);
        program.lab.control().fault(route, Fault::throttled(3), 2);
    }
    let answer = program.run(&line(&program, GIT)).await;
    assert_built(&program, &answer);
    assert_eq!(program.lab.build_requests().len(), 1);
    assert_eq!(program.lab.control().faults_left(), 0);

    // an answer that was lost may be that of a queued run
    let route = Route::on(Role::Management).path("/scheduleRun");
    program.lab.control().fault(route, Fault::LostAnswer, 1);
    let answer = program.run(&line(&program, GIT)).await;
    assert_eq!(answer.code, 1, "{}", shown(&answer));
    assert!(answer.stderr.contains("Error: queueing the build: POST "), "{}", answer.stderr);
    assert_eq!(program.lab.build_requests().len(), 2);
}

#[tokio::test]
async fn a_run_that_is_queued_later_is_waited_for() {
    let program = start().await;
    plan(&program, |plan| plan.queueing = Queueing::Later);
    let answer = program.run(&line(&program, GIT)).await;
    assert_built(&program, &answer);
    let elsewhere = Fault::Header("Location".into(), "https://evil.example/runs/ca1".into());
    let queue = Route::on(Role::Management).path("/scheduleRun");
    program.lab.control().fault(queue, elsewhere, 1);
    let answer = program.run(&line(&program, GIT)).await;
    assert!(answer.stderr.contains("queueing the build is not usable: it leads to another host\n"));
}

#[tokio::test]
async fn a_refusal_names_the_roles() {
    let program = start_now().await;
    for (builds, first) in [
        (
            Builds::Refused,
            "Error: Azure Resource Manager refuses queueing the build: AuthorizationFailed: The client '",
        ),
        (
            Builds::Hidden,
            "Error: no registry labregistry in the 1 subscriptions that this identity sees\n",
        ),
    ] {
        program.lab.builds(builds);
        let answer = program.spawn(&line(&program, GIT)).await;
        assert_eq!((answer.code, answer.stdout.as_str()), (1, ""));
        let first = first.replace("the 1 subscriptions", "the subscription");
        assert!(answer.stderr.starts_with(&first), "{}", answer.stderr);
        for part in [
            "--role \"Container Registry Tasks Contributor\"",
            "--role \"Reader\"",
            "az acr show -n labregistry",
        ] {
            assert!(answer.stderr.contains(part), "{part}: {}", answer.stderr);
        }
    }
    program.lab.builds(Builds::Refused);
    let folder = source(&program);
    let answer = program.spawn(&line(&program, &folder)).await;
    assert!(answer.stderr.contains("refuses asking where to upload: AuthorizationFailed"));
}

#[tokio::test]
async fn a_run_that_never_ends_is_cancelled_when_the_time_is_over() {
    let program = start().await;
    plan(&program, |plan| plan.ending = Ending::Never);
    let answer = program.run(&line(&program, &format!("--timeout 20m {GIT}"))).await;
    assert_eq!((answer.code, answer.stdout.as_str()), (1, ""));
    assert!(answer.stderr.contains("\nCancelled the build ca1\n"), "{}", answer.stderr);
    assert!(
        answer.stderr.contains("\nError: the build run ca1 was not done within the time limit of 1200 seconds\nhint: give it longer: --timeout 2h\n"),
        "{}",
        answer.stderr
    );
    assert_eq!(program.lab.cancelled_runs(), 1);
    assert_eq!(program.lab.build_requests()[0]["timeout"], 1200);
}

#[tokio::test]
async fn where_cancelling_is_refused_the_command_for_it_is_told() {
    let program = start().await;
    plan(&program, |plan| plan.ending = Ending::Never);
    let cancel = Route::on(Role::Management).path("/cancel");
    program.lab.control().fault(cancel, Fault::Status(409, vec![]), 1);
    let answer = program.run(&line(&program, GIT)).await;
    let told = "az acr task cancel-run -r labregistry --run-id ca1\n";
    assert!(answer.stderr.contains(told), "{}", answer.stderr);
}

#[cfg(unix)]
#[tokio::test]
async fn a_signal_cancels_the_run() {
    use tokio::io::{AsyncBufReadExt as _, BufReader};
    let program = start_now().await;
    plan(&program, |plan| plan.ending = Ending::Never);
    let mut child = program
        .process(env!("CARGO_BIN_EXE_sealwright").as_ref())
        .args(line(&program, GIT).split_whitespace())
        .stdin(std::process::Stdio::null())
        .stderr(std::process::Stdio::piped())
        .spawn()
        .expect("the program starts");
    let mut stderr = BufReader::new(child.stderr.take().expect("piped")).lines();
    let first = stderr.next_line().await.expect("read").expect("a line");
    assert_eq!(first, "Queued the build ca1 in labregistry");
    let id = child.id().expect("it runs");
    let kill =
        tokio::process::Command::new("/bin/sh").args(["-c", &format!("kill -INT {id}")]).status();
    assert!(kill.await.expect("it runs").success());
    let mut rest = Vec::new();
    while let Some(line) = stderr.next_line().await.expect("read") {
        rest.push(line);
    }
    let rest: Vec<&String> = rest.iter().filter(|line| !line.starts_with("ca1 | ")).collect();
    assert_eq!(rest, ["Cancelled the build ca1", "Error: the build was cancelled (SIGINT)"]);
    assert_eq!(child.wait().await.expect("it ends").code(), Some(1));
    assert_eq!(program.lab.cancelled_runs(), 1);
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

#[tokio::test]
async fn a_list_that_leads_elsewhere_gets_no_token() {
    let program = start().await;
    let body = r#"{"value":[],"nextLink":"https://evil.example/subscriptions"}"#;
    let route = Route::on(Role::Management).path("/subscriptions");
    program.lab.control().fault(route, Fault::Body(body.into()), 1);
    let answer = program.run(&line(&program, GIT)).await;
    assert!(answer.stderr.contains("it leads to another host\n"), "{}", answer.stderr);
    let body = r#"{"properties":{"loginServer":"evil.example"}}"#;
    let route = Route::on(Role::Management).path("/registries/");
    program.lab.control().fault(route, Fault::Body(body.into()), 1);
    let answer = program.run(&line(&program, GIT)).await;
    assert!(
        answer
            .stderr
            .starts_with("Error: \"evil.example\" is not an Azure Container Registry host\n")
    );
}

#[tokio::test]
async fn mistakes_are_told_before_anything_is_asked() {
    let program = start_now().await;
    let empty = program.path("empty");
    std::fs::create_dir(&empty).expect("made");
    let hosts = program.lab.extra_hosts();
    for (line, told) in [
        (
            "acr build -r labregistry -t app:v1",
            "Error: missing source: the address of a git repository or a folder, such as .\n",
        ),
        ("acr build -t app:v1 .", "Error: required flag(s) \"registry\" not set\n"),
        ("acr build .", "Error: required flag(s) \"image\", \"registry\" not set\n"),
        ("acr build -r labregistry -t app:v1 a b", "Error: more than one source\n"),
        (
            "acr build -r labregistry -t app:v1 ./nowhere",
            "Error: the source \"./nowhere\" is not there: no such folder, and no git address\nhint: give a folder",
        ),
        (
            "acr build -r labregistry -t app:v1 https://github.com/a/b",
            "Error: the source https://github.com/a/b is no git address",
        ),
        (
            "acr build -r labregistry -t app $EMPTY",
            "Error: the image \"app\" has no tag\nhint: name it as repository:tag",
        ),
        (
            "acr build -r lab -t app:v1 $EMPTY",
            "Error: \"lab\" is no name of an Azure container registry",
        ),
        (
            "acr build -r labregistry -t app:v1 --platform mac $EMPTY",
            "Error: the platform \"mac\" is none that a registry builds for\n",
        ),
        (
            "acr build -r labregistry -t app:v1 --build-arg A $EMPTY",
            "Error: could not parse flag build-arg: key-value pair requires \"=\" as separator\n",
        ),
        (
            "acr build -r labregistry -t app:v1 --timeout 0s $EMPTY",
            "Error: timeout must be a positive duration\n",
        ),
        (
            "acr build -r labregistry -t app:v1 $EMPTY",
            "Error: the Dockerfile $EMPTY/Dockerfile: no such file or directory\nhint: name it with --file",
        ),
    ] {
        let line = line.replace("$EMPTY", &empty.display().to_string());
        let told = told.replace("$EMPTY", &empty.display().to_string());
        let answer = program.spawn(&line).await;
        assert_eq!(answer.code, 1, "{line}: {}", shown(&answer));
        assert!(answer.stderr.starts_with(&told), "{line}: {}", answer.stderr);
    }
    let line = format!(
        "acr build --azure-extra-hosts {hosts} -r labregistry -t other.azurecr.io/app:v1 {GIT}"
    );
    let answer = program.spawn(&line).await;
    assert!(answer.stderr.starts_with(
        "Error: the image \"app:v1\" is of other.azurecr.io, and the registry that builds is "
    ));
    assert!(program.lab.build_requests().is_empty());
}
