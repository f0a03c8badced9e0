//! What comes back from messages this contract sent: only their failures are asked for.

use antiphon_api::{BurnFailed, CallbackFailed, Uint128};
use cosmwasm_std::{Binary, DepsMut, Reply, Response, Storage};

use crate::error::ContractError;
use crate::state::books::Books;
use crate::state::callbacks::{self, Callback};
use crate::state::record::{Damaged, Reader, Record, Writer, decode};
use crate::state::tasks;

/// The burn of `advance`.
pub(crate) const BURN: u64 = 1;
/// The call of `deliver`.
pub(crate) const DELIVER: u64 = 2;

/// A callback as it was before its delivery failed. Its fee is paid already.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Undelivered {
    pub(crate) task: u64,
    pub(crate) gas_limit: u64,
    pub(crate) with_text: bool,
    pub(crate) deadline: u64,
}

impl Record for Undelivered {
    const NAME: &'static str = "undelivered callback";

    fn write(&self, to: &mut Writer) {
        to.u64(self.task).u64(self.gas_limit);
        to.bool(self.with_text).u64(self.deadline);
    }

    fn read(from: &mut Reader<'_>) -> Result<Self, Damaged> {
        Ok(Self {
            task: from.u64()?,
            gas_limit: from.u64()?,
            with_text: from.bool()?,
            deadline: from.u64()?,
        })
    }
}

impl Undelivered {
    pub(crate) fn to_payload(self) -> Binary {
        let mut writer = Writer::default();
        self.write(&mut writer);
        Binary::from(writer.into_bytes())
    }
}

pub(crate) fn run(deps: DepsMut<'_>, reply: &Reply) -> Result<Response, ContractError> {
    match reply.id {
        BURN => not_burned(deps.storage, reply),
        DELIVER => not_delivered(deps, reply),
        id => Err(ContractError::Reply { id }),
    }
}

fn not_burned(storage: &mut dyn Storage, reply: &Reply) -> Result<Response, ContractError> {
    let amount = decode::<u128>(&reply.payload)?;
    let mut books = Books::open(storage)?;
    books.unburn(amount)?;
    books.close(storage);
    Ok(Response::new().add_event(BurnFailed {
        amount: Uint128::new(amount),
    }))
}

/// Leaves the callback deliverable, without a fee.
fn not_delivered(deps: DepsMut<'_>, reply: &Reply) -> Result<Response, ContractError> {
    let failed = decode::<Undelivered>(&reply.payload)?;
    let callback = Callback {
        gas_limit: failed.gas_limit,
        with_text: failed.with_text,
        fee: 0,
        deadline: failed.deadline,
    };
    callbacks::set(deps.storage, failed.task, &callback);
    let receiver = tasks::get(deps.storage, failed.task)?.requester;
    Ok(Response::new().add_event(CallbackFailed {
        task: failed.task,
        receiver: deps.api.addr_humanize(&receiver)?.into_string(),
    }))
}
