//! `-v` and `-d`: what happens, on standard error, one line each; with `-d` the time before it.

use std::fmt::{self, Write as _};
use std::io::Write as _;
use std::sync::Arc;

use time::OffsetDateTime;
use tracing::field::{Field, Visit};
use tracing::{Event, Level, Subscriber};
use tracing_subscriber::layer::{Context, Layer, SubscriberExt};
use tracing_subscriber::registry::LookupSpan;

use super::parse::flags::Verbosity;
use super::streams::SharedWriter;
use crate::clock::{Clock, rfc3339};
use crate::fault::{LINE_LIMIT, excerpt};

/// Where the log of this verbosity goes; nothing when it is silent. `escape` makes a line fit for
/// whoever reads it.
pub fn dispatch(
    verbosity: Verbosity,
    stderr: SharedWriter,
    escape: fn(&str) -> String,
    clock: Arc<dyn Clock>,
) -> tracing::Dispatch {
    let most = match verbosity {
        Verbosity::Silent => return tracing::Dispatch::none(),
        Verbosity::Verbose => Level::INFO,
        Verbosity::Debug => Level::DEBUG,
    };
    tracing::Dispatch::new(tracing_subscriber::registry().with(Lines {
        most,
        stderr,
        escape,
        clock,
    }))
}

/// `level=info msg=…`, or `time=2026-06-01T12:00:00Z level=debug msg=…`, for this program's own events only: those of libraries may hold secrets.
struct Lines {
    most: Level,
    stderr: SharedWriter,
    escape: fn(&str) -> String,
    clock: Arc<dyn Clock>,
}

impl<S: Subscriber + for<'a> LookupSpan<'a>> Layer<S> for Lines {
    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        let metadata = event.metadata();
        let ours =
            metadata.target() == "sealwright" || metadata.target().starts_with("sealwright::");
        if !ours || *metadata.level() > self.most {
            return;
        }
        let level = match *metadata.level() {
            Level::ERROR => "error",
            Level::WARN => "warning",
            Level::INFO => "info",
            _ => "debug",
        };
        let mut fields = Fields::default();
        event.record(&mut fields);
        let time = match self.most {
            Level::DEBUG => format!("time={} ", whole_seconds(self.clock.now())),
            _ => String::new(),
        };
        let line = format!("{time}level={level} msg={}{}", fields.message, fields.others);
        let line = (self.escape)(&excerpt(&line, LINE_LIMIT));
        // in one piece: requests run side by side
        let _ = self.stderr.clone().write_all(format!("{line}\n").as_bytes());
    }
}

fn whole_seconds(now: OffsetDateTime) -> String {
    rfc3339(&now.replace_nanosecond(0).unwrap_or(now))
}

#[derive(Default)]
struct Fields {
    message: String,
    others: String,
}

impl Visit for Fields {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        let _ = if field.name() == "message" {
            write!(self.message, "{value:?}")
        } else {
            write!(self.others, " {}={value:?}", field.name())
        };
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use time::macros::datetime;

    use super::*;
    use crate::clock::ManualClock;
    use crate::fault::printable;

    #[derive(Clone, Default)]
    struct Kept(Arc<Mutex<Vec<u8>>>);
    impl std::io::Write for Kept {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0.lock().expect("no panic holds this lock").extend_from_slice(bytes);
            Ok(bytes.len())
        }
        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }

    fn logged(verbosity: Verbosity) -> String {
        let kept = Kept::default();
        let clock = Arc::new(ManualClock::at(datetime!(2026-06-01 12:00:00.5 UTC)));
        let dispatch = dispatch(verbosity, SharedWriter::new(kept.clone()), printable, clock);
        tracing::dispatcher::with_default(&dispatch, || {
            tracing::info!(target: "sealwright", status = 200, "asked\nagain");
            tracing::debug!(target: "sealwright", "detail");
            tracing::info!(target: "reqwest", "another's");
        });
        let bytes = kept.0.lock().expect("no panic holds this lock").clone();
        String::from_utf8(bytes).expect("text")
    }

    #[test]
    fn only_own_events_up_to_the_level_are_written_one_line_each() {
        assert_eq!(logged(Verbosity::Silent), "");
        assert_eq!(logged(Verbosity::Verbose), "level=info msg=asked\u{fffd}again status=200\n");
        assert_eq!(
            logged(Verbosity::Debug),
            "time=2026-06-01T12:00:00Z level=info msg=asked\u{fffd}again status=200\n\
             time=2026-06-01T12:00:00Z level=debug msg=detail\n"
        );
    }
}
