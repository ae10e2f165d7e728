//! The host's contract, one gotcha each.

use super::*;

struct Step {
    folder: tempfile::TempDir,
    env: Env,
}

impl Step {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut env = Env::default();
        for variable in [
            name::GITHUB_OUTPUT,
            name::GITHUB_ENV,
            name::GITHUB_PATH,
            name::GITHUB_STATE,
            name::GITHUB_STEP_SUMMARY,
        ] {
            env = env.with(variable, folder.path().join(variable).to_str().unwrap());
        }
        Self { folder, env }
    }

    fn file(&self, variable: &str) -> String {
        std::fs::read_to_string(self.folder.path().join(variable)).unwrap_or_default()
    }

    fn log(&self, work: impl FnOnce(&mut dyn Host)) -> String {
        let mut out = Vec::new();
        work(&mut GitHub::new(&self.env, &mut out, "n0nce"));
        String::from_utf8(out).unwrap()
    }
}

#[test]
fn a_value_with_lines_and_delimiters_of_others_stays_one_value() {
    let step = Step::new();
    step.log(|host| host.output("report", "a\n\nEOF\nx<<EOF\nb=c").unwrap());
    assert_eq!(
        step.file(name::GITHUB_OUTPUT),
        "report<<ghadelimiter_n0nce\na\n\nEOF\nx<<EOF\nb=c\nghadelimiter_n0nce\n"
    );
}

#[test]
fn files_are_appended_to_and_end_with_a_line_feed() {
    let step = Step::new();
    std::fs::write(step.folder.path().join(name::GITHUB_OUTPUT), "before=1\n").unwrap();
    step.log(|host| {
        host.output("a", "1").unwrap();
        host.output("b", "").unwrap();
    });
    assert_eq!(
        step.file(name::GITHUB_OUTPUT),
        "before=1\na<<ghadelimiter_n0nce\n1\nghadelimiter_n0nce\nb<<ghadelimiter_n0nce\n\nghadelimiter_n0nce\n"
    );
}

#[test]
fn a_name_or_value_that_would_open_another_record_is_refused() {
    let step = Step::new();
    step.log(|host| {
        for name in ["", "a=b", "a<<b", "a\nb", "ghadelimiter_n0nce"] {
            assert!(host.output(name, "v").is_err(), "{name:?}");
        }
        assert!(host.output("a", "x\nghadelimiter_n0nce\nevil=1").is_err());
        assert!(host.add_path("/a\n/b").is_err());
    });
    assert_eq!(step.file(name::GITHUB_OUTPUT), "");
}

#[test]
fn commands_are_escaped_with_the_percent_sign_first() {
    let step = Step::new();
    let log = step.log(|host| host.annotate(Level::Error, "50%: a,b", "100%\nline %0A two\r"));
    assert_eq!(log, "::error title=50%25%3A a%2Cb::100%25%0Aline %250A two\n");
}

#[test]
fn outside_text_cannot_command_at_the_start_or_inside_of_a_line() {
    let step = Step::new();
    let log = step.log(|host| {
        host.line("::set-output name=a::b\n  ::error::x\nsubject ##[error]y ##vso[task.complete]");
        host.line("###[error]x ####vso[task.complete] ## heading");
        host.line("std::io stays\u{1b}[2J");
    });
    assert_eq!(
        log,
        ": :set-output name=a::b\n  : :error::x\nsubject # #[error]y # #vso[task.complete]\n\
         ## #[error]x ### #vso[task.complete] ## heading\nstd::io stays\u{fffd}[2J\n"
    );
    let log = step.log(|host| host.annotate(Level::Error, "###[x]", "CN=##[error]y\n::notice::z"));
    assert_eq!(log, "::error title=## #[x]::CN=# #[error]y%0A::notice::z\n");
}

fn warned(times: usize) -> String {
    Step::new().log(|host| {
        for i in 1..=times {
            host.annotate(Level::Warning, "t", &i.to_string());
        }
        host.annotate(Level::Error, "t", "e");
        host.close();
    })
}

#[test]
fn the_tenth_annotation_of_a_level_says_how_many_more_there_are() {
    let log = warned(25);
    assert_eq!(log.matches("::warning ").count(), 10);
    for line in 10..=25 {
        assert!(log.contains(&format!("\nwarning: t: {line}\n")), "{log}");
    }
    let last = "::warning title=sealwright::and 16 more: see the job summary and the log\n";
    assert!(log.ends_with(last), "{log}");
    assert!(log.contains("::error title=t::e\n"), "{log}");
}

#[test]
fn ten_annotations_are_all_shown() {
    let log = warned(10);
    assert_eq!(log.matches("::warning ").count(), 10);
    assert!(log.ends_with("::warning title=t::10\n"), "{log}");
}

#[test]
fn a_long_message_is_cut() {
    let step = Step::new();
    let log = step.log(|host| host.annotate(Level::Notice, "t", &"é".repeat(5000)));
    assert_eq!(log.matches('é').count(), 4096);
}

#[test]
fn a_summary_stays_below_the_limit_in_whole_lines() {
    let step = Step::new();
    let row = format!("| {} |\n", "x".repeat(97));
    step.log(|host| {
        host.summary(&row.repeat(6_000)).unwrap();
        host.summary(&row.repeat(6_000)).unwrap();
        host.summary("more").unwrap();
    });
    let text = step.file(name::GITHUB_STEP_SUMMARY);
    assert!(text.len() <= 1024 * 1024, "{}", text.len());
    assert!(text.contains("the report file has everything"));
    assert!(text.lines().all(|l| l.is_empty() || l.ends_with('|') || l.starts_with('…')));
}

#[test]
fn masks_are_commands_except_where_the_host_would_print_them() {
    let step = Step::new();
    let plain = Secret::new("s3cret");
    let colons = Secret::new("a::b");
    assert_eq!(step.log(|h| h.mask(&plain)), "::add-mask::s3cret\n");
    assert_eq!(step.log(|h| h.mask(&colons)), "::add-mask::a::b\n");
    assert_eq!(step.log(|h| h.mask(&Secret::new(""))), "");
    let under_act = Step { env: step.env.clone().with(name::ACT, "true"), folder: step.folder };
    assert_eq!(under_act.log(|h| h.mask(&plain)), "::add-mask::s3cret\n");
    assert_eq!(under_act.log(|h| h.mask(&colons)), "");
}

#[test]
fn paths_state_and_variables_reach_their_files() {
    let step = Step::new();
    step.log(|host| {
        host.add_path("/tools").unwrap();
        host.keep("logins", "[]").unwrap();
        host.export("NOTATION_CONFIG", "/c").unwrap();
    });
    assert_eq!(step.file(name::GITHUB_PATH), "/tools\n");
    assert!(step.file(name::GITHUB_STATE).starts_with("logins<<"));
    assert!(step.file(name::GITHUB_ENV).starts_with("NOTATION_CONFIG<<"));
}

#[test]
fn an_unwritable_file_is_named() {
    let step = Step::new();
    let env = step.env.clone().with(name::GITHUB_OUTPUT, "/nowhere/at/all");
    let error = GitHub::new(&env, Vec::new(), "n").output("a", "b").unwrap_err();
    assert!(error.to_string().starts_with("cannot write GITHUB_OUTPUT (/nowhere/at/all)"));
}
