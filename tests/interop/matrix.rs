//! Runs a check in every cell, two at a time, and prints the table.

use std::fmt::Write as _;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::cell::{self, Bench, Cell, Format, Registry};
use crate::peer;
use crate::world::World;

const WORKERS: usize = 2;

/// {COSE, JWS} × six suites × three chains × {Referrers API, tag schema}.
pub fn run<C>(title: &str, world: &World, check: C)
where
    C: Fn(&Bench<'_>, &str) -> Result<(), String> + Sync,
{
    let mut cells = Vec::new();
    for (suite, length) in cell::chains() {
        for format in Format::ALL {
            for registry in Registry::ALL {
                cells.push(Cell::new(*format, suite, length, *registry));
            }
        }
    }
    run_some(title, world, &cells, check);
}

/// # Panics
/// After the table, with the first problems, when a cell failed.
pub fn run_some<C>(title: &str, world: &World, cells: &[Cell], check: C)
where
    C: Fn(&Bench<'_>, &str) -> Result<(), String> + Sync,
{
    let repositories: Vec<_> =
        cells.iter().map(|cell| (cell.registry, cell.repository("image"))).collect();
    let images = world.images(&repositories).expect("the registries take images");
    assert_eq!(images.len(), cells.len(), "one image for each cell");

    let next = AtomicUsize::new(0);
    let problems = Mutex::new(vec![None; cells.len()]);
    std::thread::scope(|scope| {
        for _ in 0..WORKERS {
            scope.spawn(|| {
                loop {
                    let at = next.fetch_add(1, Ordering::Relaxed);
                    let Some((cell, image)) = cells.get(at).zip(images.get(at)) else { break };
                    let outcome = check(&Bench { world, cell: *cell }, image);
                    problems.lock().expect("no check panics")[at] = outcome.err();
                }
            });
        }
    });

    let problems = problems.into_inner().expect("no check panics");
    peer::say(&table(title, cells, &problems));
    let failed: Vec<_> = problems
        .iter()
        .zip(cells)
        .filter_map(|(problem, cell)| Some((cell, problem.as_ref()?)))
        .collect();
    let mut text = String::new();
    for (cell, problem) in failed.iter().take(3) {
        let _ = writeln!(text, "{}:\n{problem}\n", cell.repository(title));
    }
    assert!(failed.is_empty(), "{} of {} cells failed\n{text}", failed.len(), cells.len());
}

/// One line for each chain, one column for each format and registry.
fn table(title: &str, cells: &[Cell], problems: &[Option<String>]) -> String {
    let mut text = format!("{title}: {} cells\n{:<10}", cells.len(), "chain");
    for format in Format::ALL {
        for registry in Registry::ALL {
            let _ = write!(text, "{:<10}", format!("{}/{}", format.name(), registry.name()));
        }
    }
    for (suite, length) in cell::chains() {
        let row: Vec<_> = (cells.iter().zip(problems))
            .filter(|(cell, _)| cell.suite == suite && cell.length == length)
            .collect();
        if row.is_empty() {
            continue;
        }
        let _ = write!(text, "\n{:<10}", format!("{suite}-{length}"));
        for format in Format::ALL {
            for registry in Registry::ALL {
                let found = row
                    .iter()
                    .find(|(cell, _)| cell.format == *format && cell.registry == *registry);
                let word = match found {
                    None => "-",
                    Some((_, None)) => "ok",
                    Some((_, Some(_))) => "FAILED",
                };
                let _ = write!(text, "{word:<10}");
            }
        }
    }
    text
}
