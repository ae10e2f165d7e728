//! `acr build` that ends without an image, and what is told then

use sealwright::lab::{Builds, Ending, Fault, Queueing, Role, Route};

use super::{GIT, assert_built, line, plan, requests, shown, source, start, start_now};

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

#[tokio::test]
async fn a_token_that_is_not_accepted_is_renewed_once() {
    let program = start().await;
    let any = || Route::on(Role::Management);
    program.lab.control().fault(any(), Fault::Status(401, vec![]), 1);
    let answer = program.run(&line(&program, GIT)).await;
    assert_built(&program, &answer);
    program.lab.control().fault(any(), Fault::Status(401, vec![]), 2);
    let answer = program.run(&line(&program, GIT)).await;
    let first = "Error: Azure Resource Manager does not accept the token: ERROR: ";
    assert!(answer.stderr.starts_with(first), "{}", answer.stderr);
}

#[tokio::test]
async fn other_answers_are_told_in_the_services_words_and_capped() {
    let program = start().await;
    let queue = || Route::on(Role::Management).path("/scheduleRun");
    let body = r#"{"error":{"code":"TasksOperationsNotAllowed","message":"ACR Tasks requests\nare not permitted. ##[error]x"}}"#;
    program.lab.control().fault(queue(), Fault::Error(403, body.into()), 1);
    let answer = program.run(&line(&program, GIT)).await;
    let told = "TasksOperationsNotAllowed: ACR Tasks requests are not permitted. # #[error]x\n";
    // no role would mend that
    assert!(answer.stderr.ends_with(told), "{}", answer.stderr);
    let body = format!(r#"{{"error":{{"code":"Bad","message":"{}"}}}}"#, "x".repeat(100_000));
    program.lab.control().fault(queue(), Fault::Error(400, body), 1);
    let answer = program.run(&line(&program, GIT)).await;
    let told = "Error: Azure Resource Manager answers 400 to queueing the build: Bad: xxx";
    assert!(answer.stderr.contains(told) && answer.stderr.len() < 1000, "{}", answer.stderr);
    for (fault, told) in [
        (
            Fault::Body("[]".into()),
            "the answer to queueing the build is not usable: it is not the documented JSON\n",
        ),
        (
            Fault::Body(r#"{"properties":{"runId":"../x","status":"Queued"}}"#.into()),
            "its run has no plain id\n",
        ),
        (Fault::Huge, "the answer is larger than 4194304 bytes\n"),
    ] {
        program.lab.control().fault(queue(), fault, 1);
        let answer = program.run(&line(&program, GIT)).await;
        assert_eq!(answer.code, 1);
        assert!(answer.stderr.contains(told), "{}", answer.stderr);
    }
}
