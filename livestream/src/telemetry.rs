//! Where log lines go: to standard error, as text for people or JSON for collectors.

use std::io::IsTerminal as _;

use serde::{Deserialize, Serialize};
use tracing_subscriber::EnvFilter;

/// Section `log`.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Config {
    /// `text` or `json`.
    pub(crate) format: Format,
    /// What is logged, in the syntax of tracing's `EnvFilter`, as `info` or `info,chat=debug`.
    pub(crate) filter: String,
}

/// How a line looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Format {
    /// For people.
    Text,
    /// One JSON object a line.
    Json,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            format: Format::Text,
            filter:
                "info,rtc=off,rtc_ice=off,rtc_dtls=off,rtc_sctp=off,rtc_srtp=off,rtc_interceptor=off,s3s=warn,aws=warn"
                    .to_owned(),
        }
    }
}

/// Starts logging; call once.
pub(crate) fn start(config: &Config) -> anyhow::Result<()> {
    let filter = EnvFilter::try_new(&config.filter)?;
    let lines = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).with_target(false);
    match config.format {
        Format::Text => lines.with_ansi(std::io::stderr().is_terminal()).init(),
        Format::Json => lines.json().flatten_event(true).init(),
    }
    Ok(())
}
