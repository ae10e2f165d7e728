//! What failed, why, and what mends it: one explanation for all images that fail alike.

use std::fmt::Write as _;

use super::page::Page;
use super::text::{code, count, prose};
use super::tried;
use crate::ci::report::{ErrorReport, ImageReport};
use crate::fault::printable;

/// Images of one failure that are named unfolded.
const NAMED: usize = 10;

/// Images that failed for the same reasons and are mended by the same step.
struct Group<'a> {
    error: &'a ErrorReport,
    images: Vec<&'a ImageReport>,
}

/// An explanation for each group of failures, in the order of their first images; returns the images
/// whose signatures are shown with it.
pub fn write<'a>(page: &mut Page, images: &[&'a ImageReport]) -> Vec<&'a ImageReport> {
    let mut shown = Vec::new();
    for group in grouped(images) {
        match group.images.as_slice() {
            [image] => {
                page.block(&alone(image, group.error));
                shown.push(*image);
            }
            images => together(page, images, group.error),
        }
    }
    shown
}

/// A failure of the step itself, or of one image.
pub fn explained(error: &ErrorReport) -> String {
    format!("**{}** ({})\n\n{}", prose(&error.message), error.code, reasons(error))
}

fn grouped<'a>(images: &[&'a ImageReport]) -> Vec<Group<'a>> {
    let mut groups: Vec<Group> = Vec::new();
    for image in images {
        let Some(error) = &image.error else { continue };
        let alike = |group: &&mut Group| {
            let known = group.error;
            (known.code, &known.because, &known.hint) == (error.code, &error.because, &error.hint)
        };
        match groups.iter_mut().find(alike) {
            Some(group) => group.images.push(image),
            None => groups.push(Group { error, images: vec![image] }),
        }
    }
    groups
}

fn alone(image: &ImageReport, error: &ErrorReport) -> String {
    let mut text = format!("### ❌ {}\n\n", code(&image.image));
    for signature in &image.signatures {
        text.push_str(&tried(signature));
    }
    if !image.signatures.is_empty() {
        text.push('\n');
    }
    text.push_str(&explained(error));
    text
}

fn together(page: &mut Page, images: &[&ImageReport], error: &ErrorReport) {
    let (named, folded) = images.split_at(images.len().min(NAMED));
    let title = format!("### ❌ {}: {}\n\n", count(images.len(), "image"), error.code);
    let row = |image: &&ImageReport| match &image.error {
        Some(error) if error.message.contains(&image.image) => {
            format!("- {}\n", prose(&error.message))
        }
        Some(error) => format!("- {}: {}\n", code(&image.image), prose(&error.message)),
        None => format!("- {}\n", code(&image.image)),
    };
    let more = match folded.len() {
        0 => String::new(),
        more => format!("- and {more} more, marked ❌ in the table\n"),
    };
    let why = if error.because.is_empty() { "" } else { "Why:\n\n" };
    page.rows(&title, named.iter().map(row), &format!("{more}\n{why}{}", reasons(error)));
}

pub fn reasons(error: &ErrorReport) -> String {
    let mut text = String::new();
    for reason in &error.because {
        let _ = writeln!(text, "- {}", prose(reason));
    }
    if !error.because.is_empty() {
        text.push('\n');
    }
    if let Some(hint) = &error.hint {
        text.push_str("What mends it:\n\n");
        for line in hint.lines() {
            // an indented block takes no markup, so the command can be copied as it is
            let _ = writeln!(text, "    {}", printable(line));
        }
        text.push('\n');
    }
    text
}
