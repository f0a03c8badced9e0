//! Repacked weights in a file: made once, shared, verified, and never needed.

use crate::model::generate;
use crate::support::TinyModel;
use antiphon_documents::Sampling;
use antiphon_engine::{Input, Job, Kernel, Model, Options, Placement};
use std::fs;
use std::path::{Path, PathBuf};

fn load(tiny: &TinyModel, folder: &Path, kernel: Option<Kernel>) -> Model {
    let options = Options {
        kernel,
        packed: Some(folder.to_owned()),
        ..Options::default()
    };
    Model::load(&tiny.path(), &options).unwrap()
}

fn hashes(model: &Model) -> Vec<[u8; 32]> {
    let job = Job {
        input: Input::Ids((1..40).collect()),
        template: None,
        sampling: Sampling {
            temperature_milli: 0,
            top_k: 0,
            top_p_milli: 1000,
            seed: 0,
        },
        max_output_tokens: 12,
        stop: Vec::new(),
        context_tokens: None,
    };
    generate(model, &job).unwrap().logit_hashes
}

/// The one file in the folder; none where this machine's kernel repacks nothing.
fn packed_file(model: &Model, folder: &Path) -> Option<PathBuf> {
    let files: Vec<_> = fs::read_dir(folder).unwrap().flatten().collect();
    match model.placement() {
        Placement::Mapped { path, .. } => {
            assert_eq!(files.len(), 1, "{files:?}");
            assert_eq!(*path, files[0].path());
            Some(path.clone())
        }
        other => {
            assert_eq!(*other, Placement::Model);
            None
        }
    }
}

fn reused(model: &Model) -> bool {
    matches!(model.placement(), Placement::Mapped { reused: true, .. })
}

#[test]
fn weights_are_repacked_once_and_give_the_same_bits_from_the_file() {
    let tiny = TinyModel::new();
    let folder = tempfile::tempdir().unwrap();
    let want = hashes(&tiny.load(1, None));
    let first = load(&tiny, folder.path(), None);
    assert_eq!(hashes(&first), want);
    if packed_file(&first, folder.path()).is_some() {
        assert!(!reused(&first));
        let second = load(&tiny, folder.path(), None);
        assert!(reused(&second));
        assert_eq!(hashes(&second), want);
    }
}

#[test]
fn the_reference_computes_with_the_model_file_itself_and_makes_none() {
    let tiny = TinyModel::new();
    let folder = tempfile::tempdir().unwrap();
    let model = load(&tiny, folder.path(), Some(Kernel::Scalar));
    assert_eq!(*model.placement(), Placement::Model);
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
    fs::remove_file(tiny.path()).unwrap();
    assert_eq!(hashes(&model), hashes(&TinyModel::new().load(1, None)));
}

#[test]
fn a_damaged_file_is_made_anew_whatever_byte_differs() {
    let tiny = TinyModel::new();
    let folder = tempfile::tempdir().unwrap();
    let model = load(&tiny, folder.path(), None);
    let Some(path) = packed_file(&model, folder.path()) else {
        return;
    };
    drop(model);
    let whole = fs::read(&path).unwrap();
    let len = whole.len();
    for at in [0, 30, 70, 100, 4000, 4096, 5000, len - 65, len - 1] {
        let mut damaged = whole.clone();
        damaged[at] ^= 1;
        fs::write(&path, damaged).unwrap();
        assert!(!reused(&load(&tiny, folder.path(), None)), "byte {at}");
        assert_eq!(fs::read(&path).unwrap(), whole);
    }
    for len in [0, 100, 4096, len - 1] {
        fs::write(&path, &whole[..len]).unwrap();
        assert!(!reused(&load(&tiny, folder.path(), None)), "{len} bytes");
    }
    fs::write(&path, [&whole[..], b"x"].concat()).unwrap();
    assert!(!reused(&load(&tiny, folder.path(), None)));
    assert!(reused(&load(&tiny, folder.path(), None)));
}

#[test]
fn files_in_layouts_of_the_past_go_and_those_of_other_models_stay() {
    let tiny = TinyModel::new();
    let folder = tempfile::tempdir().unwrap();
    let first = load(&tiny, folder.path(), None);
    let Some(path) = packed_file(&first, folder.path()) else {
        return;
    };
    let name = path.file_name().unwrap().to_str().unwrap();
    let model = name.split_once('-').unwrap().0;
    let past = folder.path().join(format!("{model}-0123.packed"));
    let other = folder.path().join("ffff-0123.packed");
    let draft = folder.path().join(format!("{model}-0123.7-0.draft"));
    for file in [&past, &other, &draft] {
        fs::write(file, "x").unwrap();
    }
    fs::remove_file(&path).unwrap();
    load(&tiny, folder.path(), None);
    let left = [&path, &past, &other, &draft].map(|file| file.exists());
    assert_eq!(left, [true, false, true, true]);
    // The file is gone, but not from who had it mapped.
    assert_eq!(hashes(&first), hashes(&tiny.load(1, None)));
}

#[test]
fn kernels_and_processes_share_a_folder() {
    let tiny = TinyModel::new();
    let folder = tempfile::tempdir().unwrap();
    let kernels = Kernel::all()
        .into_iter()
        .filter(|kernel| kernel.available());
    let kernels: Vec<_> = kernels.collect();
    // Twice at once: whoever names the file last has it, and both have one.
    std::thread::scope(|scope| {
        for kernel in kernels.iter().chain(&kernels) {
            scope.spawn(|| load(&tiny, folder.path(), Some(*kernel)));
        }
    });
    for kernel in kernels {
        let model = load(&tiny, folder.path(), Some(kernel));
        assert!(reused(&model) || *model.placement() == Placement::Model);
    }
    let entries = fs::read_dir(folder.path()).unwrap().flatten();
    let draft = |name: &str| name.ends_with(".draft");
    assert!(
        !entries
            .into_iter()
            .any(|file| draft(file.file_name().to_str().unwrap()))
    );
}

#[test]
fn a_folder_that_refuses_costs_memory_and_says_why() {
    let tiny = TinyModel::new();
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("no folder");
    fs::write(&file, "x").unwrap();
    let model = load(&tiny, &file.join("below"), None);
    let placement = model.placement().to_string();
    if *model.placement() != Placement::Model {
        assert!(
            placement.starts_with("in memory of this process"),
            "{placement}"
        );
        assert!(placement.contains("cannot make the folder"), "{placement}");
    }
    assert_eq!(hashes(&model), hashes(&tiny.load(1, None)));
}
