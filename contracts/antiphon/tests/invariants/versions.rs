//! Migration: what is kept, and what is refused. The wasm of the first landed version is migrated in
//! `xtask`.

use cw2::{get_contract_version, set_contract_version};

use crate::matrix::world::World;
use crate::suite::Copy;
use crate::suite::copy::code;

const NAME: &str = "crates.io:antiphon-contract";

/// The world as another version left it.
fn left_by(world: &World, name: &str, version: &str) -> Copy {
    let mut copy = world.network.copy();
    set_contract_version(&mut copy.storage, name, version).unwrap();
    copy
}

/// Every record but the version.
fn kept(copy: &Copy) -> Vec<(Vec<u8>, Vec<u8>)> {
    let mut records = copy.records();
    records.retain(|(key, _)| key != b"contract_info");
    records
}

#[test]
fn invariant_17_a_migration_keeps_every_object() {
    let world = World::new();
    let this = get_contract_version(&world.network.copy().storage).unwrap();
    assert_eq!(this.contract, NAME);
    for version in ["0.1.0", this.version.as_str()] {
        let mut copy = left_by(&world, NAME, version);
        let before = kept(&copy);
        copy.migrate().unwrap();
        assert_eq!(get_contract_version(&copy.storage).unwrap(), this);
        assert_eq!(kept(&copy), before);
        for task in [world.drawing, world.answered, world.ended] {
            assert_eq!(copy.task(task), world.network.task(task));
        }
        assert_eq!(copy.totals(), world.network.totals());
    }
}

#[test]
fn invariant_17_a_downgrade_an_unknown_version_and_another_contract_are_refused() {
    let world = World::new();
    let cases = [
        (NAME, "0.2.99999999999999999999", "E_DOWNGRADE"),
        (NAME, "0.0.9", "E_DOWNGRADE"),
        (NAME, "1.0.0", "E_DOWNGRADE"),
        (NAME, "99.0.0", "E_DOWNGRADE"),
        (NAME, "0.1", "E_DOWNGRADE"),
        (NAME, "0.1.0.0", "E_DOWNGRADE"),
        (NAME, "0.1.0-rc1", "E_DOWNGRADE"),
        (NAME, "-1.0.0", "E_DOWNGRADE"),
        (NAME, "", "E_DOWNGRADE"),
        ("crates.io:antiphon", "0.1.0", "E_OTHER_CONTRACT"),
        ("", "0.1.0", "E_OTHER_CONTRACT"),
    ];
    for (name, version, want) in cases {
        let mut copy = left_by(&world, name, version);
        let before = copy.records();
        let refused = copy.migrate().unwrap_err();
        assert_eq!(code(&refused), want, "{name} {version}");
        assert_eq!(
            copy.records(),
            before,
            "a refused migration stored something"
        );
    }
    let mut nobodys = world.network.copy();
    cosmwasm_std::Storage::remove(&mut nobodys.storage, b"contract_info");
    let refused = nobodys.migrate().unwrap_err();
    assert_eq!(code(&refused), "E_STD", "a state without a version");
}
