//! What is generated from the commands: completions, man pages, the page of the documentation.

use std::fmt::Write as _;
use std::path::Path;

use antiphon_client::cli::{Cli, EXIT_CODES};
use clap::{Arg, Command, CommandFactory as _, ValueEnum as _};
use clap_complete::Shell;

use crate::binary::{antiphon, text_of};

/// Below this line the page is written by the test, with `ANTIPHON_WRITE_DOCS=1`.
const MARK: &str = "<!-- generated from the commands: ANTIPHON_WRITE_DOCS=1 cargo test -p antiphon-client the_docs_page -->";

fn program() -> Command {
    let mut program = Cli::command();
    program.build();
    program
}

/// Every command with the words that lead to it.
fn walk(command: &Command, path: &str, found: &mut Vec<(String, Command)>) {
    for sub in command.get_subcommands() {
        if sub.get_name() == "help" {
            continue;
        }
        let path = format!("{path} {}", sub.get_name());
        found.push((path.clone(), sub.clone()));
        walk(sub, &path, found);
    }
}

fn commands() -> Vec<(String, Command)> {
    let mut found = Vec::new();
    walk(&program(), "antiphon", &mut found);
    found
}

#[tokio::test]
async fn demand_19_completions_of_every_shell_name_every_command() {
    for shell in Shell::value_variants() {
        let name = shell.to_string();
        let ran = antiphon(&["completions", &name], "").await;
        assert_eq!(ran.code, 0, "{name}: {}", ran.err);
        for (path, command) in commands() {
            assert!(
                ran.out.contains(command.get_name()),
                "{name} does not know {path}"
            );
        }
    }
}

#[tokio::test]
async fn demand_19_every_command_has_a_man_page_that_names_its_flags() {
    let folder = tempfile::tempdir().unwrap();
    let ran = antiphon(&["man", text_of(folder.path())], "").await;
    assert_eq!(ran.code, 0, "{}", ran.err);
    for (path, command) in commands() {
        let file = folder.path().join(format!("{}.1", path.replace(' ', "-")));
        let page = std::fs::read_to_string(&file).unwrap_or_else(|_| panic!("no page for {path}"));
        let plain = page.replace('\\', "");
        for long in command.get_arguments().filter_map(Arg::get_long) {
            assert!(plain.contains(&format!("--{long}")), "{path} --{long}");
        }
    }
    let first = antiphon(&["man"], "").await;
    assert!(first.out.contains(".TH antiphon 1"), "{}", first.out);
}

#[test]
fn the_docs_page_is_what_the_commands_say() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/cli.md");
    let page = std::fs::read_to_string(&path).unwrap();
    let (prose, _) = page.split_once(MARK).expect("the mark is in the page");
    let want = format!("{prose}{MARK}\n{}", reference());
    if std::env::var_os("ANTIPHON_WRITE_DOCS").is_some() {
        std::fs::write(&path, want).unwrap();
        return;
    }
    assert!(
        page == want,
        "docs/cli.md is old: run the command in its mark"
    );
}

fn reference() -> String {
    let mut text = String::from("\n## Exit codes\n\n| code | meaning |\n|---|---|\n");
    for (code, meaning) in EXIT_CODES {
        writeln!(text, "| {code} | {meaning} |").unwrap();
    }
    text.push_str("\n## On every command\n\n");
    let program = program();
    for argument in program.get_arguments().filter(|a| a.is_global_set()) {
        text.push_str(&flag(argument));
    }
    text.push_str("\n## Commands\n");
    for (path, command) in commands() {
        let about = command.get_about().map(ToString::to_string);
        writeln!(text, "\n### {path}\n\n{}.\n", about.unwrap_or_default()).unwrap();
        if command.has_subcommands() {
            let names: Vec<_> = command.get_subcommands().map(Command::get_name).collect();
            let names: Vec<_> = names.into_iter().filter(|name| *name != "help").collect();
            writeln!(text, "With: {}.\n", names.join(", ")).unwrap();
        }
        let own =
            |a: &&Arg| !a.is_global_set() && !matches!(a.get_id().as_str(), "help" | "version");
        for argument in command.get_arguments().filter(own) {
            text.push_str(&flag(argument));
        }
    }
    text
}

fn flag(argument: &Arg) -> String {
    let values = argument.get_num_args().is_none_or(|n| n.takes_values());
    let value = argument.get_value_names().and_then(|names| names.first());
    let value = value.map_or_else(String::new, |name| format!(" {name}"));
    let name = match argument.get_long() {
        Some(long) if values => format!("--{long}{value}"),
        Some(long) => format!("--{long}"),
        None => value.trim().to_owned(),
    };
    let help = argument
        .get_help()
        .map(ToString::to_string)
        .unwrap_or_default();
    let mut line = format!("- `{name}`: {help}");
    let defaults: Vec<_> = argument
        .get_default_values()
        .iter()
        .map(|v| v.to_string_lossy())
        .collect();
    if values && !defaults.is_empty() {
        write!(line, " (default {})", defaults.join(", ")).unwrap();
    }
    if let Some(variable) = argument.get_env() {
        write!(line, " [`{}`]", variable.to_string_lossy()).unwrap();
    }
    line.push('\n');
    line
}
