//! Models on disk.

use antiphon_content::Cid;
use antiphon_store::{Bitmap, BlockLimits, Store, StoreError};
use proptest::prelude::*;

use crate::world::{random, spec_of};

fn import(bytes: &[u8]) -> (tempfile::TempDir, Store) {
    let home = tempfile::tempdir().unwrap();
    let store = Store::open(home.path(), BlockLimits::default()).unwrap();
    let path = home.path().join("original.gguf");
    std::fs::write(&path, bytes).unwrap();
    store.models.import(&path).unwrap();
    (home, store)
}

#[test]
fn an_imported_model_is_whole_at_once_and_after_a_restart() {
    let bytes = random(1, (2 << 20) + 77);
    let spec = spec_of(&bytes);
    let (home, store) = import(&bytes);
    let model = store.models.complete(&spec.root).unwrap();
    assert_eq!((model.bytes, model.sha256), (spec.bytes, spec.sha256));
    assert_eq!(std::fs::read(&model.path).unwrap(), bytes);
    drop(store);
    let store = Store::open(home.path(), BlockLimits::default()).unwrap();
    assert_eq!(store.models.complete(&spec.root), Some(model));
    assert_eq!(store.models.roots(), [spec.root]);
    for leaf in bytes.chunks(1 << 20) {
        let cid = Cid::of_raw(leaf);
        assert_eq!(store.size(&cid), Some(leaf.len() as u64));
        assert_eq!(store.read(&cid).unwrap().as_deref(), Some(leaf));
    }
    let root = store.read(&spec.root).unwrap().unwrap();
    assert!(spec.root.matches(&root), "inner nodes are served too");
}

#[test]
fn importing_twice_changes_nothing() {
    let bytes = random(2, 5000);
    let (home, store) = import(&bytes);
    let again = store
        .models
        .import(&home.path().join("original.gguf"))
        .unwrap();
    assert_eq!(Some(again), store.models.complete(&spec_of(&bytes).root));
}

#[test]
fn writing_the_original_anew_in_place_changes_no_byte_of_the_model() {
    let bytes = random(4, (1 << 20) + 9);
    let (home, store) = import(&bytes);
    let path = home.path().join("original.gguf");
    std::fs::write(&path, vec![0; bytes.len()]).unwrap();
    let model = store.models.complete(&spec_of(&bytes).root).unwrap();
    assert_eq!(std::fs::read(model.path).unwrap(), bytes);
}

#[test]
fn an_empty_or_absent_file_is_no_model() {
    let (home, store) = import(b"x");
    let path = home.path().join("empty");
    std::fs::write(&path, b"").unwrap();
    let error = store.models.import(&path).unwrap_err();
    assert!(matches!(error, StoreError::ModelSize(0)), "{error}");
    let error = store
        .models
        .import(&home.path().join("absent"))
        .unwrap_err();
    assert!(error.to_string().contains("absent"), "{error}");
}

#[test]
fn a_leaf_damaged_on_disk_is_not_served() {
    let bytes = random(3, 3 << 20);
    let (home, store) = import(&bytes);
    let spec = spec_of(&bytes);
    let path = store.models.complete(&spec.root).unwrap().path;
    drop(store);
    let mut damaged = bytes.clone();
    damaged[(1 << 20) + 5] ^= 1;
    std::fs::write(path, damaged).unwrap();
    let store = Store::open(home.path(), BlockLimits::default()).unwrap();
    let leaves: Vec<Cid> = bytes.chunks(1 << 20).map(Cid::of_raw).collect();
    let served = [0, 1, 2].map(|k: usize| store.read(&leaves[k]).unwrap().is_some());
    assert_eq!(served, [true, false, true]);
    assert_eq!(store.models.have(&spec.root).unwrap().bytes(), [0b101]);
}

#[test]
fn a_model_cut_on_disk_is_not_whole() {
    let bytes = random(4, 5000);
    let (home, store) = import(&bytes);
    let root = spec_of(&bytes).root;
    let path = store.models.complete(&root).unwrap().path;
    drop(store);
    std::fs::write(path, &bytes[..4000]).unwrap();
    let store = Store::open(home.path(), BlockLimits::default()).unwrap();
    assert_eq!(store.models.complete(&root), None);
}

#[test]
fn equal_leaves_are_one_block() {
    let bytes = vec![0; 3 << 20];
    let (_home, store) = import(&bytes);
    let leaf = store.read(&Cid::of_raw(&bytes[..1 << 20])).unwrap();
    assert_eq!(leaf.as_deref(), Some(&bytes[..1 << 20]));
}

proptest! {
    #[test]
    fn a_bitmap_round_trips_and_has_one_form(had in proptest::collection::vec(any::<bool>(), 0..100)) {
        let mut bitmap = Bitmap::empty(had.len());
        for (leaf, had) in had.iter().enumerate() {
            bitmap.set(leaf, *had);
        }
        prop_assert_eq!(bitmap.count(), had.iter().filter(|had| **had).count());
        let read = Bitmap::from_bytes(bitmap.bytes(), had.len());
        prop_assert_eq!(read, Some(bitmap.clone()));
        prop_assert!(!bitmap.has(had.len()));
        prop_assert_eq!(Bitmap::from_bytes(&vec![0; bitmap.bytes().len() + 1], had.len()), None);
        if !had.len().is_multiple_of(8) {
            let spare = vec![0x80; bitmap.bytes().len()];
            prop_assert_eq!(Bitmap::from_bytes(&spare, had.len()), None);
        }
    }
}
