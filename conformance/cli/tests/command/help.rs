//! The help of every verb: an example, a word on each flag, and lines that fit 80 columns.

use clap::Command;

/// Every command of the tree with its path, groups included.
pub(crate) fn all() -> Vec<(String, Command)> {
    fn add(path: String, command: &Command, all: &mut Vec<(String, Command)>) {
        for verb in command.get_subcommands() {
            add(format!("{path} {}", verb.get_name()), verb, all);
        }
        all.push((path, command.clone()));
    }
    let mut root = streamproof_cli::commands::command();
    root.build();
    let mut all = Vec::new();
    add(root.get_name().to_owned(), &root, &mut all);
    all
}

#[test]
fn every_verb_has_an_example() {
    for (path, command) in all() {
        let is_group = command.get_subcommands().next().is_some();
        let after = command.get_after_help().map(ToString::to_string).unwrap_or_default();
        let is_there = after.contains("Example") && after.contains("\n  streamproof");
        assert!(is_there || (is_group && path != "streamproof"), "{path}: no example in its help");
    }
}

#[test]
fn every_line_of_every_help_fits_80_columns() {
    for (path, mut command) in all() {
        for help in [command.render_help(), command.render_long_help()] {
            for line in help.to_string().lines() {
                assert!(line.chars().count() <= 80, "{path} --help: {line}");
            }
        }
    }
}

#[test]
fn every_flag_is_explained() {
    for (path, command) in all() {
        for flag in command.get_arguments() {
            assert!(flag.get_help().is_some(), "{path}: nothing is said of {}", flag.get_id());
        }
    }
}
