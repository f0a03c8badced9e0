//! From flags to a running gateway, and back to a clean stop.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use antiphon_api::{Hex, Uint128};
use antiphon_chain::{Key, canonical};
use serde_json::{Value, json};
use tokio::net::TcpListener;

use super::answers::Answers;
use super::args::{GatewayArgs, GatewayCommand, HomeArg, KeysAction, PublicArgs, StartArgs};
use super::chain::ChainAnswers;
use super::journal::Journal;
use super::keys::{self, ApiKey, Doorman, KeyLine};
use super::server::{Origins, Settings, Shared, router, serve};
use super::tokens::TokenCounter;
use crate::error::ClientError;
use crate::network::{Network, NetworkFlags};
use crate::output;
use crate::signals::stop_asked;

/// Runs `antiphon gateway …`.
///
/// # Errors
/// Wrong flags, no network, a home in use, or an address that cannot be listened at.
pub async fn run(flags: &NetworkFlags, args: GatewayArgs) -> Result<(), ClientError> {
    match args.command {
        Some(GatewayCommand::Keys(action)) => run_keys(action),
        None => start(flags, args.start).await,
    }
}

fn run_keys(action: KeysAction) -> Result<(), ClientError> {
    match action {
        KeysAction::New {
            name,
            budget,
            per_minute,
            granter,
            home,
            json,
        } => {
            let key = ApiKey {
                name,
                sha256: Hex([0; 32]),
                budget: budget.as_deref().map(amount).transpose()?,
                per_minute,
                granter: granter.map(account).transpose()?,
            };
            let made = keys::make(&folder(&home)?, key)?;
            if json {
                return output::json(&made);
            }
            output::text(&made.key);
            output::faint(
                "write it down: only its hash is kept. Programs send it as `Authorization: Bearer …`",
            );
            Ok(())
        }
        KeysAction::Ls { home, json } => show_keys(&keys::list(&folder(&home)?)?, json),
        KeysAction::Rm { name, home } => {
            keys::remove(&folder(&home)?, &name)?;
            output::faint(&format!("{name} is removed"));
            Ok(())
        }
    }
}

fn show_keys(list: &[KeyLine], json: bool) -> Result<(), ClientError> {
    if json {
        return output::json(&list);
    }
    let or_none = |text: Option<String>| text.unwrap_or_else(|| "—".to_owned());
    let row = |key: &KeyLine| {
        vec![
            key.name.clone(),
            key.spent.to_string(),
            or_none(key.budget.map(|budget| budget.to_string())),
            or_none(key.per_minute.map(|limit| limit.to_string())),
            or_none(key.granter.clone()),
        ]
    };
    let rows: Vec<_> = list.iter().map(row).collect();
    output::table(&["name", "spent", "budget", "per minute", "paid by"], &rows);
    Ok(())
}

/// Digits, with or without a denom, which there is only one of.
fn amount(text: &str) -> Result<Uint128, ClientError> {
    let digits = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let number: Option<u128> = digits.parse().ok();
    number.map(Uint128::new).ok_or_else(|| {
        ClientError::Usage(format!(
            "got the budget {text:?}, want an amount in the smallest unit such as 5000000uanti"
        ))
    })
}

fn account(text: String) -> Result<String, ClientError> {
    canonical(&text)?;
    Ok(text)
}

fn folder(home: &HomeArg) -> Result<PathBuf, ClientError> {
    if let Some(home) = &home.home {
        return Ok(home.clone());
    }
    let user = std::env::var_os("HOME").map(PathBuf::from);
    let user = user
        .filter(|user| !user.as_os_str().is_empty())
        .ok_or_else(|| {
            ClientError::Usage(
                "where shall the gateway keep its journal? Name a folder with --home DIR"
                    .to_owned(),
            )
        })?;
    Ok(user.join(".antiphon").join("gateway"))
}

async fn start(flags: &NetworkFlags, args: StartArgs) -> Result<(), ClientError> {
    let home = folder(&args.home)?;
    let doorman = Doorman::new(&home)?;
    let listener = bind(&args.listen, doorman.wants_keys()).await?;
    let address = listener
        .local_addr()
        .map_err(|e| cannot_listen(&args.listen, &e))?;
    let counter = match args.gguf.clone() {
        Some(path) => Some(count_with(path).await?),
        None => None,
    };
    let network = Network::connect(flags.resolve()?).await?;
    let network_json = public(flags, &network, &args, address)?;
    let key = Arc::new(Key::load(&paying_key(&network)?)?);
    let answers = ChainAnswers::new(network, key, args.model, args.committee).await?;
    let answers = answers.carrying(args.carry);
    let journal = Journal::open(&home, answers.facts())
        .map_err(|error| ClientError::Usage(error.to_string()))?;
    let settings = settings(&args, home, &doorman, network_json)?;
    let answers: Arc<dyn Answers> = Arc::new(answers);
    let shared = Shared::new(
        settings,
        Arc::clone(&answers),
        Arc::new(journal),
        doorman,
        counter,
    );
    greet(&*answers, address, &args).await?;
    let background = tokio::spawn(Arc::clone(&shared).run_in_background());
    let served = serve(listener, router(shared), told_to_stop()).await;
    background.abort();
    served.map_err(|e| cannot_listen(&args.listen, &e))
}

fn paying_key(network: &Network) -> Result<PathBuf, ClientError> {
    if network.file.session.is_some() {
        return Err(ClientError::Usage(
            "a gateway pays with --key, not with --session. To ask in another account's name, make an API key with \
             `antiphon gateway keys new --granter ADDRESS`"
                .to_owned(),
        ));
    }
    network.file.key.clone().ok_or_else(|| {
        ClientError::Usage(
            "who pays? Name the gateway's key file with --key FILE or ANTIPHON_KEY; `antiphon keys new FILE` makes one".to_owned(),
        )
    })
}

/// Reading and hashing a model takes a moment: not on a thread that answers.
async fn count_with(path: PathBuf) -> Result<TokenCounter, ClientError> {
    let read = tokio::task::spawn_blocking(move || TokenCounter::load(&path)).await;
    read.map_err(|error| ClientError::Engine(format!("the model file could not be read: {error}")))?
}

async fn bind(listen: &str, wants_keys: bool) -> Result<TcpListener, ClientError> {
    let listener = TcpListener::bind(listen)
        .await
        .map_err(|e| cannot_listen(listen, &e))?;
    let address = listener
        .local_addr()
        .map_err(|e| cannot_listen(listen, &e))?;
    if !address.ip().is_loopback() && !wants_keys {
        return Err(ClientError::Usage(format!(
            "{listen} can be reached by other machines, and whoever reaches it spends your coins. Make an API key first with \
             `antiphon gateway keys new --name NAME`, or listen at 127.0.0.1:8787"
        )));
    }
    Ok(listener)
}

fn cannot_listen(listen: &str, error: &std::io::Error) -> ClientError {
    ClientError::Usage(format!(
        "cannot listen at {listen}: {error}. Choose another with --listen HOST:PORT"
    ))
}

fn settings(
    args: &StartArgs,
    home: PathBuf,
    doorman: &Doorman,
    network: Value,
) -> Result<Settings, ClientError> {
    if let Some(page) = args
        .page
        .as_deref()
        .filter(|page| !page.join("index.html").is_file())
    {
        return Err(ClientError::File {
            path: page.to_owned(),
            cause: "there is no index.html in it. Build the page first, or name another folder with --page".to_owned(),
        });
    }
    let origins = match &args.cors[..] {
        [] if doorman.wants_keys() => Origins::Any,
        [] => Origins::Loopback,
        list if list.iter().any(|one| one == "*") => Origins::Any,
        list => Origins::These(list.to_vec()),
    };
    Ok(Settings {
        page: args.page.clone(),
        patience: Duration::from_secs(args.patience),
        max_requests: usize::try_from(args.max_requests).unwrap_or(usize::MAX),
        committee: args.committee,
        origins,
        network,
        ..Settings::new(home)
    })
}

/// What the page must know, and nothing that is the operator's alone.
fn public(
    flags: &NetworkFlags,
    network: &Network,
    args: &StartArgs,
    address: SocketAddr,
) -> Result<Value, ClientError> {
    let file = &network.file;
    let kept = flags.network.as_deref().map(read_json).transpose()?;
    let text = |given: &Option<String>, name: &str| {
        let kept = kept.as_ref().and_then(|kept| kept.get(name)?.as_str());
        given.clone().or_else(|| kept.map(str::to_owned))
    };
    let PublicArgs {
        rest,
        faucet,
        chain_name,
        public_url,
    } = &args.public;
    let unit = file.denom.strip_prefix('u').unwrap_or(&file.denom);
    Ok(json!({
        "chain_id": file.chain_id,
        "chain_name": text(chain_name, "chain_name").unwrap_or_else(|| file.chain_id.clone()),
        "rpc": file.rpc.first(),
        "rest": text(rest, "rest"),
        "contract": file.contract,
        "prefix": file.prefix,
        "denom": file.denom,
        "display_denom": unit.to_uppercase(),
        "decimals": 6,
        "gas_price": file.gas_price,
        "model": args.model.or(file.model),
        "faucet": text(faucet, "faucet"),
        "gateway": public_url.clone().unwrap_or_else(|| format!("http://{address}")),
    }))
}

fn read_json(path: &Path) -> Result<Value, ClientError> {
    let fault = |cause: String| ClientError::File {
        path: path.to_owned(),
        cause,
    };
    let text = std::fs::read(path).map_err(|error| fault(error.to_string()))?;
    serde_json::from_slice(&text).map_err(|error| fault(error.to_string()))
}

/// A line for programs, or what a person does next.
async fn greet(
    answers: &dyn Answers,
    address: SocketAddr,
    args: &StartArgs,
) -> Result<(), ClientError> {
    let facts = answers.facts();
    let models = answers.models().await.unwrap_or_default();
    let wanted = facts.default_model;
    let model = models
        .iter()
        .find(|model| Some(model.number) == wanted)
        .or(models.first());
    let model = model.map(|model| model.id.clone());
    if args.json {
        return output::json(&json!({
            "address": format!("http://{address}"),
            "account": facts.account,
            "model": model,
        }));
    }
    let name = model.unwrap_or_default();
    output::note(&format!(
        "antiphon gateway at http://{address}\naccount  {}\nmodel    {name}\n\n  curl http://{address}/v1/chat/completions \\\n    \
         -H 'content-type: application/json' \\\n    \
         -d '{{\"model\":\"{name}\",\"messages\":[{{\"role\":\"user\",\"content\":\"Why is the sky blue?\"}}]}}'\n",
        facts.account
    ));
    if args.page.is_some() {
        output::note(&format!("the page is at http://{address}/"));
    }
    Ok(())
}

/// Resolves when the gateway shall end, and says so.
async fn told_to_stop() {
    stop_asked().await;
    tracing::info!("stopping: requests in work have ten seconds");
}
