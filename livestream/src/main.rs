//! LiveStream Pro in one binary. What it does is in `role.rs`, how it is put together in `wiring.rs`.

mod command;
mod config;
mod data_dir;
mod embedded;
mod front_door;
mod lifecycle;
mod role;
mod secrets;
mod telemetry;
mod wiring;

use clap::Parser as _;

fn main() -> std::process::ExitCode {
    lifecycle::run(command::Command::parse())
}
