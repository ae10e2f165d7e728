//! `-v` and `-d`: what happens, on standard error, one line each.

use std::fmt::{self, Write as _};
use std::io::Write as _;

use tracing::field::{Field, Visit};
use tracing::{Event, Level, Subscriber};
use tracing_subscriber::layer::{Context, Layer, SubscriberExt};
use tracing_subscriber::registry::LookupSpan;

use super::parse::flags::Verbosity;
use super::streams::SharedWriter;

/// Where the log of this verbosity goes; nothing when it is silent. `escape` makes a line fit for
/// whoever reads it.
pub fn dispatch(
    verbosity: Verbosity,
    stderr: SharedWriter,
    escape: fn(&str) -> String,
) -> tracing::Dispatch {
    let most = match verbosity {
        Verbosity::Silent => return tracing::Dispatch::none(),
        Verbosity::Verbose => Level::INFO,
        Verbosity::Debug => Level::DEBUG,
    };
    tracing::Dispatch::new(tracing_subscriber::registry().with(Lines { most, stderr, escape }))
}

/// `level=info msg=…`, for this program's own events only: those of libraries may hold secrets.
struct Lines {
    most: Level,
    stderr: SharedWriter,
    escape: fn(&str) -> String,
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
        let line = format!("level={level} msg={}{}", fields.message, fields.others);
        let _ = writeln!(self.stderr.clone(), "{}", (self.escape)(&line));
    }
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
    use std::sync::{Arc, Mutex};

    use super::*;
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
        let dispatch = dispatch(verbosity, SharedWriter::new(kept.clone()), printable);
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
            "level=info msg=asked\u{fffd}again status=200\nlevel=debug msg=detail\n"
        );
    }
}
