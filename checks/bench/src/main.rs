//! `bench NAME`: measures a running installation from outside, as its users meet it. Its address is in
//! `LIVESTREAM_URL`; `./dev bench NAME` starts a fresh one in release and measures that.
//!
//! The last line printed is one JSON object: `{"bench", "figures": {…}, "goals": [{"name", "figure", "goal", "met"}]}`.

mod api;
mod archive;
mod chat;
mod media;
mod report;

use anyhow::Context as _;
use clap::{Parser, ValueEnum};
use peer::Api;

/// Measures a running installation.
#[derive(Debug, Parser)]
struct Arguments {
    /// What to measure.
    name: Name,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Name {
    /// Reads over HTTP, 200 a second.
    Api,
    /// From the end of a stream to an archive that plays.
    Archive,
    /// From a line of chat to its reader.
    Chat,
    /// From a click to a picture, and the age of pictures.
    Media,
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let name = Arguments::parse().name;
    let url = std::env::var("LIVESTREAM_URL").context("LIVESTREAM_URL names no running installation")?;
    let api = Api::new(&url);
    let report = match name {
        Name::Api => api::measure(&api).await?,
        Name::Archive => archive::measure(&api).await?,
        Name::Chat => chat::measure(&api).await?,
        Name::Media => media::measure(&api).await?,
    };
    print!("{}", report.table());
    println!("{}", report.json());
    Ok(())
}
