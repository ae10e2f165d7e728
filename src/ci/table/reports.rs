//! Where the result is told.

use super::{IMAGES, Input, Place, Shape, input};

pub(super) const INPUTS: &[Input] = &[
    input(
        "junit",
        Shape::File,
        None,
        "Where to write the result as JUnit XML, one test case per image, for test tabs: `test-results/sealwright.xml`.",
    ),
    input(
        "github-token",
        Shape::Text,
        None,
        "With it GitHub is told the result as `github-reports` says; the job's own is `github.token`. A permission it lacks is a warning.",
    ).of(IMAGES).on(Place::GitHub),
    input(
        "github-reports",
        Shape::List,
        Some("check-run, pull-request-comment"),
        "How `github-token` tells the result: `check-run` (needs `checks: write`), `commit-status` (`statuses: write`) and `pull-request-comment` (`pull-requests: write`), one per line or separated by commas.",
    ).of(IMAGES).on(Place::GitHub),
];
