//! Checks of what users write: addresses, endpoints, keys, CIDs, prices, parameters.

use antiphon_api::{
    BeaconConfig, Cid, Limits, MAX_ENDPOINT_BYTES, MAX_MONIKER_BYTES, MAX_OUTPUT_TOKENS, MAX_PRICE,
    MAX_PROMPT_BYTES, Params, Price,
};
use antiphon_content::Codec;
use cosmwasm_std::{Api, CanonicalAddr};

use crate::error::ContractError;

/// Committees a requester can ask for.
const COMMITTEES: &str = "5, 7, 9, 11 or 15";
/// The same on a network instantiated as insecure.
const INSECURE_COMMITTEES: &str = "3, 5, 7, 9, 11 or 15";

/// The account of a text in its one spelling.
pub(crate) fn account(api: &dyn Api, text: &str) -> Result<CanonicalAddr, ContractError> {
    let refused = |_| ContractError::Address {
        got: text.chars().take(128).collect(),
    };
    let address = api.addr_validate(text).map_err(refused)?;
    api.addr_canonicalize(address.as_str()).map_err(refused)
}

/// Documents are one raw block, so that SHA-256 of the bytes is all there is to check.
pub(crate) fn raw(what: &'static str, cid: &Cid) -> Result<(), ContractError> {
    match cid.codec() {
        Codec::Raw => Ok(()),
        Codec::DagPb => Err(ContractError::Codec {
            what,
            got: cid.to_string(),
        }),
    }
}

/// An http or https URL with a host, without user, fragment, spaces or quotes.
pub(crate) fn endpoint(text: &str) -> Result<(), ContractError> {
    let rest = text
        .strip_prefix("https://")
        .or_else(|| text.strip_prefix("http://"));
    let fine = text.len() <= MAX_ENDPOINT_BYTES
        && text
            .bytes()
            .all(|byte| byte.is_ascii_graphic() && !b"\"'<>\\^`{|}#@".contains(&byte))
        && rest.is_some_and(|rest| !rest.is_empty() && !rest.starts_with(['/', '?', ':']));
    match fine {
        true => Ok(()),
        false => Err(ContractError::Endpoint {
            got: text.chars().take(160).collect(),
        }),
    }
}

/// A short name without control characters.
pub(crate) fn moniker(text: &str) -> Result<(), ContractError> {
    match text.len() <= MAX_MONIKER_BYTES && !text.chars().any(char::is_control) {
        true => Ok(()),
        false => Err(ContractError::Moniker { got: text.len() }),
    }
}

/// A point on secp256k1: the chain refuses to verify with anything else.
pub(crate) fn voter_key(api: &dyn Api, key: &[u8; 33]) -> Result<(), ContractError> {
    let mut signature = [0; 64];
    signature[31] = 1;
    signature[63] = 1;
    let compressed = matches!(key.first(), Some(2 | 3));
    match compressed && api.secp256k1_verify(&[1; 32], &signature, key).is_ok() {
        true => Ok(()),
        false => Err(ContractError::VoterKey {
            got: antiphon_api::Hex(*key).to_string(),
        }),
    }
}

/// `min_base ≤ base`, each component at most [`MAX_PRICE`].
pub(crate) fn price(price: &Price, min_base: u128) -> Result<(), ContractError> {
    let parts = [
        ("base", price.base.u128(), min_base),
        ("per_prompt_byte", price.per_prompt_byte.u128(), 0),
        ("per_output_token", price.per_output_token.u128(), 0),
    ];
    for (field, got, least) in parts {
        if got < least || got > MAX_PRICE {
            let want = format!("{least} to {MAX_PRICE}");
            return Err(ContractError::Price { field, got, want });
        }
    }
    Ok(())
}

/// What a model may accept.
pub(crate) fn limits(limits: &Limits) -> Result<(), ContractError> {
    let parts = [
        (
            "max_prompt_bytes",
            limits.max_prompt_bytes,
            MAX_PROMPT_BYTES,
        ),
        (
            "max_output_tokens",
            limits.max_output_tokens,
            MAX_OUTPUT_TOKENS,
        ),
    ];
    for (field, got, most) in parts {
        if !(1..=most).contains(&got) {
            return Err(ContractError::Limits {
                field,
                got,
                least: 1,
                most,
            });
        }
    }
    Ok(())
}

/// A size a requester can ask for.
pub(crate) fn committee(got: u32, insecure: bool) -> Result<u8, ContractError> {
    match (got, insecure) {
        (5 | 7 | 9 | 11 | 15, _) | (3, true) => {
            u8::try_from(got).map_err(|_| ContractError::Overflow)
        }
        (_, false) => Err(ContractError::Committee {
            got,
            want: COMMITTEES,
        }),
        (_, true) => Err(ContractError::Committee {
            got,
            want: INSECURE_COMMITTEES,
        }),
    }
}

fn within(field: &'static str, got: u128, least: u128, most: u128) -> Result<(), ContractError> {
    match (least..=most).contains(&got) {
        true => Ok(()),
        false => Err(ContractError::Params {
            field,
            got: got.to_string(),
            want: format!("{least} to {most}"),
        }),
    }
}

/// Every parameter inside the bounds of protocol section 9.
pub(crate) fn params(params: &Params, insecure: bool) -> Result<(), ContractError> {
    committee(params.committee, insecure)?;
    let bounds = [
        ("max_rounds", params.max_rounds.into(), 1, 3),
        ("max_draws", params.max_draws.into(), 1, 3),
        ("draw_window_blocks", params.draw_window_blocks, 5, 100_000),
        ("draw_window_seconds", params.draw_window_seconds, 5, 3_600),
        (
            "commit_window_blocks",
            params.commit_window_blocks,
            5,
            100_000,
        ),
        (
            "commit_tokens_per_block",
            params.commit_tokens_per_block.into(),
            1,
            4_096,
        ),
        (
            "reveal_window_blocks",
            params.reveal_window_blocks,
            5,
            100_000,
        ),
        (
            "appeal_window_blocks",
            params.appeal_window_blocks,
            5,
            100_000,
        ),
        ("lock_multiple", params.lock_multiple.into(), 10, 100),
        ("max_misses", params.max_misses.into(), 2, 100),
        ("jail_seconds", params.jail_seconds, 10, 86_400),
        (
            "unbonding_seconds",
            params.unbonding_seconds,
            60,
            60 * 86_400,
        ),
        ("meter_permille", params.meter_permille.into(), 1, 1_000),
        ("meter_blocks", params.meter_blocks, 10, 100_000),
        ("max_callback_gas", params.max_callback_gas, 0, 2_000_000),
        (
            "deliver_window_blocks",
            params.deliver_window_blocks,
            10,
            1_000_000,
        ),
    ];
    for (field, got, least, most) in bounds {
        within(field, u128::from(got), least, most)?;
    }
    within("min_lock", params.min_lock.u128(), 1, u128::from(u64::MAX))?;
    within("min_base", params.min_base.u128(), 1, MAX_PRICE)?;
    let deposit = params.model_deposit.u128();
    within("model_deposit", deposit, 1, u128::from(u64::MAX))
}

/// A beacon whose rounds can be computed and whose signatures can be checked.
pub(crate) fn beacon(api: &dyn Api, beacon: &BeaconConfig) -> Result<(), ContractError> {
    within("beacon.period", beacon.period.into(), 1, 86_400)?;
    within("beacon.delay_seconds", beacon.delay_seconds.into(), 1, 600)?;
    within("beacon.genesis", beacon.genesis.into(), 1, 1 << 40)?;
    // The sum of one point is the point itself, if it is one of the group.
    let key = beacon.public_key.bytes();
    match api.bls12_381_aggregate_g2(key) {
        Ok(_) if !is_infinity(key) => Ok(()),
        _ => Err(ContractError::Params {
            field: "beacon.public_key",
            got: beacon.public_key.to_string(),
            want: "a compressed point of BLS12-381 G2, not the one at infinity".to_owned(),
        }),
    }
}

/// The compressed point at infinity: a key under which everybody can sign, and the signature for it.
pub(crate) fn is_infinity(point: &[u8]) -> bool {
    matches!(point, [0xc0, rest @ ..] if rest.iter().all(|byte| *byte == 0))
}

/// A native denom, as the bank module spells them.
pub(crate) fn denom(denom: &str) -> Result<(), ContractError> {
    let fine = (3..=128).contains(&denom.len())
        && denom.starts_with(|first: char| first.is_ascii_alphabetic())
        && denom
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"/:._-".contains(&byte));
    match fine {
        true => Ok(()),
        false => Err(ContractError::Params {
            field: "denom",
            got: denom.chars().take(160).collect(),
            want: "3 to 128 of a-zA-Z0-9/:._- with a letter first".to_owned(),
        }),
    }
}
