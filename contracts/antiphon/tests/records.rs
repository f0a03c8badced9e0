//! Models, seats and profiles: what is checked before it is on record.

use antiphon_api::*;

use crate::messages::assert_code;
use crate::suite::network::price;
use crate::suite::{Network, Options, Worker};

#[test]
fn seats_need_a_worker_a_voter_and_a_free_bond() {
    let mut network = Network::five();
    let newcomer = Worker::new(network.stranger.clone(), 50);
    let join = ExecuteMsg::JoinModel { model: 1 };
    assert_code(network.run(&newcomer.address, &join), "E_UNKNOWN_WORKER");
    network
        .pay(&newcomer.address, &ExecuteMsg::Bond {}, 2_999)
        .unwrap();
    assert_code(network.run(&newcomer.address, &join), "E_NO_VOTER");
    let update = ExecuteMsg::UpdateWorker {
        endpoint: None,
        moniker: Some("new".to_owned()),
        voter: Some(newcomer.public_key()),
    };
    network.run(&newcomer.address, &update).unwrap();
    assert_code(
        network.run(&newcomer.address, &join),
        "E_BOND: got a free bond of 2999, want at least the seat lock of 3000",
    );
    network
        .pay(&newcomer.address, &ExecuteMsg::Bond {}, 1)
        .unwrap();
    assert_code(
        network.run(&newcomer.address, &ExecuteMsg::JoinModel { model: 9 }),
        "E_UNKNOWN_MODEL",
    );
    network.run(&newcomer.address, &join).unwrap();
    assert_code(network.run(&newcomer.address, &join), "E_SEATED");
    assert_code(
        network.run(&newcomer.address, &ExecuteMsg::LeaveModel { model: 2 }),
        "E_NOT_SEATED",
    );
}

#[test]
fn a_worker_holds_at_most_sixteen_seats() {
    let mut network = Network::five();
    let worker = network.workers[0].address.clone();
    for model in 2..=17 {
        network.register();
        let joined = network.run(&worker, &ExecuteMsg::JoinModel { model });
        match model <= 16 {
            true => assert!(joined.is_ok()),
            false => assert_code(joined, "E_SEATS"),
        }
    }
    assert_eq!(network.worker(&network.workers[0]).seats.len(), 16);
}

#[test]
fn profiles_are_checked() {
    let mut network = Network::five();
    let worker = network.workers[0].address.clone();
    let endpoint = |text: &str| ExecuteMsg::UpdateWorker {
        endpoint: Some(text.to_owned()),
        moniker: None,
        voter: None,
    };
    let long = format!("http://{}", "a".repeat(122));
    for text in [
        "ftp://host",
        "http://",
        "http:///x",
        "host:80",
        "http://a b",
        "http://u@h",
        &long,
        "http://hö",
    ] {
        assert_code(network.run(&worker, &endpoint(text)), "E_ENDPOINT");
    }
    network
        .run(&worker, &endpoint("https://[::1]:8443/base"))
        .unwrap();
    network.run(&worker, &endpoint("")).unwrap();
    assert_eq!(network.worker(&network.workers[0]).endpoint, None);

    let voter = |key: [u8; 33]| ExecuteMsg::UpdateWorker {
        endpoint: None,
        moniker: None,
        voter: Some(Hex(key)),
    };
    let mut off_curve = network.workers[0].public_key().0;
    off_curve[0] = 4;
    assert_code(network.run(&worker, &voter(off_curve)), "E_VOTER_KEY");
    let mut none = [0; 33];
    none[0] = 2;
    none[32] = 5; // x = 5 is on no point of the curve
    assert_code(network.run(&worker, &voter(none)), "E_VOTER_KEY");

    let moniker = |text: &str| ExecuteMsg::UpdateWorker {
        endpoint: None,
        moniker: Some(text.to_owned()),
        voter: None,
    };
    assert_code(network.run(&worker, &moniker(&"m".repeat(33))), "E_MONIKER");
    assert_code(network.run(&worker, &moniker("a\nb")), "E_MONIKER");
    let nothing = ExecuteMsg::UpdateWorker {
        endpoint: None,
        moniker: None,
        voter: None,
    };
    assert_code(network.run(&worker, &nothing), "E_NOTHING");
    assert_code(
        network.run(&network.stranger.clone(), &nothing),
        "E_UNKNOWN_WORKER",
    );
}

#[test]
fn models_are_checked_and_their_deposit_is_held() {
    let mut network = Network::bare(&Options::default());
    let publisher = network.publisher.clone();
    let limits = Limits {
        max_prompt_bytes: 16_384,
        max_output_tokens: 4_096,
    };
    let register = |price: Price, limits: Limits, manifest: Cid| ExecuteMsg::RegisterModel {
        manifest,
        price,
        limits,
        endpoint: Some("http://127.0.0.1:1".to_owned()),
    };
    let raw = Cid::of_raw(b"m");
    let with_base = |base: u128| Price {
        base: Uint128::new(base),
        ..price()
    };
    let with_limits = |max_prompt_bytes, max_output_tokens| Limits {
        max_prompt_bytes,
        max_output_tokens,
    };
    let cases = [
        (register(with_base(0), limits.clone(), raw), "E_PRICE"),
        (
            register(with_base(MAX_PRICE + 1), limits.clone(), raw),
            "E_PRICE",
        ),
        (register(price(), with_limits(16_385, 1), raw), "E_LIMITS"),
        (register(price(), with_limits(1, 4_097), raw), "E_LIMITS"),
        (register(price(), with_limits(0, 1), raw), "E_LIMITS"),
        (
            register(price(), limits.clone(), Cid::of_dag_pb(b"m")),
            "E_CODEC",
        ),
    ];
    for (msg, code) in cases {
        assert_code(network.pay(&publisher, &msg, 1_000), code);
    }
    let dearest = register(with_base(MAX_PRICE), limits.clone(), raw);
    network.pay(&publisher, &dearest, 1_000).unwrap();
    let good = register(price(), limits, raw);
    assert_code(network.pay(&publisher, &good, 999), "E_FUNDS");
    network.pay(&publisher, &good, 1_000).unwrap();
    network.pay(&publisher, &good, 1_000).unwrap();
    let same: ModelsResponse = network.query(&QueryMsg::ModelsByManifest {
        manifest: raw,
        start_after: None,
        limit: None,
    });
    let ids: Vec<_> = same.models.iter().map(|it| it.model).collect();
    assert_eq!(ids, [1, 2, 3]);
    assert_eq!(network.totals().model_deposits.u128(), 3_000);
}
