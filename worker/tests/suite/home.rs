//! A worker's home: made once, used by one process.

use antiphon_worker::config::{Written, WrittenModel};
use antiphon_worker::home::{Home, HomeError, HomeSpec, create};

fn spec() -> HomeSpec {
    let mut config = Written::default();
    config.chain.contract = format!("wasm1{}", "q".repeat(58));
    config.models.push(WrittenModel {
        id: 3,
        import: String::new(),
        manifest: String::new(),
    });
    HomeSpec {
        config,
        ..HomeSpec::default()
    }
}

#[test]
fn a_made_home_can_be_read_back_with_its_keys() {
    let dir = tempfile::tempdir().unwrap();
    let made = create(dir.path(), &spec()).unwrap();
    let home = Home::new(dir.path());
    assert_eq!(home.config().unwrap().models[0].id, 3);
    let operator = home.key("operator").unwrap().unwrap();
    assert_eq!(operator.address("wasm").unwrap(), made.operator);
    assert!(
        operator.mnemonic().is_some(),
        "the operator's key can be written down"
    );
    assert_eq!(
        &home.key("voter").unwrap().unwrap().public_key(),
        made.voter.bytes()
    );
    assert!(home.key("nobody").unwrap().is_none());
}

#[test]
fn an_existing_home_is_not_touched() {
    let dir = tempfile::tempdir().unwrap();
    let made = create(dir.path(), &spec()).unwrap();
    assert!(matches!(
        create(dir.path(), &spec()),
        Err(HomeError::Exists(_))
    ));
    let operator = Home::new(dir.path()).key("operator").unwrap().unwrap();
    assert_eq!(operator.address("wasm").unwrap(), made.operator);
}

#[test]
fn secrets_are_readable_by_their_owner_only() {
    use std::os::unix::fs::PermissionsExt;
    let dir = tempfile::tempdir().unwrap();
    let root = dir.path().join("home");
    create(&root, &spec()).unwrap();
    let mode = |path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(Home::new(&root).key_file("voter")), 0o600);
    assert_eq!(mode(root), 0o700);
}

#[test]
fn a_second_process_on_one_home_is_refused_with_the_reason() {
    let dir = tempfile::tempdir().unwrap();
    let home = Home::new(dir.path());
    let held = home.lock().unwrap();
    let error = home.lock().unwrap_err();
    assert!(matches!(error, HomeError::Locked(_)));
    assert!(
        error
            .to_string()
            .contains("another antiphon-worker runs on"),
        "{error}"
    );
    drop(held);
    home.lock().unwrap();
}
