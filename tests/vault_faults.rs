//! One passing fault at each request of the `vault` commands: survived, and no version doubled.

#[path = "program/mod.rs"]
mod program;

use program::{Program, told};
use sealwright::lab::{Chain, Exchange, Fault, IssueRequest, LabOptions, Role, Route, Validity};

const SUBJECT: &str = "CN=wabbit,O=Notation,ST=WA,C=US";

fn faults() -> [(&'static str, Fault); 4] {
    [
        ("429 with Retry-After", Fault::throttled(1)),
        ("503", Fault::unavailable()),
        ("reset", Fault::Reset),
        ("lost answer", Fault::LostAnswer),
    ]
}

/// A command, what comes before it, and how many versions there are after both.
struct Case {
    command: &'static str,
    before: Before,
    versions: usize,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Before {
    Nothing,
    /// A request waits, and its answer is in `answer.pem`.
    Request,
    Certificate,
}

const CASES: [Case; 5] = [
    Case {
        command: "csr --key-type ec-p256 --subject $SUBJECT",
        before: Before::Nothing,
        versions: 0,
    },
    Case { command: "merge $HOME/answer.pem", before: Before::Request, versions: 1 },
    Case { command: "show", before: Before::Certificate, versions: 1 },
    Case {
        command: "csr --force --key-type ec-p256 --subject $SUBJECT",
        before: Before::Request,
        versions: 0,
    },
    Case {
        command: "self-signed --key-type ec-p256 --subject $SUBJECT",
        before: Before::Nothing,
        versions: 1,
    },
];

struct Vault {
    program: Program,
    count: usize,
}

impl Vault {
    /// The command line for a name of its own, made ready for it.
    async fn next(&mut self, case: &Case) -> (String, String) {
        self.count += 1;
        let name = format!("wabbit-{}", self.count);
        match case.before {
            Before::Nothing => {}
            Before::Request => {
                let line = self.line("csr --key-type ec-p256 --subject $SUBJECT", &name);
                let request = self.program.run(&line).await.succeeds().stdout;
                let answer =
                    self.program.lab.answer_request(&request, Chain::Three, Validity::default());
                self.program.write("answer.pem", &answer.expect("the vault's own").concat());
            }
            Before::Certificate => {
                self.program.lab.issue(&IssueRequest::named(&name)).expect("issued");
            }
        }
        (self.line(case.command, &name), name)
    }

    fn line(&self, command: &str, name: &str) -> String {
        let lab = &self.program.lab;
        let home = self.program.path("").display().to_string();
        let command = command.replace("$SUBJECT", SUBJECT).replace("$HOME/", &home);
        let (vault, extra) = (lab.vault_host(), lab.extra_hosts());
        format!("vault {command} --vault {vault} --name {name} --azure-extra-hosts {extra}")
    }

    async fn versions(&self, name: &str) -> usize {
        let line = self.line("show --output json", name);
        let answer = self.program.run(&line).await;
        match answer.code {
            0 => {
                let json: serde_json::Value = serde_json::from_str(&answer.stdout).expect("JSON");
                json["versions"].as_array().expect("a list").len()
            }
            _ => 0,
        }
    }
}

/// A request to the vault, told from others.
struct Place {
    method: String,
    /// With `$NAME` for the certificate's.
    part: String,
    /// How many like it come before.
    skip: usize,
}

/// Each request to the vault in a clean run.
fn places(seen: &[Exchange], name: &str) -> Vec<Place> {
    let vault: Vec<&Exchange> = seen.iter().filter(|e| e.role == Role::Vault).collect();
    let place = |(at, exchange): (usize, &&Exchange)| {
        let Exchange { method, path, .. } = exchange;
        let end = path.rsplit_once(name).map_or("", |(_, end)| end);
        // a version's own identifier differs from run to run
        let part = if end.len() > 32 { "/secrets/".to_owned() } else { format!("$NAME{end}") };
        let told = part.replace("$NAME", name);
        let before = vault[..at].iter().filter(|e| e.method == *method && e.path.contains(&told));
        Place { method: method.clone(), part, skip: before.count() }
    };
    vault.iter().enumerate().map(place).collect()
}

#[tokio::test]
async fn each_command_survives_a_fault_at_each_of_its_requests() {
    let program = Program::start(LabOptions::default()).await;
    let mut vault = Vault { program, count: 0 };
    for case in &CASES {
        let (line, name) = vault.next(case).await;
        let clean = vault.program.seen(&line).await;
        let places = places(&clean, &name);
        assert!(places.len() >= 2, "{line}{}", told(&clean));
        for Place { method, part, skip } in &places {
            for (kind, fault) in faults() {
                let (line, name) = vault.next(case).await;
                let at = format!("{line}: {kind} at {method} {part}");
                let control = vault.program.lab.control();
                let part = part.replace("$NAME", &name);
                let route = Route::on(Role::Vault).method(method).path(&part);
                control.reset();
                control.fault_after(*skip, route, fault, 1);
                let answer = vault.program.run(&line).await;
                assert_eq!(
                    control.faults_left(),
                    0,
                    "{at}: nothing met it{}",
                    told(&control.requests())
                );
                assert_eq!(answer.code, 0, "{at}\n{}{}", answer.stderr, told(&control.requests()));
                control.reset();
                assert_eq!(vault.versions(&name).await, case.versions, "{at}");
            }
        }
    }
}
