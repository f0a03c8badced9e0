//! What the gateway did, counted where it happens, as Prometheus text. docs/gateway.md lists every name.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Upper bounds of the stages' histogram, in seconds.
const BUCKETS: [f64; 11] = [0.25, 0.5, 1.0, 2.0, 3.0, 5.0, 8.0, 13.0, 30.0, 60.0, 300.0];

/// How a request was spared a task of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Dedupe {
    /// Another request asked the same at that moment.
    Flight,
    /// An earlier task of this gateway.
    Task,
    /// A final answer on chain.
    Index,
}

impl Dedupe {
    const fn name(self) -> &'static str {
        match self {
            Self::Flight => "flight",
            Self::Task => "task",
            Self::Index => "index",
        }
    }
}

/// What is measured when it is asked for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Gauges {
    /// Questions can be answered.
    pub ready: bool,
    /// The newest height; 0 while none was seen.
    pub height: u64,
    /// Coins of the paying account, and its balance in the contract; none for who may not know.
    pub balance: Option<(u128, u128)>,
    /// Requests in work.
    pub requests: usize,
    /// Questions under way.
    pub questions: usize,
    /// Tasks whose end is waited for.
    pub open_tasks: usize,
    /// Transactions in doubt.
    pub in_doubt: usize,
}

/// Counters behind one lock, never held across an await.
#[derive(Debug, Default)]
pub struct Metrics {
    inner: Mutex<Inner>,
}

#[derive(Debug, Default)]
struct Inner {
    requests: BTreeMap<(&'static str, u16), u64>,
    posted: u64,
    dedupe: BTreeMap<Dedupe, u64>,
    stages: BTreeMap<&'static str, Histogram>,
}

#[derive(Debug, Default)]
struct Histogram {
    buckets: [u64; BUCKETS.len()],
    sum: f64,
    count: u64,
}

impl Metrics {
    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A request was answered.
    pub fn request(&self, route: &'static str, status: u16) {
        more(self.lock().requests.entry((route, status)).or_default());
    }

    /// A task was paid for.
    pub fn posted(&self) {
        more(&mut self.lock().posted);
    }

    /// A request was spared a task.
    pub fn dedupe(&self, how: Dedupe) {
        more(self.lock().dedupe.entry(how).or_default());
    }

    /// A question came this far, so many seconds after it was asked.
    pub fn stage(&self, name: &'static str, seconds: f64) {
        let mut inner = self.lock();
        let histogram = inner.stages.entry(name).or_default();
        for (bucket, bound) in histogram.buckets.iter_mut().zip(BUCKETS) {
            if seconds <= bound {
                more(bucket);
            }
        }
        histogram.sum += seconds;
        more(&mut histogram.count);
    }

    /// Everything, as Prometheus reads it.
    #[must_use]
    pub fn text(&self, gauges: &Gauges, denom: &str) -> String {
        let mut page = Page(String::new());
        self.counters(&mut page);
        page.gauges(gauges, denom);
        page.0
    }

    fn counters(&self, page: &mut Page) {
        let inner = self.lock();
        page.head(
            "antiphon_gateway_requests_total",
            "counter",
            "Requests answered, by route and status.",
        );
        for ((route, status), count) in &inner.requests {
            page.line(&format!(
                "antiphon_gateway_requests_total{{route=\"{route}\",status=\"{status}\"}} {count}"
            ));
        }
        page.head(
            "antiphon_gateway_tasks_posted_total",
            "counter",
            "Tasks paid for.",
        );
        page.line(&format!(
            "antiphon_gateway_tasks_posted_total {}",
            inner.posted
        ));
        page.head("antiphon_gateway_dedupe_hits_total", "counter", "Requests spared a task of their own: joined a question under way (flight), an earlier task (task), or a final answer on chain (index).");
        for how in [Dedupe::Flight, Dedupe::Task, Dedupe::Index] {
            let count = inner.dedupe.get(&how).copied().unwrap_or(0);
            page.line(&format!(
                "antiphon_gateway_dedupe_hits_total{{by=\"{}\"}} {count}",
                how.name()
            ));
        }
        page.head(
            "antiphon_gateway_stage_seconds",
            "histogram",
            "Seconds from the request to a stage of its task.",
        );
        for (stage, histogram) in &inner.stages {
            page.histogram(stage, histogram);
        }
    }
}

struct Page(String);

impl Page {
    fn line(&mut self, line: &str) {
        self.0.push_str(line);
        self.0.push('\n');
    }

    fn head(&mut self, name: &str, kind: &str, help: &str) {
        self.line(&format!("# HELP {name} {help}"));
        self.line(&format!("# TYPE {name} {kind}"));
    }

    fn histogram(&mut self, stage: &str, histogram: &Histogram) {
        let name = "antiphon_gateway_stage_seconds";
        for (bound, count) in BUCKETS.iter().zip(histogram.buckets) {
            self.line(&format!(
                "{name}_bucket{{stage=\"{stage}\",le=\"{bound}\"}} {count}"
            ));
        }
        let (sum, count) = (histogram.sum, histogram.count);
        self.line(&format!(
            "{name}_bucket{{stage=\"{stage}\",le=\"+Inf\"}} {count}"
        ));
        self.line(&format!("{name}_sum{{stage=\"{stage}\"}} {sum}"));
        self.line(&format!("{name}_count{{stage=\"{stage}\"}} {count}"));
    }

    fn balance(&mut self, account: u128, prepaid: u128, denom: &str) {
        let name = "antiphon_gateway_balance";
        self.head(
            name,
            "gauge",
            "What the paying account has, in its own hands and in the contract.",
        );
        for (place, amount) in [("account", account), ("contract", prepaid)] {
            self.line(&format!(
                "{name}{{where=\"{place}\",denom=\"{denom}\"}} {amount}"
            ));
        }
    }

    fn gauges(&mut self, gauges: &Gauges, denom: &str) {
        if let Some((account, prepaid)) = gauges.balance {
            self.balance(account, prepaid, denom);
        }
        let list: [(&str, &str, u64); 6] = [
            (
                "antiphon_gateway_ready",
                "1 if questions can be answered.",
                u64::from(gauges.ready),
            ),
            (
                "antiphon_gateway_height",
                "The newest height seen.",
                gauges.height,
            ),
            (
                "antiphon_gateway_requests_in_work",
                "Requests in work.",
                wide(gauges.requests),
            ),
            (
                "antiphon_gateway_questions_under_way",
                "Different questions under way.",
                wide(gauges.questions),
            ),
            (
                "antiphon_gateway_open_tasks",
                "Tasks whose end is waited for.",
                wide(gauges.open_tasks),
            ),
            (
                "antiphon_gateway_transactions_in_doubt",
                "Signed transactions whose fate is not known yet.",
                wide(gauges.in_doubt),
            ),
        ];
        for (name, help, value) in list {
            self.head(name, "gauge", help);
            self.line(&format!("{name} {value}"));
        }
        let name = "antiphon_gateway_info";
        self.head(name, "gauge", "Always 1; the label tells the version.");
        let version = env!("CARGO_PKG_VERSION");
        self.line(&format!("{name}{{version=\"{version}\"}} 1"));
    }
}

fn more(counter: &mut u64) {
    *counter = counter.saturating_add(1);
}

fn wide(number: usize) -> u64 {
    u64::try_from(number).unwrap_or(u64::MAX)
}
