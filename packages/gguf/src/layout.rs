//! Where the tensors lie: inside the file, apart from each other, and filling the data section.

use super::cursor::Cursor;
use super::{GgufError, Tensor, wide};
use antiphon_numerics::TensorType;
use std::collections::BTreeMap;

/// A line of the tensor list.
#[derive(Debug)]
pub(super) struct Entry<'a> {
    name: &'a str,
    dims: Vec<u64>,
    format: TensorType,
    offset: u64,
    size: u64,
}

pub(super) fn read_entries<'a>(
    cursor: &mut Cursor<'a>,
    count: u64,
    name_limit: u64,
) -> Result<Vec<Entry<'a>>, GgufError> {
    let mut entries = Vec::new();
    for _ in 0..count {
        entries.push(read_entry(cursor, name_limit)?);
    }
    Ok(entries)
}

fn read_entry<'a>(cursor: &mut Cursor<'a>, name_limit: u64) -> Result<Entry<'a>, GgufError> {
    const WHAT: &str = "the tensor list";
    let name = cursor.string(name_limit, "a tensor name")?;
    let got = cursor.u32(WHAT)?;
    if !(1..=4).contains(&got) {
        return Err(GgufError::Dimensions {
            tensor: name.to_owned(),
            got,
        });
    }
    let dims = (0..got)
        .map(|_| cursor.u64(WHAT))
        .collect::<Result<Vec<_>, _>>()?;
    let id = cursor.u32(WHAT)?;
    let format = TensorType::from_gguf(id).ok_or_else(|| GgufError::TensorType {
        tensor: name.to_owned(),
        got: id,
    })?;
    let offset = cursor.u64(WHAT)?;
    let size = byte_size(name, &dims, format)?;
    Ok(Entry {
        name,
        dims,
        format,
        offset,
        size,
    })
}

/// Bytes of a tensor, every product checked.
fn byte_size(name: &str, dims: &[u64], format: TensorType) -> Result<u64, GgufError> {
    let overflow = || GgufError::ShapeOverflow {
        tensor: name.to_owned(),
        dims: dims.to_vec(),
    };
    let values = dims
        .iter()
        .try_fold(1_u64, |product, dim| product.checked_mul(*dim))
        .filter(|product| *product > 0)
        .ok_or_else(overflow)?;
    let row = dims.first().copied().unwrap_or(0);
    let block = wide(format.block_len());
    if !row.is_multiple_of(block) {
        return Err(GgufError::RowLength {
            tensor: name.to_owned(),
            got: row,
            block,
        });
    }
    let blocks = values.checked_div(block).ok_or_else(overflow)?;
    blocks
        .checked_mul(wide(format.block_bytes()))
        .ok_or_else(overflow)
}

/// The bytes after the header and its padding.
pub(super) fn data_section(file: &[u8], header: usize, alignment: u64) -> Result<&[u8], GgufError> {
    let start = wide(header).next_multiple_of(alignment);
    let size = wide(file.len());
    let truncated = GgufError::Truncated {
        what: "the data section",
        end: start,
        size,
    };
    let Ok(from) = usize::try_from(start) else {
        return Err(truncated);
    };
    file.get(from..).ok_or(truncated)
}

/// Gives each entry its bytes; refuses overlaps, gaps and bytes that belong to nothing.
pub(super) fn place<'a>(
    mut entries: Vec<Entry<'a>>,
    data: &'a [u8],
    alignment: u64,
) -> Result<BTreeMap<&'a str, Tensor<'a>>, GgufError> {
    entries.sort_by_key(|entry| entry.offset);
    let mut tensors = BTreeMap::new();
    let mut end = 0;
    let mut before = "";
    for entry in entries {
        check_start(&entry, before, end, alignment)?;
        let (bytes, next) = slice(&entry, data)?;
        let tensor = Tensor {
            dims: entry.dims,
            format: entry.format,
            data: bytes,
        };
        if tensors.insert(entry.name, tensor).is_some() {
            return Err(GgufError::DuplicateTensor {
                tensor: entry.name.to_owned(),
            });
        }
        (before, end) = (entry.name, next);
    }
    let rest = wide(data.len()).saturating_sub(end);
    let padding = end.next_multiple_of(alignment).saturating_sub(end);
    if rest > padding {
        return Err(GgufError::Gap {
            at: end,
            got: rest,
            alignment,
        });
    }
    Ok(tensors)
}

/// A tensor starts where the one before it ends, rounded up to the alignment.
fn check_start(entry: &Entry<'_>, before: &str, end: u64, alignment: u64) -> Result<(), GgufError> {
    let (tensor, offset) = (entry.name.to_owned(), entry.offset);
    if !offset.is_multiple_of(alignment) {
        return Err(GgufError::Misaligned {
            tensor,
            offset,
            alignment,
        });
    }
    if offset < end {
        // The same name at the same place is a copied line rather than an overlap.
        if before == tensor {
            return Err(GgufError::DuplicateTensor { tensor });
        }
        return Err(GgufError::Overlap {
            first: before.to_owned(),
            second: tensor,
            at: offset,
        });
    }
    if offset > end.next_multiple_of(alignment) {
        return Err(GgufError::Gap {
            at: end,
            got: offset.saturating_sub(end),
            alignment,
        });
    }
    Ok(())
}

fn slice<'a>(entry: &Entry<'a>, data: &'a [u8]) -> Result<(&'a [u8], u64), GgufError> {
    let end = entry.offset.saturating_add(entry.size);
    let out_of_file = || GgufError::OutOfFile {
        tensor: entry.name.to_owned(),
        offset: entry.offset,
        end,
        have: wide(data.len()),
    };
    let from = usize::try_from(entry.offset).map_err(|_| out_of_file())?;
    let to = usize::try_from(end).map_err(|_| out_of_file())?;
    Ok((data.get(from..to).ok_or_else(out_of_file)?, end))
}
