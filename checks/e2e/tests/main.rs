//! The whole product, as its users and operators meet it.

mod bad_input;
mod crash;
mod go_live;
mod reconnect;
mod roles;
mod start_and_stop;
