//! `renounce_ownership`: gives the ownership up for ever. A pause ends with it, for nobody else could.

use antiphon_api::PauseSet;

use crate::error::ContractError;
use crate::flow::owner;
use crate::state;
use crate::turn::Turn;

pub(crate) fn run(turn: &mut Turn<'_>) -> Result<(), ContractError> {
    owner::check(turn)?;
    if state::owner::is_paused(turn.storage) {
        state::owner::set_paused(turn.storage, false);
        turn.emit(PauseSet { paused: false });
    }
    owner::set(turn, None)
}
