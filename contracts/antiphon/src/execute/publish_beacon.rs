//! `publish_beacon`: brings the randomness that tasks wait for, and draws their committees.

use antiphon_api::{BeaconConfig, BeaconPublished, Hex, MAX_ADVANCES_PER_MESSAGE};
use antiphon_rules::Schedule;
use antiphon_rules::beacon::{beacon_message, randomness};
use antiphon_rules::life::{Due, Randomness};
use cosmwasm_std::{BLS12_381_G2_GENERATOR, HashFunction};

use crate::error::ContractError;
use crate::flow::facts::due_of;
use crate::flow::{draw, open_task, transition};
use crate::state::beacon;
use crate::state::config;
use crate::turn::Turn;
use crate::validate;

/// The domain of drand's signatures on G1 (scheme bls-unchained-g1-rfc9380).
const DOMAIN: &[u8] = b"BLS_SIG_BLS12381G1_XMD:SHA-256_SSWU_RO_NUL_";

pub(crate) fn run(
    turn: &mut Turn<'_>,
    round: u64,
    signature: &Hex<48>,
    draws: u32,
) -> Result<(), ContractError> {
    turn.no_coins()?;
    let draws = usize::try_from(draws).unwrap_or(usize::MAX);
    if draws > MAX_ADVANCES_PER_MESSAGE {
        return Err(ContractError::Batch {
            what: "draws",
            got: draws,
            least: 0,
            most: MAX_ADVANCES_PER_MESSAGE,
        });
    }
    if beacon::first_waiting(turn.storage, round).is_none() {
        return Err(ContractError::BeaconNotAwaited { round });
    }
    if beacon::randomness(turn.storage, round)?.is_none() {
        accept(turn, round, signature)?;
    }
    for _ in 0..draws {
        if !serve_first(turn, round)? {
            break;
        }
    }
    Ok(())
}

/// Refuses a round before its time. So a draw is never earlier than its round, and vacancies that
/// arise later wait for a later one: randomness that was seen draws nobody twice.
fn check_published(
    turn: &Turn<'_>,
    round: u64,
    beacon: &BeaconConfig,
) -> Result<(), ContractError> {
    let schedule = Schedule {
        genesis: beacon.genesis,
        period: beacon.period,
    };
    let (now, published) = (turn.env.block.time.seconds(), schedule.published(round)?);
    match now < published {
        true => Err(ContractError::BeaconEarly {
            round,
            now,
            published,
        }),
        false => Ok(()),
    }
}

/// Checks the signature and keeps its randomness while tasks wait for it.
fn accept(turn: &mut Turn<'_>, round: u64, signature: &Hex<48>) -> Result<(), ContractError> {
    let beacon = config::get(turn.storage)?.beacon;
    check_published(turn, round, &beacon)?;
    if !is_signed(turn, round, signature, &beacon.public_key) {
        return Err(ContractError::BeaconSignature { round });
    }
    let value = Randomness {
        value: randomness(signature.bytes()),
        published: turn.now(),
    };
    beacon::set_randomness(turn.storage, round, &value);
    turn.emit(BeaconPublished { round });
    Ok(())
}

fn is_signed(turn: &Turn<'_>, round: u64, signature: &Hex<48>, key: &Hex<96>) -> bool {
    if validate::is_infinity(signature.bytes()) {
        return false;
    }
    turn.api
        .bls12_381_hash_to_g1(HashFunction::Sha256, &beacon_message(round), DOMAIN)
        .ok()
        .and_then(|message| {
            turn.api
                .bls12_381_pairing_equality(
                    signature.bytes(),
                    &BLS12_381_G2_GENERATOR,
                    &message,
                    key.bytes(),
                )
                .ok()
        })
        .unwrap_or(false)
}

/// Draws the lowest task that waits, or, if the round came too late for it, lets it go on without:
/// others wait behind it. False if nothing can be done.
fn serve_first(turn: &mut Turn<'_>, round: u64) -> Result<bool, ContractError> {
    let Some(id) = beacon::first_waiting(turn.storage, round) else {
        return Ok(false);
    };
    let Some(mut open) = open_task(turn.storage, id)? else {
        return Ok(false);
    };
    match due_of(turn.storage, id, &open, turn.now())? {
        Due::Draw(randomness) => draw::run(turn, id, &mut open, &randomness).map(|()| true),
        Due::Undecided => transition::advance(turn, id).map(|()| true),
        _ => Ok(false),
    }
}
