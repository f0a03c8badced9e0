//! `set_paused`: refuses or accepts new tasks and models; nothing else stops.

use antiphon_api::PauseSet;

use crate::error::ContractError;
use crate::flow::owner;
use crate::state;
use crate::turn::Turn;

pub(crate) fn run(turn: &mut Turn<'_>, paused: bool) -> Result<(), ContractError> {
    owner::check(turn)?;
    state::owner::set_paused(turn.storage, paused);
    turn.emit(PauseSet { paused });
    Ok(())
}
