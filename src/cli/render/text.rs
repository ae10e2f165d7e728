//! Sentences and times that several commands share.

use time::OffsetDateTime;
use time::macros::format_description;

use crate::registry::{Reference, Version};

/// What is said of a reference by tag: `sign` has words of its own.
pub fn tag_warning(verb: &str, reference: &Reference) -> Option<String> {
    let Version::Tag(tag) = reference.version() else { return None };
    let reason = match verb {
        "sign" => {
            "tags are mutable and a tag reference can point to a different artifact than the one signed."
        }
        _ => "resolved digest may not point to the same signed artifact, as tags are mutable.",
    };
    Some(format!(
        "Always {verb} the artifact using digest(@sha256:...) rather than a tag(:{tag}) because {reason}"
    ))
}

/// More signatures exist than were asked for.
pub fn limit_warning(limit: usize) -> String {
    format!("exceeded configured limit of max signatures {limit} to examine")
}

/// `2006-01-02T15:04:05Z`.
pub fn rfc3339(at: OffsetDateTime) -> String {
    at.to_offset(time::UtcOffset::UTC)
        .format(format_description!("[year]-[month]-[day]T[hour]:[minute]:[second]Z"))
        .expect("every time has these parts")
}

/// `Mon Jan _2 15:04:05 2006`, in UTC.
pub fn ansic(at: OffsetDateTime) -> String {
    at.to_offset(time::UtcOffset::UTC)
        .format(format_description!(
            "[weekday repr:short] [month repr:short] [day padding:space] [hour]:[minute]:[second] [year]"
        ))
        .expect("every time has these parts")
}

/// `2006-01-02 15:04:05 +0000 UTC`, as Go prints a time.
pub fn go_time(at: OffsetDateTime) -> String {
    at.to_offset(time::UtcOffset::UTC)
        .format(format_description!("[year]-[month]-[day] [hour]:[minute]:[second] +0000 UTC"))
        .expect("every time has these parts")
}

#[cfg(test)]
mod tests {
    use time::macros::datetime;

    use super::*;

    #[test]
    fn times_read_as_gos() {
        let at = datetime!(2026-11-02 07:36:11.5 +1);
        assert_eq!(rfc3339(at), "2026-11-02T06:36:11Z");
        assert_eq!(ansic(at), "Mon Nov  2 06:36:11 2026");
        assert_eq!(go_time(at), "2026-11-02 06:36:11 +0000 UTC");
    }
}
