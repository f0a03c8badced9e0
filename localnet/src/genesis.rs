//! A chain of one validator, from nothing: keys, genesis, configuration.

use std::path::{Path, PathBuf};
use std::process::Command;

use antiphon_chain::Key;
use serde_json::{Value as Json, json};
use toml::Value as Toml;

use crate::edit;
use crate::error::{Doing, Result};
use crate::ports::Chosen;
use crate::process::run;

/// The chain's id.
pub const CHAIN_ID: &str = "antiphon-local-1";
/// The one denom.
pub const DENOM: &str = "uanti";
/// Prefix of addresses.
pub const PREFIX: &str = "wasm";
/// Price of gas that the node asks for.
pub const GAS_PRICE: &str = "0.025uanti";
/// Deposit of a governance proposal.
pub(crate) const PROPOSAL_DEPOSIT: u128 = 10_000_000;

const VALIDATOR_KEY: &str = "validator";
const STAKE: &str = "500000000000uanti";

/// Everything the first block needs.
#[derive(Debug)]
pub(crate) struct Genesis<'a> {
    pub(crate) wasmd: &'a Path,
    pub(crate) home: &'a Path,
    pub(crate) ports: &'a Chosen,
    pub(crate) block_time_ms: u64,
    pub(crate) validator: &'a Key,
    /// Addresses with the coins they start with; the validator is one of them.
    pub(crate) accounts: &'a [(String, u128)],
}

impl Genesis<'_> {
    /// Writes the node's home. About a second.
    pub(crate) fn write(&self) -> Result<()> {
        let init = [
            "init",
            "node0",
            "--chain-id",
            CHAIN_ID,
            "--default-denom",
            DENOM,
        ];
        self.wasmd(&init, None)?;
        let words = self.validator.mnemonic().unwrap_or_default();
        let recover = [
            "keys",
            "add",
            VALIDATOR_KEY,
            "--recover",
            "--keyring-backend",
            "test",
        ];
        self.wasmd(&recover, Some(&format!("{words}\n")))?;
        self.add_accounts()?;
        edit::json_file(&self.config("genesis.json"), &genesis_changes())?;
        let gentx = [
            "genesis",
            "gentx",
            VALIDATOR_KEY,
            STAKE,
            "--chain-id",
            CHAIN_ID,
        ];
        self.wasmd(&[&gentx[..], &["--keyring-backend", "test"]].concat(), None)?;
        self.wasmd(&["genesis", "collect-gentxs"], None)?;
        self.configure()
    }

    fn wasmd(&self, arguments: &[&str], input: Option<&str>) -> Result<String> {
        let mut command = Command::new(self.wasmd);
        command
            .args(arguments)
            .arg("--home")
            .arg(self.home)
            .arg("--log_no_color");
        run("writing the genesis", &mut command, input)
    }

    fn add_accounts(&self) -> Result<()> {
        let entry = |(address, amount): &(String, u128)| {
            let coin = json!({"denom": DENOM, "amount": amount.to_string()});
            json!({"address": address, "coins": [coin]})
        };
        let list: Json = self.accounts.iter().map(entry).collect();
        let path = self.home.join("accounts.json");
        std::fs::write(&path, list.to_string()).doing(|| format!("write {}", path.display()))?;
        let path = path.display().to_string();
        self.wasmd(&["genesis", "bulk-add-genesis-account", &path], None)
            .map(|_| ())
    }

    fn config(&self, file: &str) -> PathBuf {
        self.home.join("config").join(file)
    }

    fn configure(&self) -> Result<()> {
        edit::toml_file(
            &self.config("config.toml"),
            &node_changes(self.ports, self.block_time_ms),
        )?;
        edit::toml_file(&self.config("app.toml"), &app_changes(self.ports))
    }
}

/// Finite block gas; governance in seconds, for pinning the contract's code.
fn genesis_changes() -> [(&'static str, Json); 6] {
    let deposit = |amount: u128| json!([{"denom": DENOM, "amount": amount.to_string()}]);
    let expedited = PROPOSAL_DEPOSIT.saturating_mul(5);
    [
        ("/consensus/params/block/max_gas", json!("100000000")),
        ("/app_state/gov/params/voting_period", json!("4s")),
        ("/app_state/gov/params/expedited_voting_period", json!("3s")),
        ("/app_state/gov/params/max_deposit_period", json!("60s")),
        (
            "/app_state/gov/params/min_deposit",
            deposit(PROPOSAL_DEPOSIT),
        ),
        (
            "/app_state/gov/params/expedited_min_deposit",
            deposit(expedited),
        ),
    ]
}

/// Loopback only, short rounds, browsers allowed.
fn node_changes(ports: &Chosen, block_time_ms: u64) -> Vec<(&'static str, Toml)> {
    let listen = |port: u16| Toml::from(format!("tcp://127.0.0.1:{port}"));
    let ms = |value: u64| Toml::from(format!("{value}ms"));
    vec![
        ("rpc.laddr", listen(ports.rpc)),
        (
            "rpc.cors_allowed_origins",
            Toml::Array(vec![Toml::from("*")]),
        ),
        ("rpc.pprof_laddr", Toml::from("")),
        // A contract of the largest size, in base64.
        ("rpc.max_body_bytes", Toml::from(4_000_000)),
        ("p2p.laddr", listen(ports.p2p)),
        ("p2p.pex", Toml::from(false)),
        ("consensus.timeout_propose", ms(block_time_ms)),
        ("consensus.timeout_propose_delta", ms(100)),
        ("consensus.timeout_prevote", ms(100)),
        ("consensus.timeout_prevote_delta", ms(100)),
        ("consensus.timeout_precommit", ms(100)),
        ("consensus.timeout_precommit_delta", ms(100)),
        ("consensus.timeout_commit", ms(block_time_ms)),
        ("consensus.peer_gossip_sleep_duration", ms(10)),
    ]
}

/// REST on, what nobody uses off, little memory, no old states.
fn app_changes(ports: &Chosen) -> Vec<(&'static str, Toml)> {
    vec![
        ("minimum-gas-prices", Toml::from(GAS_PRICE)),
        ("pruning", Toml::from("everything")),
        ("iavl-cache-size", Toml::from(10_000)),
        ("api.enable", Toml::from(true)),
        ("api.enabled-unsafe-cors", Toml::from(true)),
        (
            "api.address",
            Toml::from(format!("tcp://127.0.0.1:{}", ports.rest)),
        ),
        ("grpc.enable", Toml::from(false)),
        ("grpc-web.enable", Toml::from(false)),
    ]
}
