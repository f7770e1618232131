//! How the servers were started.

mod empty_start;
mod licence;
mod rpc_limits;
mod without_effect;
mod four_letter_words;
mod dangers;
mod shared_listener;
mod start_files;
mod unsafe_flags;

use crate::facts::{EtcdMember, EtcdVars, Observed};
use crate::finding::Check;

pub(super) const CHECKS: &[&Check] = &[
    &unsafe_flags::CHECK,
    &shared_listener::CHECK,
    &rpc_limits::CHECK,
    &licence::CHECK,
    &four_letter_words::CHECK,
    &without_effect::CHECK,
    &start_files::CHECK,
    &empty_start::CHECK,
];

/// What can be known of a member's settings from the arguments it was started with.
enum Settings<'a> {
    /// The arguments are the settings.
    Arguments(&'a EtcdVars),
    /// The settings are elsewhere, and where: the process does not publish them.
    Elsewhere(&'static str),
    /// The arguments could not be read.
    Unread(&'a str),
}

fn settings(member: &EtcdMember) -> Settings<'_> {
    match &member.vars {
        Observed::Unknown(why) => Settings::Unread(why),
        Observed::Known(vars) if vars.config_file().is_some() => {
            Settings::Elsewhere("it reads its settings from a config file, which it does not publish")
        }
        // As the packages of Debian and Red Hat start it: ETCD_… variables from an EnvironmentFile.
        Observed::Known(vars) if vars.cmdline.len() <= 1 => Settings::Elsewhere(
            "it was started without arguments: its settings, if any, are in its environment, which it does not publish",
        ),
        Observed::Known(vars) => Settings::Arguments(vars),
    }
}
