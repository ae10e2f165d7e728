//! The host's contract, one gotcha each.

use super::*;

struct Step {
    folder: tempfile::TempDir,
    env: Env,
}

impl Step {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let env = Env::default().with(name::AGENT_TEMPDIRECTORY, folder.path().to_str().unwrap());
        Self { folder, env }
    }

    fn log(&self, work: impl FnOnce(&mut dyn Host)) -> String {
        let mut out = Vec::new();
        work(&mut AzurePipelines::new(&self.env, &mut out, "n0nce"));
        String::from_utf8(out).unwrap()
    }
}

#[test]
fn properties_and_data_are_escaped_with_the_percent_sign_first() {
    let log = Step::new().log(|host| {
        host.keep("a;b]c=%0A", "1;\r\n2] 100% %3B").unwrap();
    });
    assert_eq!(
        log,
        "##vso[task.settaskvariable variable=a%3Bb%5Dc=%AZP250A]1%3B%0D%0A2%5D 100%AZP25 %AZP253B\n"
    );
}

#[test]
fn outputs_are_variables_in_camel_case() {
    let log = Step::new().log(|host| {
        host.output("trust-level", "a\nb").unwrap();
        host.output("image", "").unwrap();
        for name in ["", "a b", "a]b", "a;b", "ä"] {
            assert!(host.output(name, "v").is_err(), "{name:?}");
        }
    });
    assert_eq!(
        log,
        "##vso[task.setvariable variable=trustLevel;isOutput=true]a%0Ab\n\
         ##vso[task.setvariable variable=image;isOutput=true]\n"
    );
}

#[test]
fn an_output_that_no_environment_holds_stays_empty_with_a_warning() {
    let log = Step::new().log(|host| {
        host.output("images", &"x".repeat(32_767)).unwrap();
        host.output("report", &"x".repeat(32_766)).unwrap();
    });
    assert!(log.starts_with("##vso[task.logissue type=warning]Output: the output images stays"));
    assert!(log.contains("\n##vso[task.setvariable variable=images;isOutput=true]\n"));
    assert!(log.contains("variable=report;isOutput=true]xxx"));
}

#[test]
fn outside_text_cannot_command_anywhere_in_a_line() {
    let log = Step::new().log(|host| {
        host.line("a ##vso[task.complete] b ##VSO[x.y] ##[error]z\n###vso[a.b]\u{1b}[2J");
        host.annotate(Level::Notice, "##vso[a.b]", "c\n##Vso[d.e]f");
        host.annotate(Level::Error, "t\n##vso[a.b]", "]##vso[task.setvariable variable=a]b\nc");
    });
    assert_eq!(
        log,
        "a # #vso[task.complete] b # #VSO[x.y] # #[error]z\n## #vso[a.b]\u{fffd}[2J\n\
         # #vso[a.b]: c\n# #Vso[d.e]f\n\
         ##vso[task.logissue type=error]t\u{fffd}# #vso[a.b%5D: %5D# #vso[task.setvariable variable=a%5Db%0Ac\n"
    );
}

#[test]
fn the_eleventh_issue_of_a_type_is_a_plain_line() {
    let log = Step::new().log(|host| {
        for i in 0..11 {
            host.annotate(Level::Warning, "t", &i.to_string());
        }
        host.annotate(Level::Error, "t", &"é".repeat(5000));
    });
    assert_eq!(log.matches("##vso[task.logissue type=warning]").count(), 10);
    assert!(log.contains("\nwarning: t: 10\n"));
    assert!(log.contains("##vso[task.logissue type=error]t: é"));
    assert_eq!(log.matches('é').count(), 4096);
}

#[test]
fn each_line_of_a_secret_is_masked() {
    let log = Step::new().log(|host| {
        host.mask(&Secret::new("a;b%\r\n\nc"));
        host.mask(&Secret::new(""));
    });
    assert_eq!(log, "##vso[task.setsecret]a%3Bb%AZP25\n##vso[task.setsecret]c\n");
}

#[test]
fn a_summary_is_a_file_of_the_agents_folder() {
    let step = Step::new();
    let row = format!("| {} |\n", "x".repeat(97));
    let log = step.log(|host| {
        host.summary("one\n").unwrap();
        host.summary(&row.repeat(12_000)).unwrap();
    });
    let folder = step.folder.path().join("sealwright-summary-n0nce");
    let [first, second] = ["sealwright.md", "sealwright-2.md"].map(|file| folder.join(file));
    assert_eq!(
        log,
        format!(
            "##vso[task.uploadsummary]{}\n##vso[task.uploadsummary]{}\n",
            first.display(),
            second.display()
        )
    );
    assert_eq!(std::fs::read_to_string(first).unwrap(), "one\n");
    let text = std::fs::read_to_string(second).unwrap();
    assert!(text.len() <= 1024 * 1024 && text.contains("the report file has everything"));
}

#[test]
fn a_summary_without_a_folder_is_an_error_and_without_an_agent_nothing() {
    let mut step = Step::new();
    let gone = step.folder.path().join("gone");
    step.env = step.env.with(name::AGENT_TEMPDIRECTORY, gone.to_str().unwrap());
    assert_eq!(step.log(|host| assert!(host.summary("x").is_err())), "");
    assert!(!gone.exists());
    step.env = step.env.without(name::AGENT_TEMPDIRECTORY);
    assert_eq!(step.log(|host| host.summary("x").unwrap()), "");
}

#[test]
fn variables_and_paths_are_for_later_tasks() {
    let log = Step::new().log(|host| {
        host.export("NOTATION_CONFIG", "/a b/%c").unwrap();
        host.add_path("/bin]").unwrap();
        assert!(host.export("a;isSecret=true", "v").is_err());
        assert!(host.add_path("/a\n/b").is_err());
    });
    assert_eq!(
        log,
        "##vso[task.setvariable variable=NOTATION_CONFIG]/a b/%AZP25c\n##vso[task.prependpath]/bin%5D\n"
    );
}

#[test]
fn the_end_is_a_command_and_the_exit_status_zero() {
    for (end, warned, status, result) in [
        (End::Succeeded, false, "Succeeded", "Succeeded"),
        (End::Succeeded, true, "Warning", "SucceededWithIssues"),
        (End::Failed, true, "Failed", "Failed"),
    ] {
        let log = Step::new().log(|host| {
            if warned {
                host.annotate(Level::Warning, "t", "w");
            }
            assert_eq!(host.end(end), 0);
        });
        let expected = format!(
            "##vso[task.setvariable variable=Status;isOutput=true]{status}\n##vso[task.complete result={result}]\n"
        );
        assert!(log.ends_with(&expected), "{log}");
    }
}
