//! What the owner does.

use antiphon_api::{ExecuteMsg, Params};

use super::{Scene, Shot, scene, shot};
use crate::world::World;

pub(super) fn scenes() -> Vec<Scene> {
    vec![
        scene("update_params", |world| {
            let params = Params::public();
            owner(world, ExecuteMsg::UpdateParams { params }, "params_updated")
        }),
        scene("set_paused", |world| {
            owner(world, ExecuteMsg::SetPaused { paused: true }, "pause_set")
        }),
        scene("transfer_ownership", |world| {
            let to = Some(world.stranger.to_string());
            owner(
                world,
                ExecuteMsg::TransferOwnership { to },
                "ownership_offered",
            )
        }),
        scene("accept_ownership", |world| {
            let to = Some(world.stranger.to_string());
            let owner = world.owner.clone();
            world.run(&owner, &ExecuteMsg::TransferOwnership { to }, 0);
            let msg = ExecuteMsg::AcceptOwnership {};
            shot(&world.stranger, msg, "owner_changed", 1)
        }),
        scene("renounce_ownership", |world| {
            owner(world, ExecuteMsg::RenounceOwnership {}, "owner_changed")
        }),
    ]
}

fn owner(world: &World, msg: ExecuteMsg, kind: &'static str) -> Shot {
    shot(&world.owner, msg, kind, 1)
}
