//! The outputs `signatures` and `images`: JSON lists for `fromJSON`.

use serde::Serialize;

use crate::ci::host::{Host, HostError, Level};
use crate::ci::report::{ImageReport, Outcome, Report};

/// longest list: with it a variable stays below Linux's 131,072 bytes, and both below the 1 MiB of a
/// job's outputs on GitHub, counted as UTF-16
const LIST_LIMIT: usize = 100_000;

/// What `images` tells of each.
#[derive(Serialize)]
struct Image<'a> {
    image: &'a str,
    outcome: Outcome,
    #[serde(skip_serializing_if = "Option::is_none")]
    signature: Option<&'a str>,
}

/// Writes both. A list that is too long is not cut but left empty, so that whoever parses it fails.
pub(super) fn write(report: &Report, host: &mut dyn Host) -> Result<(), HostError> {
    let signatures: Vec<String> = report.images.iter().filter_map(signature).collect();
    let images: Vec<Image<'_>> = report
        .images
        .iter()
        .map(|image| Image {
            image: &image.image,
            outcome: image.outcome,
            signature: image.signature.as_deref(),
        })
        .collect();
    for (name, list) in [
        ("signatures", serde_json::to_string(&signatures)),
        ("images", serde_json::to_string(&images)),
    ] {
        let list = list.expect("texts are JSON");
        if list.len() <= LIST_LIMIT {
            host.output(name, &list)?;
            continue;
        }
        let message = format!(
            "the output `{name}` is empty, since its {} bytes are more than {LIST_LIMIT}; the output `report` names a file that has everything",
            list.len()
        );
        host.annotate(Level::Warning, "Output left empty", &message);
        host.output(name, "")?;
    }
    Ok(())
}

/// The signature manifest in the image's own repository.
fn signature(image: &ImageReport) -> Option<String> {
    let digest = image.signature.as_deref()?;
    let repository = image.image.split('@').next().unwrap_or_default();
    Some(format!("{repository}@{digest}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ci::host::Terminal;
    use crate::registry::Reference;

    fn written(images: usize) -> String {
        let digest = format!("sha256:{}", "a".repeat(64));
        let image = |number: usize| {
            let text = format!("r.io/app{number}@{digest}");
            let mut image = ImageReport::rehearsed(&Reference::parse(&text).unwrap());
            image.signature = Some(digest.clone());
            image
        };
        let report = Report::of("sign", (0..images).map(image).collect(), Outcome::Skipped);
        let mut out = Vec::new();
        write(&report, &mut Terminal::new(&mut out)).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn a_list_that_is_too_long_is_left_empty_and_the_report_is_named() {
        let short = written(400);
        assert!(short.contains("signatures=[\"r.io/app0@sha256:") && !short.contains("warning"));
        let long = written(1500);
        assert!(long.contains("signatures=\n") && long.contains("images=\n"), "{long}");
        assert_eq!(long.matches("the output `report` names a file").count(), 2);
        assert_eq!(written(0), "signatures=[]\nimages=[]\n");
    }
}
