//! Sealwright and a program on notation-go's library, against the same slow registry, in one run.
//!
//! Each answer of the registry comes 25 ms after its request. The two take turns; what is compared is
//! the median of each. A ratio below 1 means that sealwright takes less time.

#[path = "../tests/program/mod.rs"]
mod program;

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use program::Program;
use sealwright::clock::{Clock as _, SystemClock};
use sealwright::lab::LabOptions;

const DELAY: Duration = Duration::from_millis(25);
/// Odd, so that one round is the median.
const ROUNDS: usize = 21;

#[derive(Clone, Copy, PartialEq, Eq)]
enum Task {
    Sign,
    SignWithReferrers,
    Verify,
    Start,
}

const TASKS: [Task; 4] = [Task::Sign, Task::SignWithReferrers, Task::Verify, Task::Start];

/// The two programs, and the world they share.
struct Bench {
    program: Program,
    peer: PathBuf,
    clock: SystemClock,
    /// An image with one signature.
    signed: String,
}

fn main() {
    // `cargo test --benches` starts this program too
    if !std::env::args().any(|argument| argument == "--bench") {
        println!("measured by `cargo bench` only");
        return;
    }
    let peer = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/peers/peer");
    if !peer.is_file() {
        println!("nothing to compare with: build it with tests/peers/build, which needs Go");
        return;
    }
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    runtime.expect("threads").block_on(compare(peer));
}

async fn compare(peer: PathBuf) {
    let program = Program::start_now(LabOptions::default()).await;
    let signed = program.image("verified");
    program.spawn(&format!("sign {signed}")).await.succeeds();
    program.lab.control().hold_each(DELAY);
    let bench = Bench { program, peer, clock: SystemClock::new(), signed };

    println!("{} ms an answer, {ROUNDS} rounds, medians\n", DELAY.as_millis());
    println!("{:<22}{:>14}{:>14}{:>8}", "", "sealwright", "notation-go", "ratio");
    for task in TASKS {
        let (mut ours, mut theirs) = (Vec::new(), Vec::new());
        for round in 0..ROUNDS {
            for turn in [round % 2, 1 - round % 2] {
                match turn {
                    0 => ours.push(bench.ours(task, round).await),
                    _ => theirs.push(bench.theirs(task, round).await),
                }
            }
            bench.program.lab.control().forget();
        }
        let (ours, theirs) = (median(ours), median(theirs));
        println!(
            "{:<22}{:>11.1} ms{:>11.1} ms{:>8.2}",
            task.name(),
            ours * 1e3,
            theirs * 1e3,
            ours / theirs
        );
    }
}

impl Bench {
    /// The time one of sealwright's processes takes, in seconds.
    async fn ours(&self, task: Task, round: usize) -> f64 {
        let line = match task {
            Task::Sign => format!("sign --signature-format cose {}", self.fresh(task, "a", round)),
            Task::SignWithReferrers => format!(
                "sign --signature-format cose --force-referrers-tag=false {}",
                self.fresh(task, "a", round)
            ),
            Task::Verify => format!("verify {}", self.signed),
            Task::Start => "version".to_owned(),
        };
        self.timed(env!("CARGO_BIN_EXE_sealwright").as_ref(), &line, task).await
    }

    /// The time one of the peer's processes takes, in seconds.
    async fn theirs(&self, task: Task, round: usize) -> f64 {
        let [key, chain, config] = ["key.pem", "chain.pem", ".config/notation"]
            .map(|below| self.program.path(below).display().to_string());
        let sign = format!("sign --key {key} --certs {chain}");
        let line = match task {
            Task::Sign => format!("{sign} --ref {}", self.fresh(task, "b", round)),
            Task::SignWithReferrers => {
                let image = self.fresh(task, "b", round);
                format!("{sign} --force-referrers-tag=false --ref {image}")
            }
            Task::Verify => format!("verify --config {config} --ref {}", self.signed),
            Task::Start => "sign --help".to_owned(),
        };
        self.timed(&self.peer, &line, task).await
    }

    async fn timed(&self, path: &Path, line: &str, task: Task) -> f64 {
        let begun = self.clock.elapsed();
        let output = self
            .program
            .process(path)
            .args(line.split_whitespace())
            .stdin(Stdio::null())
            .output()
            .await
            .expect("the program starts");
        let took = self.clock.elapsed() - begun;
        let told = String::from_utf8_lossy(&output.stderr);
        // the peer ends with 2 after printing its help
        assert!(output.status.success() || task == Task::Start, "{line}\n{told}");
        took.as_secs_f64()
    }

    /// An image without signatures.
    fn fresh(&self, task: Task, whose: &str, round: usize) -> String {
        let task = task as usize;
        self.program.image(&format!("{whose}-{task}-{round}"))
    }
}

impl Task {
    fn name(self) -> &'static str {
        match self {
            Task::Sign => "sign",
            Task::SignWithReferrers => "sign, Referrers API",
            Task::Verify => "verify",
            Task::Start => "process start",
        }
    }
}

fn median(mut times: Vec<f64>) -> f64 {
    times.sort_by(f64::total_cmp);
    times[times.len() / 2]
}
