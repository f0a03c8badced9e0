//! Every message at its usual and at its heaviest, each sent once into a world.

mod ends;
mod owner;
mod tasks;
mod votes;
mod workers;

use antiphon_api::ExecuteMsg;
use antiphon_vm::machine::Call;
use antiphon_vm::tx::Sent;
use cosmwasm_std::{Addr, Reply};

use super::world::{World, info};

/// What a scene sends at last, and what it must bring about.
pub struct Shot {
    pub call: Call,
    pub sent: Sent,
    /// An event, and how often it is told: proof that the scene is what its name says.
    pub tells: (&'static str, usize),
}

/// A name, and how it comes about.
pub struct Scene {
    pub name: &'static str,
    pub play: fn(&mut World) -> Shot,
}

/// All of them, in the order of the table.
pub fn all() -> Vec<Scene> {
    let mut scenes = tasks::scenes();
    scenes.extend(votes::scenes());
    scenes.extend(ends::scenes());
    scenes.extend(workers::scenes());
    scenes.extend(owner::scenes());
    scenes
}

fn scene(name: &'static str, play: fn(&mut World) -> Shot) -> Scene {
    Scene { name, play }
}

/// A message without coins.
fn shot(sender: &Addr, msg: ExecuteMsg, kind: &'static str, times: usize) -> Shot {
    paid(sender, msg, 0, kind, times)
}

/// A message with coins.
fn paid(sender: &Addr, msg: ExecuteMsg, amount: u128, kind: &'static str, times: usize) -> Shot {
    let msg = serde_json::to_vec(&msg).unwrap();
    Shot {
        sent: Sent::Message {
            bytes: msg.len() as u64,
            coins: amount > 0,
        },
        call: Call::Execute(info(sender, amount), msg),
        tells: (kind, times),
    }
}

/// What comes back from a message that the contract sent.
fn back(reply: Reply, kind: &'static str) -> Shot {
    Shot {
        call: Call::Reply(Box::new(reply)),
        sent: Sent::Within,
        tells: (kind, 1),
    }
}
