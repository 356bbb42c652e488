//! `peer publish` and `peer watch`: one publisher or one viewer from the command line, for a bounded time.

use std::time::Duration;

use clap::{Parser, Subcommand};
use peer::{Media, Publisher, Viewer};
use tokio::time::sleep;

/// A publisher or a viewer without a browser, for an installation on this machine.
#[derive(Debug, Parser)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Sends a test picture and a tone to a WHIP address.
    Publish {
        /// The WHIP address.
        #[arg(long)]
        url: String,
        /// The publish token or stream key.
        #[arg(long)]
        token: String,
        /// How long.
        #[arg(long, default_value_t = 60)]
        seconds: u64,
        /// 1280x720 at 2.5 Mbit/s instead of 640x360 at 700 kbit/s.
        #[arg(long)]
        hd: bool,
    },
    /// Watches a WHEP address and says what came.
    Watch {
        /// The WHEP address.
        #[arg(long)]
        url: String,
        /// An access token, for a stream that not everybody may see.
        #[arg(long)]
        bearer: Option<String>,
        /// How long.
        #[arg(long, default_value_t = 10)]
        seconds: u64,
    },
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    match Arguments::parse().command {
        Command::Publish { url, token, seconds, hd } => {
            let media = if hd { Media::hd().await? } else { Media::small().await? };
            let publisher = Publisher::start(&url, &token, &media).await?;
            sleep(Duration::from_secs(seconds)).await;
            println!("keyframes asked for: {}", publisher.keyframe_requests());
            println!("{:?}", publisher.stop().await?);
        }
        Command::Watch { url, bearer, seconds } => {
            let viewer = Viewer::start(&url, bearer.as_deref()).await?;
            sleep(Duration::from_secs(seconds)).await;
            let mut seen = viewer.stop().await?;
            let mut ages = std::mem::take(&mut seen.ages);
            ages.sort_unstable();
            println!("{seen:?}");
            for (name, share) in [("p50", 50), ("p95", 95), ("p99", 99)] {
                if let Some(age) = ages.get((ages.len() * share / 100).min(ages.len().saturating_sub(1))) {
                    println!("age of pictures {name}: {:.1} ms", age.as_secs_f64() * 1e3);
                }
            }
        }
    }
    Ok(())
}
