//! Prompts that a task carries: no holder is needed, and `unavailable` is no outcome.

use antiphon_api::*;
use cosmwasm_std::HexBinary;

use crate::suite::network::find;
use crate::suite::votes::*;
use crate::suite::{Network, Options};

const PROMPT: &[u8] = b"0123456789";

fn post(network: &mut Network, block: &[u8], prompt_bytes: u32) -> Result<u64, String> {
    let msg = ExecuteMsg::PostTask {
        model: 1,
        prompt: Cid::of_raw(PROMPT),
        prompt_bytes,
        max_output_tokens: 80,
        holders: Vec::new(),
        block: Some(HexBinary::from(block)),
        committee: None,
        callback: None,
    };
    let requester = network.requester.clone();
    let response = network.pay(&requester, &msg, 500)?;
    let added: TaskAdded = find(&response.events).unwrap();
    Ok(added.task)
}

#[test]
fn members_get_the_prompt_from_the_task_itself_until_its_end() {
    let mut network = Network::five();
    let task = post(&mut network, PROMPT, 10).unwrap();
    assert!(network.task(task).carried);
    let kept = |network: &Network| {
        let records = network.copy().records();
        records.iter().filter(|(_, value)| value == PROMPT).count()
    };
    assert_eq!(kept(&network), 1);
    network.draw(task);
    let worker = network.members(task, 0)[0].address.to_string();
    let duties: DutiesResponse = network.query(&QueryMsg::Duties {
        worker,
        start_after: None,
        limit: None,
    });
    assert_eq!(duties.duties[0].block, Some(HexBinary::from(PROMPT)));
    network.play(task, &[Answer("a"); 5]);
    network.advance(task);
    assert_eq!(network.task(task).status, TaskStatus::Final);
    assert_eq!(kept(&network), 0, "nobody pays for bytes that nobody needs");
}

#[test]
fn unavailable_cannot_decide_and_is_a_miss() {
    let mut network = Network::five();
    let task = post(&mut network, PROMPT, 10).unwrap();
    network.draw(task);
    let first = network.members(task, 0)[0].clone();
    network.play(task, &[Unavailable; 5]);
    network.advance(task);
    assert_eq!(network.task(task).status, TaskStatus::Failed);
    assert_eq!(network.worker(&first).misses, 1);
}

#[test]
fn a_block_that_is_not_the_prompt_is_refused() {
    let mut network = Network::start(&Options::default());
    for (block, bytes) in [(&b"012345678x"[..], 10), (PROMPT, 9), (b"", 10)] {
        let refused = post(&mut network, block, bytes).unwrap_err();
        assert!(refused.contains("E_BLOCK"), "{refused}");
    }
}

#[test]
fn without_a_block_a_holder_must_be_named() {
    let mut network = Network::five();
    let msg = ExecuteMsg::PostTask {
        model: 1,
        prompt: Cid::of_raw(PROMPT),
        prompt_bytes: 10,
        max_output_tokens: 80,
        holders: Vec::new(),
        block: None,
        committee: None,
        callback: None,
    };
    let requester = network.requester.clone();
    let refused = network.pay(&requester, &msg, 500).unwrap_err();
    assert!(refused.contains("E_HOLDERS"), "{refused}");
}
