//! `verbatim`: the command line, and the wiring of the rooms. No logic lives here.

mod cli;
mod demo;
mod doctor;
mod explain;
mod keys;
mod monitor;
mod operate;
mod read;
mod run;
mod say;
mod verify;
mod witness;

use std::process::ExitCode;

use clap::Parser as _;

use crate::cli::{Cli, Command};

fn main() -> ExitCode {
    let cli = Cli::parse();
    let outcome = match cli.command {
        Command::Run => run::run(&cli.config),
        Command::Demo(demo) => demo::demo(&demo),
        Command::Read(files) => read::read(&files),
        Command::Publish(publish) => operate::publish(&cli.config, &publish),
        Command::Kill(kill) => operate::kill(&cli.config, kill),
        Command::Unseal { item, to } => operate::unseal(&cli.config, item, &to),
        Command::Hold(item) => operate::hold(&cli.config, item),
        Command::Release(version) => operate::release(&cli.config, version),
        Command::Spike(version) => operate::spike(&cli.config, version),
        Command::Review(review) => operate::review(&cli.config, review),
        Command::Edit(edit) => operate::edit(&cli.config, edit),
        Command::HoldAll { switch, feed } => operate::hold_all(&cli.config, switch, feed),
        Command::List(list) => operate::list(&cli.config, &list),
        Command::Rules { what: cli::Rules::Test { limit } } => operate::try_routes(&cli.config, limit),
        Command::Report(report) => operate::report(&cli.config, &report),
        Command::Rebuild => operate::rebuild(&cli.config),
        Command::Backup { folder } => operate::backup(&cli.config, folder),
        Command::Restore { folder } => operate::restore(&cli.config, &folder),
        Command::Verify(ask) => verify::verify(&ask),
        Command::Quote(ask) => verify::quote(&ask),
        Command::Key { what } => keys::key(&cli.config, what),
        Command::NewShard { why } => keys::new_shard(&cli.config, &why),
        Command::Monitor(ask) => monitor::monitor(&ask),
        Command::Witness(ask) => witness::witness(&ask),
        Command::Check => doctor::check(&cli.config),
        Command::Doctor => doctor::doctor(&cli.config),
    };
    outcome.unwrap_or_else(|error| {
        say::error(&error);
        ExitCode::FAILURE
    })
}
