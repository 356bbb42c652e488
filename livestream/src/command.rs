//! The command line: a role or an errand, and where the config is. Nothing else, so that no flag's default
//! can overwrite the file.

use std::path::PathBuf;

use clap::{Parser, Subcommand};

use crate::role::Role;

/// Self-hosted live streaming: video, chat, recordings.
#[derive(Debug, Parser)]
#[command(name = "livestream", version)]
pub(crate) struct Command {
    /// The config file; every key can also be set as LIVESTREAM_SECTION__KEY.
    #[arg(long, global = true, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,

    /// What to do; `all` when nothing is said.
    #[command(subcommand)]
    pub(crate) errand: Option<Errand>,
}

/// What to do.
#[derive(Debug, Clone, Subcommand)]
pub(crate) enum Errand {
    /// Everything in one process.
    All,
    /// The JSON API, the pages, archives and live playlists.
    Api,
    /// The media server and the recorder.
    Media,
    /// The chat rooms.
    Chat,
    /// Durable jobs.
    Worker,
    /// Bring the database schema up to date and end.
    Migrate,
    /// Make a user an operator of this installation.
    Admin {
        /// Who.
        username: String,
    },
}

impl Command {
    /// The role, where the errand is one.
    pub(crate) fn role(&self) -> Role {
        match &self.errand {
            None | Some(Errand::All) => Role::All,
            Some(Errand::Api) => Role::Api,
            Some(Errand::Media) => Role::Media,
            Some(Errand::Chat) => Role::Chat,
            Some(Errand::Worker) => Role::Worker,
            Some(Errand::Migrate | Errand::Admin { .. }) => Role::Migrate,
        }
    }
}
