//! What the program's exit codes mean.

/// Each code with its meaning, as `--help` and the documentation have it.
pub const EXIT_CODES: [(u8, &str); 8] = [
    (0, "done"),
    (1, "a file or model on this machine"),
    (2, "wrong usage or input"),
    (3, "network"),
    (4, "refused by the contract, or a session that is over"),
    (5, "no quorum, no answer"),
    (6, "verification failed"),
    (130, "stopped by a signal"),
];

/// The same in the help.
pub(super) const HELP: &str = "Exit codes: 0 done · 1 a file or model on this machine · 2 wrong usage or input · \
    3 network · 4 refused by the contract, or a session that is over · 5 no quorum, no answer · 6 verification failed · \
    130 stopped by a signal";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_help_names_every_code() {
        let list = EXIT_CODES.map(|(code, meaning)| format!("{code} {meaning}"));
        assert_eq!(HELP, format!("Exit codes: {}", list.join(" · ")));
    }
}
