//! A question before something that cannot be taken back.

use std::io::BufRead as _;

use crate::error::ClientError;
use crate::output;

/// Goes on after a `y` on stdin, or if `--yes` has said so already.
pub(super) async fn confirmed(question: &str, yes: bool) -> Result<(), ClientError> {
    if yes {
        return Ok(());
    }
    output::ask_for(&format!("{question} [y/N]"));
    let read = tokio::task::spawn_blocking(|| {
        let mut line = String::new();
        let read = std::io::stdin().lock().read_line(&mut line);
        read.map(|_| line)
    });
    let line = match read.await {
        Ok(Ok(line)) => line,
        _ => String::new(),
    };
    match line.trim().to_ascii_lowercase().as_str() {
        "y" | "yes" => Ok(()),
        _ => Err(ClientError::Usage(
            "nothing was sent: answer y to go on, or say --yes beforehand".to_owned(),
        )),
    }
}
