//! Exactly the tensors of the family, each with its shape (cn-1.md sect. 8).

use super::settings::{SIZE_LIMIT, require};
use super::{GgufError, Settings, Tensor};
use antiphon_numerics::TensorType;
use antiphon_numerics::family::TensorShape;
use std::collections::{BTreeMap, BTreeSet};

/// Refuses a tensor that the family lacks, one that is missing, and one of another shape or type.
pub(super) fn check(
    settings: &Settings,
    tensors: &BTreeMap<&str, Tensor<'_>>,
) -> Result<(), GgufError> {
    let family = settings.family.name();
    let wanted = settings.family.tensors(&settings.config(tensors)?);
    let names: BTreeSet<&str> = wanted.iter().map(|tensor| tensor.name.as_str()).collect();
    if let Some(unknown) = tensors.keys().find(|name| !names.contains(*name)) {
        return Err(GgufError::UnknownTensor {
            tensor: (*unknown).to_owned(),
            family,
        });
    }
    for want in &wanted {
        match tensors.get(want.name.as_str()) {
            Some(tensor) => check_tensor(tensor, want)?,
            None if want.optional => {}
            None => {
                return Err(GgufError::MissingTensor {
                    tensor: want.name.clone(),
                    family,
                });
            }
        }
    }
    Ok(())
}

/// The vocabulary is what the embedding holds; `vocab_size`, if named, must agree.
pub(super) fn vocabulary_rows(
    settings: &Settings,
    tensors: &BTreeMap<&str, Tensor<'_>>,
) -> Result<u64, GgufError> {
    let name = "token_embd.weight";
    let missing = || GgufError::MissingTensor {
        tensor: name.to_owned(),
        family: settings.family.name(),
    };
    let embedding = tensors.get(name).ok_or_else(missing)?;
    let rows = embedding.dims.get(1).copied().unwrap_or(1);
    let limit = u64::from(SIZE_LIMIT);
    if rows > limit {
        return Err(GgufError::TooLarge {
            what: "the vocabulary",
            got: rows,
            limit,
        });
    }
    Ok(settings.vocabulary.map_or(rows, u64::from))
}

fn check_tensor(tensor: &Tensor<'_>, want: &TensorShape) -> Result<(), GgufError> {
    let name = &want.name;
    let dims: Vec<u64> = want.dims.iter().copied().map(super::wide).collect();
    if tensor.dims != dims {
        return Err(GgufError::Shape {
            tensor: name.clone(),
            got: tensor.dims.clone(),
            want: dims,
        });
    }
    if dims.len() == 1 && tensor.format != TensorType::F32 {
        return Err(GgufError::VectorType {
            tensor: name.clone(),
            got: tensor.format.gguf(),
        });
    }
    if name == "rope_freqs.weight" {
        let positive = tensor.floats().iter().all(|factor| *factor > 0.0);
        require(positive, name, "a factor of 0 or less", "positive factors")?;
    }
    Ok(())
}
