//! A network of one committee that answers what it is told to, and remembers what it was paid.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use antiphon_api::{Cid, Finish, Hex, Limits, Price, Uint128};
use antiphon_client::gateway::{
    Answered, Answers, Facts, Failure, Fate, Later, ManifestFacts, ModelInfo, Note, Pending,
    PostFailure, Posted, Probe, Progress, Question, QuestionKey, Quote, Settled, Tell,
};

pub(crate) const CHAIN: &str = "antiphon-fake-1";
pub(crate) const OWN: &str = "wasm1gateway";
pub(crate) const TEXT: &str = "Because of Rayleigh scattering: blue light is scattered more than red light is. 天空是蓝色的。";
/// What each task takes, and what comes back of it.
pub(crate) const ESCROW: u128 = 500;
pub(crate) const REFUND: u128 = 120;

/// Where the gateway's process is ended while it pays.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Crash {
    /// After the transaction was written down, before any node has it.
    BeforeBroadcast,
    /// After a node took it, before that is known here.
    AfterBroadcast,
}

/// What the network does; tests write it.
#[derive(Debug)]
pub(crate) struct Script {
    /// The next post hangs here for ever.
    pub(crate) crash: Option<Crash>,
    /// The next post is refused.
    pub(crate) refuse: Option<Failure>,
    /// Quotes are refused.
    pub(crate) no_quote: Option<Failure>,
    /// Tasks end so.
    pub(crate) outcome: Result<String, Failure>,
    /// Tasks are answered only when this is false.
    pub(crate) hold: bool,
    /// Tasks are final.
    pub(crate) ended: bool,
    /// Nothing confirms what tasks say: the index does not give it.
    pub(crate) doubted: bool,
    /// Reading the network fails.
    pub(crate) down: Option<Failure>,
    pub(crate) probe: Probe,
    /// Receipts by task.
    pub(crate) receipts: BTreeMap<u64, String>,
}

#[derive(Debug)]
pub(crate) struct Ledger {
    /// Tasks by number, with the question and its escrow.
    pub(crate) tasks: BTreeMap<u64, (QuestionKey, u128)>,
    /// Transactions nodes have, with their task.
    pub(crate) taken: BTreeMap<String, u64>,
    /// Every transaction that was noted.
    pub(crate) noted: Vec<String>,
    /// Final answers on chain.
    pub(crate) index: BTreeMap<(u64, Cid), Answered>,
    /// How often the text of a task was asked for.
    pub(crate) followed: u32,
    pub(crate) receipts_built: u32,
}

#[derive(Debug)]
pub(crate) struct FakeNet {
    facts: Facts,
    models: Vec<ModelInfo>,
    pub(crate) script: Mutex<Script>,
    pub(crate) ledger: Mutex<Ledger>,
}

impl FakeNet {
    pub(crate) fn new() -> Arc<Self> {
        Arc::new(Self {
            facts: Facts {
                chain_id: CHAIN.to_owned(),
                first_block: Some("AA".repeat(32)),
                contract: "wasm1contract".to_owned(),
                denom: "uanti".to_owned(),
                account: OWN.to_owned(),
                default_model: Some(1),
            },
            models: vec![
                model(1, "SmolLM2-135M", 5),
                model(2, "other/name", 5),
                model(3, "Tiny", 0),
                // Somebody would like to be asked in another's place.
                model(4, "2", 5),
            ],
            script: Mutex::new(Script {
                crash: None,
                refuse: None,
                no_quote: None,
                outcome: Ok(TEXT.to_owned()),
                hold: false,
                ended: false,
                doubted: false,
                down: None,
                probe: Probe {
                    height: 100,
                    catching_up: false,
                    seats: 5,
                    committee: 5,
                    escrow: ESCROW,
                    account: 1_000_000,
                    prepaid: 0,
                    fee: 50,
                },
                receipts: BTreeMap::new(),
            }),
            ledger: Mutex::new(Ledger {
                tasks: BTreeMap::new(),
                taken: BTreeMap::new(),
                noted: Vec::new(),
                index: BTreeMap::new(),
                followed: 0,
                receipts_built: 0,
            }),
        })
    }

    pub(crate) fn script(&self) -> MutexGuard<'_, Script> {
        self.script.lock().unwrap()
    }

    pub(crate) fn ledger(&self) -> MutexGuard<'_, Ledger> {
        self.ledger.lock().unwrap()
    }

    /// Tasks that were paid for.
    pub(crate) fn posts(&self) -> usize {
        self.ledger().tasks.len()
    }

    /// What all of them took.
    pub(crate) fn paid(&self) -> u128 {
        self.ledger().tasks.values().map(|(_, escrow)| escrow).sum()
    }

    fn answered(&self, task: u64, text: &str, known: bool) -> Answered {
        let ledger = self.ledger();
        let (key, _) = &ledger.tasks[&task];
        Answered {
            task,
            posted: 1_700_000_000,
            manifest: Cid::of_raw(b"manifest"),
            prompt: key.prompt,
            answer: Cid::of_raw(text.as_bytes()),
            text: text.to_owned(),
            finish: Finish::Stop,
            prompt_tokens: 36,
            output_tokens: 7,
            trace: Hex([7; 32]),
            quorum: 4,
            votes: 5,
            committee: 5,
            contested: false,
            conflict: false,
            transaction: Some(format!("TX{task}")),
            known,
        }
    }

    fn broadcast(&self, hash: &str, question: &Question) -> u64 {
        let mut ledger = self.ledger();
        let task = 17 + u64::try_from(ledger.tasks.len()).unwrap();
        ledger.tasks.insert(task, (question.key.clone(), ESCROW));
        ledger.taken.insert(hash.to_owned(), task);
        task
    }

    async fn pay(&self, question: &Question, note: Note<'_>) -> Result<Posted, PostFailure> {
        let (crash, refuse) = {
            let mut script = self.script();
            (script.crash.take(), script.refuse.take())
        };
        let hash = {
            let mut ledger = self.ledger();
            let hash = format!("TX{}", ledger.noted.len());
            ledger.noted.push(hash.clone());
            hash
        };
        note(&Pending {
            hash: hash.clone(),
            until: 160,
            bytes: "00".to_owned(),
        })
        .unwrap();
        if let Some(failure) = refuse {
            return Err(PostFailure::Void(failure));
        }
        match crash {
            Some(Crash::BeforeBroadcast) => std::future::pending().await,
            Some(Crash::AfterBroadcast) => {
                self.broadcast(&hash, question);
                std::future::pending().await
            }
            None => {
                tokio::time::sleep(Duration::from_millis(30)).await;
                Ok(Posted {
                    task: self.broadcast(&hash, question),
                    transaction: hash,
                })
            }
        }
    }

    async fn vote(&self, task: u64, tell: Tell<'_>) -> Result<Answered, Failure> {
        self.ledger().followed += 1;
        for progress in [
            Progress::Drawn,
            Progress::Committed(3, 5),
            Progress::Committed(5, 5),
            Progress::Revealed(4, 5),
        ] {
            tokio::time::sleep(Duration::from_millis(10)).await;
            tell(progress);
        }
        while self.script().hold {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        let outcome = self.script().outcome.clone();
        let contested = self.script().doubted;
        outcome.map(|text| Answered {
            contested,
            ..self.answered(task, &text, false)
        })
    }
}

fn model(number: u64, name: &str, seats: u32) -> ModelInfo {
    ModelInfo {
        id: if name == "2" { "4" } else { name }.to_owned(),
        number,
        manifest: Cid::of_raw(format!("manifest {number}").as_bytes()),
        name: Some(name.to_owned()),
        facts: Some(ManifestFacts {
            context_tokens: 2_048,
            chat_template: "chatml-smollm2".to_owned(),
            license: "Apache-2.0".to_owned(),
            weights_sha256: Hex([1; 32]),
        }),
        publisher: "wasm1publisher".to_owned(),
        seats,
        price: Price {
            base: Uint128::new(10),
            per_prompt_byte: Uint128::new(1),
            per_output_token: Uint128::new(2),
        },
        limits: Limits {
            max_prompt_bytes: 4_096,
            max_output_tokens: 512,
        },
    }
}

impl Answers for FakeNet {
    fn facts(&self) -> &Facts {
        &self.facts
    }

    fn models(&self) -> Later<'_, Result<Arc<Vec<ModelInfo>>, Failure>> {
        let down = self.script().down.clone();
        let models = Arc::new(self.models.clone());
        Box::pin(async move { down.map_or(Ok(models), Err) })
    }

    fn known<'a>(&'a self, question: &'a Question) -> Later<'a, Result<Option<Answered>, Failure>> {
        let found = (question.key.model, question.key.prompt);
        let entry = self.ledger().index.get(&found).cloned();
        Box::pin(async move { Ok(entry) })
    }

    fn quote<'a>(&'a self, _: &'a Question) -> Later<'a, Result<Quote, Failure>> {
        let refused = self.script().no_quote.clone();
        let quote = Quote {
            escrow: ESCROW,
            committee: 5,
        };
        Box::pin(async move { refused.map_or(Ok(quote), Err) })
    }

    fn post<'a>(
        &'a self,
        question: &'a Question,
        _: Quote,
        note: Note<'a>,
    ) -> Later<'a, Result<Posted, PostFailure>> {
        Box::pin(self.pay(question, note))
    }

    /// Nobody's money is short here.
    fn hold(&self, _: &QuestionKey, _: u128, _: &Pending) {}

    fn fate<'a>(&'a self, pending: &'a Pending) -> Later<'a, Result<Fate, Failure>> {
        let task = self.ledger().taken.get(&pending.hash).copied();
        let fate = task.map_or(Fate::Void, |task| {
            Fate::Posted(Posted {
                task,
                transaction: pending.hash.clone(),
            })
        });
        Box::pin(async move { Ok(fate) })
    }

    fn follow<'a>(
        &'a self,
        _: &'a QuestionKey,
        posted: &'a Posted,
        tell: Tell<'a>,
    ) -> Later<'a, Result<Answered, Failure>> {
        Box::pin(self.vote(posted.task, tell))
    }

    fn doubted<'a>(&'a self, _: &'a QuestionKey, _: u64) -> Later<'a, Result<bool, Failure>> {
        let doubted = self.script().doubted;
        Box::pin(async move { Ok(doubted) })
    }

    fn settled<'a>(
        &'a self,
        _: &'a QuestionKey,
        task: u64,
    ) -> Later<'a, Result<Option<Settled>, Failure>> {
        let ended = self.script().ended;
        if ended && !self.script().doubted {
            let outcome = self.script().outcome.clone();
            if let Ok(text) = outcome {
                let known = self.answered(task, &text, true);
                let key = self.ledger().tasks[&task].0.clone();
                self.ledger().index.insert((key.model, key.prompt), known);
            }
        }
        let refund = REFUND;
        Box::pin(async move { Ok(ended.then_some(Settled { refund })) })
    }

    fn receipt(&self, task: u64) -> Later<'_, Result<String, Failure>> {
        let mut ledger = self.ledger();
        ledger.receipts_built += 1;
        let exists = ledger.tasks.contains_key(&task);
        let kept = self.script().receipts.get(&task).cloned();
        Box::pin(async move {
            match (kept, exists) {
                (Some(text), _) => Ok(text),
                (None, true) => Err(Failure::NoReceiptYet { task }),
                (None, false) => Err(Failure::NoTask { task }),
            }
        })
    }

    fn probe(&self) -> Later<'_, Result<Probe, Failure>> {
        let script = self.script();
        let probe = script.down.clone().map_or(Ok(script.probe.clone()), Err);
        Box::pin(async move { probe })
    }
}
