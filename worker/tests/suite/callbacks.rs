//! Contracts that asked are told for a fee: by one worker, in turn, and only when it pays.

use antiphon_api::{Ballot, CallbackInfo, Cid, Finish, Hex, TaskStatus, Uint128};

use crate::fake::{Harness, RESERVE, World, edges, world::prompt};

const TEXT: &str = "Because of Rayleigh scattering.";
/// This worker's place among the members is the third, so two turns of three blocks pass before its own.
const OTHERS_TURNS: u64 = 6;

/// Gas that the receiver may use, and the price of it.
const RECEIVER: u64 = 200_000;
const ITS_PRICE: u128 = 2;

/// A task at its end whose requester, a contract, wants to be told, and a worker that answered it.
struct Scene {
    world: World,
    harness: Harness,
    task: u64,
    _home: tempfile::TempDir,
}

impl Scene {
    async fn new(fee: u128) -> Self {
        let world = World::new(0, 0);
        let home = tempfile::tempdir().unwrap();
        let harness = Harness::new(world.clone(), home.path().to_owned());
        let block = prompt(1);
        harness
            .content
            .served
            .lock()
            .unwrap()
            .insert(Cid::of_raw(&block), block.clone());
        let task = world.post(&block);
        let mut scene = Self {
            world,
            harness,
            task,
            _home: home,
        };
        scene.callback(fee, None);
        while !scene.world.over() {
            scene.harness.block().await;
        }
        scene
    }

    fn callback(&self, fee: u128, deadline: Option<u64>) {
        let mut state = self.world.lock();
        let response = &mut state.tasks.get_mut(&self.task).unwrap().response;
        response.callback = Some(CallbackInfo {
            gas_limit: RECEIVER,
            with_text: true,
            fee: Uint128::new(fee),
            deadline,
        });
    }

    /// The task is settled in the present block: its end can be told from now on.
    fn settle(&self, fee: u128) {
        self.settle_until(fee, u64::MAX);
    }

    fn settle_until(&self, fee: u128, deadline: u64) {
        self.callback(fee, Some(deadline));
        let mut state = self.world.lock();
        let height = state.height;
        let response = &mut state.tasks.get_mut(&self.task).unwrap().response;
        assert_eq!(response.status, TaskStatus::Final);
        (response.entered, response.outcome_round) = (height, Some(0));
        response.outcome = Some(Ballot::Answer {
            cid: Cid::of_raw(TEXT.as_bytes()),
            finish: Finish::Stop,
            output_tokens: 3,
            prompt_tokens: 7,
            trace: Hex([0; 32]),
        });
    }

    fn delivered_by_another(&self) {
        let mut state = self.world.lock();
        let response = &mut state.tasks.get_mut(&self.task).unwrap().response;
        response.callback = None;
    }

    fn has_text(&self) {
        let cid = Cid::of_raw(TEXT.as_bytes());
        let mut served = self.harness.content.served.lock().unwrap();
        served.insert(cid, TEXT.as_bytes().to_vec());
    }

    async fn blocks(&mut self, blocks: u64) {
        for _ in 0..blocks {
            self.harness.block().await;
        }
    }

    /// Heights at which deliveries were sent, and with what gas limits.
    fn limits(&self) -> Vec<(u64, Option<u64>)> {
        self.world.lock().told.limits.clone()
    }

    fn delivered(&self) -> Vec<(u64, Option<String>)> {
        self.world.lock().told.delivered.clone()
    }
}

#[tokio::test(start_paused = true)]
async fn a_callback_is_delivered_with_its_text_after_the_turns_of_members_before_us() {
    let mut scene = Scene::new(10).await;
    scene.has_text();
    scene.settle(10);
    scene.blocks(OTHERS_TURNS).await;
    assert_eq!(scene.delivered(), []);
    scene.blocks(20).await;
    assert_eq!(scene.delivered(), [(scene.task, Some(TEXT.to_owned()))]);
    let limit = edges::SIMULATED + RECEIVER;
    let limits: Vec<Option<u64>> = scene.limits().iter().map(|(_, limit)| *limit).collect();
    assert_eq!(limits, [Some(limit)]);
}

#[tokio::test(start_paused = true)]
async fn a_receiver_that_is_cheap_only_in_simulation_is_told_only_for_the_price_of_its_whole_limit()
{
    for (fee, told) in [(ITS_PRICE + 4, 0), (ITS_PRICE + 5, 1)] {
        let mut scene = Scene::new(fee).await;
        scene.world.lock().told.cost = 4;
        scene.has_text();
        scene.settle(fee);
        scene.blocks(60).await;
        assert_eq!(scene.delivered().len(), told, "fee {fee}");
    }
}

#[tokio::test(start_paused = true)]
async fn coins_kept_for_reveals_are_not_spent_on_telling() {
    let mut scene = Scene::new(10).await;
    scene.world.lock().told.purse = RESERVE + ITS_PRICE - 1;
    scene.has_text();
    scene.settle(10);
    scene.blocks(30).await;
    assert_eq!(scene.delivered(), []);
    scene.world.lock().told.purse = RESERVE + ITS_PRICE;
    scene.blocks(60).await;
    assert_eq!(scene.delivered().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn nothing_is_sent_in_the_last_block_of_the_window_since_it_lands_after_it() {
    let mut sent = Vec::new();
    for window in OTHERS_TURNS..OTHERS_TURNS + 12 {
        let mut scene = Scene::new(10).await;
        scene.has_text();
        let deadline = scene.world.lock().height + window;
        scene.settle_until(10, deadline);
        scene.blocks(60).await;
        let heights: Vec<u64> = scene.limits().iter().map(|(height, _)| *height).collect();
        assert!(heights.iter().all(|height| *height < deadline), "{window}");
        sent.push(heights.len());
    }
    assert_eq!((sent[0], sent[11]), (0, 1), "{sent:?}");
    assert!(sent.is_sorted(), "{sent:?}");
}

#[tokio::test(start_paused = true)]
async fn what_another_worker_delivered_costs_us_nothing() {
    let mut scene = Scene::new(10).await;
    scene.has_text();
    scene.settle(10);
    scene.blocks(2).await;
    scene.delivered_by_another();
    scene.blocks(60).await;
    assert_eq!(scene.delivered(), []);
}

#[tokio::test(start_paused = true)]
async fn a_fee_below_the_gas_is_left_alone() {
    let mut scene = Scene::new(10).await;
    scene.world.lock().told.cost = 10;
    scene.has_text();
    scene.settle(10);
    scene.blocks(60).await;
    assert_eq!(scene.delivered(), []);
}

#[tokio::test(start_paused = true)]
async fn a_call_that_failed_is_not_repeated_although_it_stays_deliverable() {
    let mut scene = Scene::new(10).await;
    scene.has_text();
    scene.world.lock().told.receiver_fails = true;
    scene.settle(10);
    scene.blocks(120).await;
    assert_eq!(scene.delivered().len(), 1);
    let task = &scene.world.lock().tasks[&scene.task].response;
    assert!(task.callback.as_ref().unwrap().fee.is_zero());
}

#[tokio::test(start_paused = true)]
async fn a_text_that_comes_late_is_waited_for() {
    let mut scene = Scene::new(10).await;
    scene.settle(10);
    scene.blocks(30).await;
    assert_eq!(scene.delivered(), []);
    scene.has_text();
    scene.blocks(60).await;
    assert_eq!(scene.delivered(), [(scene.task, Some(TEXT.to_owned()))]);
}

#[tokio::test(start_paused = true)]
async fn a_worker_told_not_to_deliver_does_not() {
    let mut scene = Scene::new(10).await;
    scene.harness.settings.deliver = false;
    scene.harness.restart().await;
    scene.has_text();
    scene.settle(10);
    scene.blocks(60).await;
    assert_eq!(scene.delivered(), []);
}
