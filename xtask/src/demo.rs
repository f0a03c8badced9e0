//! `cargo demo`: sets up, then becomes the local network's own demo, or the network with the page.

use std::ffi::OsString;
use std::net::{Ipv4Addr, TcpListener};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::Command;

use crate::args::Demo;
use crate::error::{Doing, Result};
use crate::setup;
use crate::workspace::Workspace;

/// The ports that the page's and the faucet's addresses have where nobody else holds them.
const PORTS: [(&str, u16); 2] = [("--gateway-port", 8787), ("--faucet-port", 8788)];

/// Replaces this process, so that signals reach the program that has something to stop.
///
/// # Errors
/// Only ever returns with one.
pub fn run(demo: &Demo) -> Result<()> {
    let mut command = command(&Workspace::open()?, demo)?;
    let program = command.get_program().to_owned();
    Err(command.exec()).doing(|| format!("start {}", program.display()))
}

/// Makes what is missing; what is left to do is the command given back.
///
/// # Errors
/// The first part that cannot be had.
pub fn command(workspace: &Workspace, demo: &Demo) -> Result<Command> {
    let page = demo.web.then(|| setup::built_page(workspace)).transpose()?;
    let parts = setup::run(workspace)?;
    let mut command = Command::new(parts.bin_dir.join("antiphon-localnet"));
    parts.to_env(&mut command);
    match page {
        Some(page) => command.args(page_arguments(demo, &page, is_free)),
        None => command.args(arguments(demo)),
    };
    Ok(command)
}

fn flags<'a>(demo: &Demo) -> impl Iterator<Item = &'a str> + use<'a> {
    let all = [
        (demo.liar, "--liar"),
        (demo.keep, "--keep"),
        (demo.json, "--json"),
    ];
    all.into_iter()
        .filter_map(|(set, name)| set.then_some(name))
}

fn arguments(demo: &Demo) -> Vec<&str> {
    let question = demo.question.as_deref().map(|question| ["--", question]);
    ["demo"]
        .into_iter()
        .chain(flags(demo))
        .chain(question.into_iter().flatten())
        .collect()
}

fn page_arguments(demo: &Demo, page: &Path, free: impl Fn(u16) -> bool) -> Vec<OsString> {
    let mut arguments: Vec<OsString> = vec!["start".into(), "--web".into(), page.into()];
    arguments.extend(flags(demo).map(OsString::from));
    for (name, port) in PORTS.iter().filter(|(_, port)| free(*port)) {
        arguments.extend([OsString::from(name), port.to_string().into()]);
    }
    arguments
}

/// Whether nobody listens there: the page then has the same address each time.
fn is_free(port: u16) -> bool {
    TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_come_before_the_question() {
        let demo = Demo {
            question: Some("--why?".to_owned()),
            liar: true,
            ..Demo::default()
        };
        assert_eq!(arguments(&demo), ["demo", "--liar", "--", "--why?"]);
        assert_eq!(arguments(&Demo::default()), ["demo"]);
    }

    #[test]
    fn the_page_keeps_its_port_unless_somebody_holds_it() {
        let demo = Demo {
            liar: true,
            web: true,
            ..Demo::default()
        };
        let got = page_arguments(&demo, Path::new("dist"), |port| port == 8787);
        let want = ["start", "--web", "dist", "--liar", "--gateway-port", "8787"];
        assert_eq!(got, want.map(OsString::from));
    }
}
