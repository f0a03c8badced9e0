//! The entry points by themselves: what instantiation checks, and the reply to a refused burn.

use antiphon_api::*;
use antiphon_contract::{ContractError, contract};
use cosmwasm_std::testing::{message_info, mock_dependencies, mock_env};
use cosmwasm_std::{Addr, Binary, Reply, SubMsgResult, from_json};

use crate::suite::{Beacon, Options};

fn message() -> InstantiateMsg {
    InstantiateMsg {
        denom: "uanti".to_owned(),
        owner: None,
        beacon: Beacon::new(1, 1_000).config(1),
        params: Options::default().params,
        insecure: false,
    }
}

fn instantiate(msg: InstantiateMsg) -> Result<(), ContractError> {
    let mut deps = mock_dependencies();
    let info = message_info(&Addr::unchecked("creator"), &[]);
    let sender = deps.api.addr_make("creator");
    let info = cosmwasm_std::MessageInfo { sender, ..info };
    contract::instantiate(deps.as_mut(), mock_env(), info, msg).map(|_| ())
}

#[test]
fn defaults_of_both_networks_are_inside_the_bounds() {
    for params in [Params::local(), Params::public()] {
        instantiate(InstantiateMsg {
            params,
            ..message()
        })
        .unwrap();
    }
}

/// A parameter and how to spoil it.
type Change = (&'static str, fn(&mut Params));

#[test]
fn parameters_outside_their_bounds_are_refused() {
    let changes: [Change; 12] = [
        ("committee", |it| it.committee = 6),
        ("max_rounds", |it| it.max_rounds = 4),
        ("max_draws", |it| it.max_draws = 0),
        ("draw_window_blocks", |it| it.draw_window_blocks = 4),
        ("draw_window_seconds", |it| it.draw_window_seconds = 3_601),
        ("commit_tokens_per_block", |it| {
            it.commit_tokens_per_block = 0
        }),
        ("lock_multiple", |it| it.lock_multiple = 9),
        ("max_misses", |it| it.max_misses = 1),
        ("unbonding_seconds", |it| it.unbonding_seconds = 59),
        ("meter_permille", |it| it.meter_permille = 1_001),
        ("min_lock", |it| it.min_lock = Uint128::zero()),
        ("max_callback_gas", |it| it.max_callback_gas = 2_000_001),
    ];
    for (field, change) in changes {
        let mut msg = message();
        change(&mut msg.params);
        let error = instantiate(msg).unwrap_err().to_string();
        assert!(error.contains(field), "{error}");
    }
}

#[test]
fn a_beacon_that_is_none_is_refused() {
    let zero_key = BeaconConfig {
        public_key: Hex([0; 96]),
        ..message().beacon
    };
    let mut infinity = zero_key.clone();
    infinity.public_key.0[0] = 0xc0;
    let no_period = BeaconConfig {
        period: 0,
        ..message().beacon
    };
    let no_delay = BeaconConfig {
        delay_seconds: 0,
        ..message().beacon
    };
    for beacon in [zero_key, infinity, no_period, no_delay] {
        let msg = InstantiateMsg {
            beacon,
            ..message()
        };
        let error = instantiate(msg).unwrap_err().to_string();
        assert!(error.starts_with("E_PARAMS: got beacon."), "{error}");
    }
}

#[test]
fn denoms_and_owners_are_checked() {
    for denom in ["", "u", "1abc", "u anti"] {
        let msg = InstantiateMsg {
            denom: denom.to_owned(),
            ..message()
        };
        let error = instantiate(msg).unwrap_err().to_string();
        assert!(error.contains("got denom"), "{error}");
    }
    let msg = InstantiateMsg {
        owner: Some("nobody".to_owned()),
        ..message()
    };
    assert!(
        instantiate(msg)
            .unwrap_err()
            .to_string()
            .starts_with("E_ADDRESS")
    );
}

#[test]
fn a_network_is_created_without_coins() {
    let mut deps = mock_dependencies();
    let sender = deps.api.addr_make("creator");
    let info = message_info(&sender, &cosmwasm_std::coins(1, "uanti"));
    let refused = contract::instantiate(deps.as_mut(), mock_env(), info, message());
    assert!(refused.unwrap_err().to_string().starts_with("E_NO_COINS"));
}

fn totals(deps: cosmwasm_std::Deps<'_>) -> TotalsResponse {
    from_json(contract::query(deps, mock_env(), QueryMsg::Totals {}).unwrap()).unwrap()
}

#[test]
fn a_refused_burn_fills_the_pot_again() {
    let mut deps = mock_dependencies();
    let sender = deps.api.addr_make("creator");
    let info = message_info(&sender, &[]);
    contract::instantiate(deps.as_mut(), mock_env(), info, message()).unwrap();
    // Totals with 30 coins in and 30 burned, as an `advance` that flushed leaves them.
    let mut record = vec![0; 11 * 16];
    record[8 * 16 + 15] = 30;
    record[10 * 16 + 15] = 30;
    cosmwasm_std::Storage::set(&mut deps.storage, &[0x04], &record);
    assert_eq!(totals(deps.as_ref()).burned.u128(), 30);

    let reply = |id: u64, payload: Vec<u8>| Reply {
        id,
        payload: Binary::from(payload),
        gas_used: 0,
        result: SubMsgResult::Err("no burner".to_owned()),
    };
    let amount = 30_u128.to_be_bytes().to_vec();
    let answered = contract::reply(deps.as_mut(), mock_env(), reply(1, amount)).unwrap();
    let event = BurnFailed::try_from(&answered.events[0]).unwrap();
    assert_eq!(event.amount.u128(), 30);
    let after = totals(deps.as_ref());
    assert_eq!((after.burned.u128(), after.to_burn.u128()), (0, 30));

    let error = contract::reply(deps.as_mut(), mock_env(), reply(3, vec![])).unwrap_err();
    assert!(error.to_string().starts_with("E_REPLY"));
}
