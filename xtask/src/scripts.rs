//! The programs of `scripts/` on a local network that has answered a question: what a stranger does
//! with nothing but the chain's own program. And the contract's first version, brought to this one.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::thread::sleep;
use std::time::Duration;

use serde_json::Value;

use crate::ci::Site;
use crate::error::{Doing, Error, Result, make_dir, read_text, remove_dir};
use crate::prerequisites;
use crate::run::{Step, capture};
use crate::setup::Parts;

/// The contract as it was first landed, commit 78e9fe8.
const OLD: &str = "testdata/antiphon-0.1.0.wasm.gz";
const OLD_VERSION: &str = "0.1.0";
const PATIENCE_SECONDS: u32 = 30;

/// A network that stays up until this is dropped.
struct Up<'a> {
    root: &'a Path,
    parts: &'a Parts,
    home: PathBuf,
    facts: Value,
    report: Value,
}

impl Drop for Up<'_> {
    fn drop(&mut self) {
        let program = self.parts.bin_dir.join("antiphon-localnet");
        capture(Command::new(program).arg("stop").arg(&self.home)).ok();
    }
}

/// Runs all of it.
///
/// # Errors
/// A script does not do what it says; the network does not start or answer.
pub(crate) fn check(site: &Site, step: &Step, parts: &Parts) -> Result<String> {
    prerequisites::check_scripts(step)?;
    let scratch = site
        .cache
        .root()
        .join("scratch")
        .join(format!("scripts-{}", std::process::id()));
    make_dir(&scratch)?;
    let root = site.workspace.root();
    let up = Up::start(root, step, parts, &scratch.join("network"))?;
    let asked = up.ask_everything()?;
    let (code, contract) = up.deploy(&parts.contract, &["--no-admin"])?;
    up.expect_version(&contract, &up.version(up.fact("/contract")?)?)?;
    let old = unpack(root, &scratch)?;
    up.refuse_other_code(&old, &code)?;
    up.migrate_the_first(&old, &code)?;
    drop(up);
    remove_dir(&scratch)?;
    Ok(format!("deployed, {asked} queries, {OLD_VERSION} migrated"))
}

fn unpack(root: &Path, scratch: &Path) -> Result<PathBuf> {
    let to = scratch.join("old.wasm");
    let packed = scratch.join("old.wasm.gz");
    let from = root.join(OLD);
    std::fs::copy(&from, &packed).doing(|| format!("copy {}", from.display()))?;
    capture(Command::new("gzip").args(["-d", "-f"]).arg(&packed))?;
    Ok(to)
}

impl<'a> Up<'a> {
    /// One question, five workers, a verified answer; then everything stays.
    fn start(root: &'a Path, step: &Step, parts: &'a Parts, home: &Path) -> Result<Self> {
        let mut up = Self {
            root,
            parts,
            home: home.to_owned(),
            facts: Value::Null,
            report: Value::Null,
        };
        let mut command = Command::new(parts.bin_dir.join("antiphon-localnet"));
        command.args(["demo", "--keep", "--json", "--block-time", "100", "--home"]);
        step.run(parts.to_env(&mut command).arg(home))?;
        let log = read_text(step.log())?;
        let report = log.lines().rev().find(|line| line.starts_with('{'));
        up.report = parsed(report.unwrap_or_default())?;
        up.facts = parsed(&read_text(&home.join("network.json"))?)?;
        Ok(up)
    }

    fn fact(&self, pointer: &str) -> Result<&str> {
        text(&self.facts, pointer)
    }

    fn script(&self, name: &str) -> Result<Command> {
        let mut command = Command::new(self.root.join("scripts").join(name));
        command.arg("--program").arg(&self.parts.wasmd);
        command.args(["--node", self.fact("/rpc")?]);
        command.arg("--home").arg(self.home.join("chain"));
        Ok(command)
    }

    fn query(&self, contract: &str, words: &[&str]) -> Result<Value> {
        let mut command = self.script("query.sh")?;
        parsed(&capture(
            command.args(["--contract", contract]).args(words),
        )?)
    }

    /// Every query of the script, with things that there are.
    fn ask_everything(&self) -> Result<usize> {
        let contract = self.fact("/contract")?;
        let worker = self.fact("/workers/0/address")?;
        let prompt = text(&self.report, "/task/prompt")?;
        let queries: &[(&[&str], &str)] = &[
            (&["config"], "/beacon/period"),
            (&["params"], "/params/committee"),
            (&["params", "1"], "/version"),
            (&["models"], "/models/0/price/base"),
            (&["model", "1"], "/manifest"),
            (&["seats", "1"], "/seats/4/slot"),
            (&["security", "1"], "/odds/2/wrong"),
            (&["security", "1", "5"], "/quorum"),
            (&["fee", "1", "100", "64"], "/escrow"),
            (&["fee", "1", "100", "64", "5"], "/full_fee"),
            (&["task", "1"], "/outcome/answer/cid"),
            (&["tasks", "done"], "/tasks/0/settlement/paid"),
            (&["tasks", "open", "0"], "/tasks"),
            (&["round", "1", "0"], "/members/4/conduct"),
            (&["workers"], "/workers/4/bond"),
            (&["workers", worker], "/workers"),
            (&["worker", worker], "/seats/0"),
            (&["duties", worker], "/height"),
            (&["balance", worker], "/amount"),
            (&["answer", "1", prompt], "/answer/votes"),
            (&["beacon"], "/config/genesis"),
            (&["totals"], "/coins_in"),
            (&["raw", "{\"totals\":{}}"], "/burned"),
        ];
        for (words, pointer) in queries {
            let answer = self.query(contract, words)?;
            if answer.pointer(pointer).is_none() {
                return Err(wrong(
                    &format!("query.sh {words:?}"),
                    &answer.to_string(),
                    pointer,
                ));
            }
        }
        refused(
            &mut self.script("query.sh")?,
            &["config"],
            "want its address",
        )?;
        refused(
            &mut self.script("query.sh")?,
            &["--contract", contract, "task"],
            "want 1 to 1",
        )?;
        refused(
            &mut self.script("query.sh")?,
            &["--contract", contract, "all"],
            "got the query all",
        )?;
        let unknown = ["--contract", contract, "task", "99"];
        refused(&mut self.script("query.sh")?, &unknown, "E_UNKNOWN_TASK")?;
        Ok(queries.len())
    }

    /// The two lines that `deploy.sh` prints: the code's number and the contract.
    fn deploy(&self, wasm: &Path, options: &[&str]) -> Result<(String, String)> {
        let printed = capture(self.deployment(wasm)?.args(options))?;
        let after = |name: &str| {
            let line = printed.lines().find_map(|line| line.strip_prefix(name));
            line.map(str::to_owned)
                .ok_or_else(|| wrong("deploy.sh", &printed, name))
        };
        Ok((after("code_id ")?, after("contract ")?))
    }

    fn deployment(&self, wasm: &Path) -> Result<Command> {
        let mut command = self.script("deploy.sh")?;
        command.args(["--chain-id", self.fact("/chain_id")?, "--from", "validator"]);
        command.args(["--keyring-backend", "test", "--denom", self.fact("/denom")?]);
        command.arg("--wasm").arg(wasm);
        Ok(command)
    }

    fn version(&self, contract: &str) -> Result<String> {
        Ok(text(&self.query(contract, &["config"])?, "/version")?.to_owned())
    }

    fn expect_version(&self, contract: &str, want: &str) -> Result<()> {
        let got = self.version(contract)?;
        if got == want {
            return Ok(());
        }
        Err(wrong("the version of a contract", &got, want))
    }

    /// Code on chain that is not the file's is found out before a contract is made of it.
    fn refuse_other_code(&self, old: &Path, code: &str) -> Result<()> {
        let options = ["--no-admin", "--code-id", code];
        refused(&mut self.deployment(old)?, &options, "it is other code")?;
        refused(&mut self.deployment(old)?, &[], "want one: who may migrate")
    }

    /// The first version's file, created with an admin, then brought to this one and not back.
    fn migrate_the_first(&self, old: &Path, code: &str) -> Result<()> {
        let (old_code, contract) = self.deploy(old, &["--admin", "validator"])?;
        self.expect_version(&contract, OLD_VERSION)?;
        let want = self.version(self.fact("/contract")?)?;
        self.migrate(&contract, code)?;
        for _ in 0..PATIENCE_SECONDS {
            if self.version(&contract)? == want {
                break;
            }
            sleep(Duration::from_secs(1));
        }
        self.expect_version(&contract, &want)?;
        match self.migrate(&contract, &old_code) {
            Err(_) => Ok(()),
            Ok(()) => Err(wrong(
                "a migration back to the first version",
                "sent",
                "a refusal",
            )),
        }
    }

    fn migrate(&self, contract: &str, code: &str) -> Result<()> {
        let mut command = Command::new(&self.parts.wasmd);
        command.args([
            "tx",
            "wasm",
            "migrate",
            contract,
            code,
            "{}",
            "--from",
            "validator",
        ]);
        command.args([
            "--chain-id",
            self.fact("/chain_id")?,
            "--node",
            self.fact("/rpc")?,
        ]);
        command.args([
            "--gas",
            "auto",
            "--gas-adjustment",
            "1.5",
            "--yes",
            "--output",
            "json",
        ]);
        command.args([
            "--gas-prices",
            self.fact("/gas_price")?,
            "--keyring-backend",
            "test",
        ]);
        let sent = parsed(&capture(
            command.arg("--home").arg(self.home.join("chain")),
        )?)?;
        match sent.pointer("/code").and_then(Value::as_u64) {
            Some(0) => Ok(()),
            _ => Err(wrong("wasmd tx wasm migrate", &sent.to_string(), "code 0")),
        }
    }
}

/// The program ends with an error whose text has these words.
fn refused(command: &mut Command, words: &[&str], want: &str) -> Result<()> {
    match capture(command.args(words)) {
        Err(error) if error.to_string().contains(want) => Ok(()),
        Err(error) => Err(wrong(&format!("{words:?}"), &error.to_string(), want)),
        Ok(printed) => Err(wrong(&format!("{words:?}"), &printed, want)),
    }
}

fn parsed(json: &str) -> Result<Value> {
    serde_json::from_str(json).map_err(|error| wrong("what was printed", json, &error.to_string()))
}

fn text<'v>(value: &'v Value, pointer: &str) -> Result<&'v str> {
    let found = value.pointer(pointer).and_then(Value::as_str);
    found.ok_or_else(|| wrong("an object", &value.to_string(), pointer))
}

fn wrong(what: &str, got: &str, want: &str) -> Error {
    Error::Mismatch {
        what: what.to_owned(),
        got: got.to_owned(),
        want: want.to_owned(),
        remedy: "see the log of this step".to_owned(),
    }
}
