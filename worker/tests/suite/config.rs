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
    assert_eq!(config.packed_dir, PathBuf::from("home/packed"));
    let named = check(&text("[inference]\npacked_dir = \"/shared\"\njobs = 1\n")).unwrap();
    assert_eq!((named.packed_dir, named.jobs), ("/shared".into(), 1));
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
        (
            "[worker]\nstatus_listen = \"here\"\n",
            "worker.status_listen is \"here\"",
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
            "[inference]\njobs = 0\n",
            "inference.jobs is \"0\", want 1 to 64",
        ),
        (
            "[inference]\njobs = 65\n",
            "inference.jobs is \"65\", want 1 to 64",
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

/// Rows of the manual's table: key with its table, and its default as TOML.
fn documented() -> Vec<(String, String)> {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/worker.md");
    let manual = std::fs::read_to_string(path).unwrap();
    let rows = manual.lines().filter_map(|line| {
        let mut cells = line.strip_prefix("| `")?.split(" | ");
        let key = cells.next()?.trim_end_matches('`');
        let default = cells.next()?.strip_prefix('`')?.strip_suffix('`')?;
        key.contains('.')
            .then(|| (key.to_owned(), default.to_owned()))
    });
    rows.collect()
}

fn keys(prefix: &str, value: &toml::Value, into: &mut Vec<String>) {
    match value {
        toml::Value::Table(table) => table
            .iter()
            .for_each(|(key, value)| keys(&format!("{prefix}.{key}"), value, into)),
        toml::Value::Array(list) if list.iter().any(toml::Value::is_table) => {
            list.iter().for_each(|value| keys(prefix, value, into));
        }
        _ => into.push(prefix.trim_start_matches('.').to_owned()),
    }
}

#[test]
fn demand_19_every_documented_key_loads_with_the_default_that_is_shown() {
    let rows = documented();
    assert!(rows.len() > 20, "the table is there: {rows:?}");
    for (key, default) in rows {
        let (table, name) = key.split_once('.').unwrap();
        let text = match table {
            "model" if name == "id" => format!("[[model]]\n{name} = {default}\n"),
            "model" => format!("[[model]]\nid = 1\n{name} = {default}\n"),
            _ => format!("[{table}]\n{name} = {default}\n"),
        };
        let written = Written::parse(&text).unwrap_or_else(|error| panic!("{key}: {error}"));
        if table != "model" {
            assert_eq!(written, Written::default(), "{key} shows its default");
        }
    }
}

#[test]
fn demand_19_every_key_of_the_configuration_is_documented() {
    let mut written =
        Written::parse("[[model]]\nid = 1\nimport = \"a\"\nmanifest = \"b\"\n").unwrap();
    written.worker.moniker = "m".to_owned();
    let text = toml::to_string(&written).unwrap();
    let value: toml::Value = toml::from_str(&text).unwrap();
    let mut all = Vec::new();
    keys("", &value, &mut all);
    let documented: Vec<String> = documented().into_iter().map(|(key, _)| key).collect();
    all.retain(|key| !documented.contains(key));
    assert_eq!(all, Vec::<String>::new(), "not in docs/worker.md");
}
