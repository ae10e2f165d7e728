//! The step: inputs, hosts, report, summary.
