//! The configuration: what is refused, and how it says so.

use std::path::PathBuf;
use std::time::Duration;

use antiphon_worker::config::{Config, ConfigError, Written, commented, duration};

fn text(extra: &str) -> String {
    format!("[chain]\ncontract = \"wasm1{}\"\n{extra}", "q".repeat(58))
}

fn check(text: &str) -> Result<Config, ConfigError> {
    Written::parse(text)?.check(PathBuf::from("home"))
}

fn refusal(extra: &str) -> String {
    check(&text(extra)).unwrap_err().to_string()
}

#[test]
fn a_file_with_only_the_contract_takes_every_default() {
    let config = check(&text("")).unwrap();
    assert_eq!(config.chain_id, "antiphon-local-1");
    assert_eq!(config.ask_again_after, Duration::from_secs(5));
    assert!(config.speculate && config.models.is_empty() && config.threads >= 1);
}

#[test]
fn the_commented_file_gives_the_same_values_back() {
    let mut written =
        Written::parse(&text("[worker]\nbond = \"70\"\n[[model]]\nid = 2\n")).unwrap();
    written.beacon.urls.push("http://127.0.0.1:9".to_owned());
    let commented = commented(&written).unwrap();
    assert_eq!(Written::parse(&commented).unwrap(), written);
    for key in ["# RPC endpoints", "# Bond to hold", "# A model to serve."] {
        assert!(commented.contains(key), "{key} in\n{commented}");
    }
}

#[test]
fn every_key_of_the_commented_defaults_is_explained_or_plain() {
    let commented = commented(&Written::default()).unwrap();
    assert!(commented.contains("# [[model]]"));
    assert_eq!(Written::parse(&commented).unwrap(), Written::default());
}

#[test]
fn an_unknown_key_is_refused_by_name() {
    let error = refusal("spead = 3\n");
    assert!(error.contains("spead"), "{error}");
    let error = refusal("[worker]\nstake = \"1\"\n");
    assert!(error.contains("stake"), "{error}");
}

#[test]
fn values_that_cannot_be_used_are_refused_with_what_would_be() {
    let cases = [
        (
            "gas_price = \"cheap\"\n",
            "chain.gas_price is \"cheap\", want a decimal",
        ),
        ("rpc = []\n", "chain.rpc is \"\", want at least one"),
        ("rpc = [\"tcp://x\"]\n", "chain.rpc is \"tcp://x\""),
        ("chain_id = \"\"\n", "chain.chain_id"),
        ("prefix = \"cosmos\"\n", "chain.contract"),
        (
            "[worker]\naddress = \"cosmos1abc\"\n",
            "worker.address is \"cosmos1abc\"",
        ),
        (
            "[worker]\nlisten = \"localhost\"\n",
            "worker.listen is \"localhost\"",
        ),
        ("[worker]\nbond = \"1.5\"\n", "worker.bond is \"1.5\""),
        (
            "[worker]\nendpoint = \"ftp://x\"\n",
            "worker.endpoint is \"ftp://x\"",
        ),
        (
            "[content]\nask_again_after = \"5\"\n",
            "content.ask_again_after is \"5\"",
        ),
        (
            "[inference]\ntoken_timeout = \"0s\"\n",
            "inference.token_timeout is \"0s\"",
        ),
        (
            "[log]\nformat = \"xml\"\n",
            "log.format is \"xml\", want text or json",
        ),
        ("[beacon]\nurls = [\"http://x\"]\n", "beacon.chain_hash"),
        (
            "[[model]]\nid = 1\n[[model]]\nid = 1\n",
            "model.id is \"1\", want each model once",
        ),
    ];
    for (extra, wanted) in cases {
        let error = refusal(extra);
        assert!(error.contains(wanted), "{extra}: {error}");
    }
}

#[test]
fn a_missing_file_says_how_to_make_one() {
    let dir = tempfile::tempdir().unwrap();
    let error = antiphon_worker::home::Home::new(dir.path())
        .config()
        .unwrap_err();
    assert!(
        error.to_string().contains("antiphon-worker init"),
        "{error}"
    );
}

#[test]
fn durations_have_a_unit() {
    assert_eq!(duration("250ms"), Some(Duration::from_millis(250)));
    assert_eq!(duration("2m"), Some(Duration::from_secs(120)));
    for bad in ["", "5", "s", "5 s", "-5s", "1.5s", "99999999999999999999s"] {
        assert_eq!(duration(bad), None, "{bad}");
    }
}
