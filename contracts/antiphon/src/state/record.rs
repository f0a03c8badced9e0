//! Fixed-width binary records: a byte written costs 30 gas, so names and quotes are left out.
//!
//! What every record calls is kept out of line: the contract has a limit of bytes.

use cosmwasm_std::{CanonicalAddr, Order, Storage};

use super::keys::Key;
use crate::error::ContractError;

/// Appends fields in order.
#[derive(Debug, Default)]
pub(crate) struct Writer(Vec<u8>);

impl Writer {
    /// What was written.
    pub(crate) fn into_bytes(self) -> Vec<u8> {
        self.0
    }

    #[inline(never)]
    pub(crate) fn u8(&mut self, value: u8) -> &mut Self {
        self.0.push(value);
        self
    }

    pub(crate) fn bool(&mut self, value: bool) -> &mut Self {
        self.u8(u8::from(value))
    }

    pub(crate) fn u16(&mut self, value: u16) -> &mut Self {
        self.bytes(&value.to_be_bytes())
    }

    pub(crate) fn u32(&mut self, value: u32) -> &mut Self {
        self.bytes(&value.to_be_bytes())
    }

    pub(crate) fn u64(&mut self, value: u64) -> &mut Self {
        self.bytes(&value.to_be_bytes())
    }

    #[inline(never)]
    pub(crate) fn u128(&mut self, value: u128) -> &mut Self {
        self.bytes(&value.to_be_bytes())
    }

    /// A number in as many bytes as it needs, behind their count.
    #[inline(never)]
    pub(crate) fn number(&mut self, value: u128) -> &mut Self {
        let bytes = value.to_be_bytes();
        self.short(significant(&bytes))
    }

    #[inline(never)]
    pub(crate) fn bytes(&mut self, value: &[u8]) -> &mut Self {
        self.0.extend_from_slice(value);
        self
    }

    /// Ends a record whose older form is told by its length: this form never has it.
    pub(crate) fn unlike(&mut self, older: usize) -> &mut Self {
        if self.0.len() == older {
            self.0.push(0);
        }
        self
    }

    /// A length byte and at most 255 bytes: every text and account kept is shorter than that.
    #[inline(never)]
    pub(crate) fn short(&mut self, value: &[u8]) -> &mut Self {
        let length = u8::try_from(value.len()).unwrap_or(u8::MAX);
        self.u8(length)
            .bytes(value.get(..usize::from(length)).unwrap_or(value))
    }

    pub(crate) fn account(&mut self, value: &CanonicalAddr) -> &mut Self {
        self.short(value.as_slice())
    }
}

/// A number without the zeros before it.
fn significant(bytes: &[u8]) -> &[u8] {
    let zeros = bytes.iter().take_while(|byte| **byte == 0).count();
    bytes.get(zeros..).unwrap_or_default()
}

/// A number of at most 128 bits in big-endian bytes, however many of them are zeros before it.
fn big_endian(bytes: &[u8]) -> Result<u128, Damaged> {
    let mut wide = [0; 16];
    let start = wide.len().checked_sub(bytes.len()).ok_or(Damaged)?;
    let place = wide.get_mut(start..).ok_or(Damaged)?;
    place.copy_from_slice(bytes);
    Ok(u128::from_be_bytes(wide))
}

/// The record ended before its last field, or a field has a value that is never written.
#[derive(Debug)]
pub(crate) struct Damaged;

/// Takes fields in order.
#[derive(Debug)]
pub(crate) struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    pub(crate) const fn new(bytes: &'a [u8]) -> Self {
        Self(bytes)
    }

    #[inline(never)]
    pub(crate) fn take(&mut self, length: usize) -> Result<&'a [u8], Damaged> {
        let (head, tail) = self.0.split_at_checked(length).ok_or(Damaged)?;
        self.0 = tail;
        Ok(head)
    }

    pub(crate) fn array<const N: usize>(&mut self) -> Result<[u8; N], Damaged> {
        self.take(N)?.try_into().map_err(|_| Damaged)
    }

    pub(crate) fn u8(&mut self) -> Result<u8, Damaged> {
        Ok(u8::from_be_bytes(self.array()?))
    }

    pub(crate) fn bool(&mut self) -> Result<bool, Damaged> {
        Ok(self.u8()? != 0)
    }

    pub(crate) fn u16(&mut self) -> Result<u16, Damaged> {
        Ok(u16::from_be_bytes(self.array()?))
    }

    pub(crate) fn u32(&mut self) -> Result<u32, Damaged> {
        Ok(u32::from_be_bytes(self.array()?))
    }

    pub(crate) fn u64(&mut self) -> Result<u64, Damaged> {
        Ok(u64::from_be_bytes(self.array()?))
    }

    #[inline(never)]
    pub(crate) fn u128(&mut self) -> Result<u128, Damaged> {
        Ok(u128::from_be_bytes(self.array()?))
    }

    /// Bytes not yet taken.
    pub(crate) const fn left(&self) -> usize {
        self.0.len()
    }

    /// Nothing follows the last field but the zero that [`Writer::unlike`] may have added: a form
    /// told by its length must not be read as another one.
    pub(crate) fn end(&self) -> Result<(), Damaged> {
        match self.0 {
            [] | [0] => Ok(()),
            _ => Err(Damaged),
        }
    }

    /// A number of [`Writer::number`].
    #[inline(never)]
    pub(crate) fn number(&mut self) -> Result<u128, Damaged> {
        big_endian(self.short()?)
    }

    pub(crate) fn number32(&mut self) -> Result<u32, Damaged> {
        u32::try_from(self.number()?).map_err(|_| Damaged)
    }

    pub(crate) fn number64(&mut self) -> Result<u64, Damaged> {
        u64::try_from(self.number()?).map_err(|_| Damaged)
    }

    #[inline(never)]
    pub(crate) fn short(&mut self) -> Result<&'a [u8], Damaged> {
        let length = self.u8()?;
        self.take(usize::from(length))
    }

    pub(crate) fn text(&mut self) -> Result<String, Damaged> {
        String::from_utf8(self.short()?.to_vec()).map_err(|_| Damaged)
    }

    pub(crate) fn account(&mut self) -> Result<CanonicalAddr, Damaged> {
        Ok(CanonicalAddr::from(self.short()?))
    }
}

/// A value with a binary form.
pub(crate) trait Record: Sized {
    /// What an error calls it.
    const NAME: &'static str;
    fn write(&self, to: &mut Writer);
    fn read(from: &mut Reader<'_>) -> Result<Self, Damaged>;
}

/// Reads the value of bytes that this contract wrote.
pub(crate) fn decode<R: Record>(bytes: &[u8]) -> Result<R, ContractError> {
    R::read(&mut Reader::new(bytes)).map_err(|Damaged| ContractError::Damaged {
        record: R::NAME,
        length: bytes.len(),
    })
}

pub(crate) fn load<R: Record>(
    storage: &dyn Storage,
    key: &Key,
) -> Result<Option<R>, ContractError> {
    storage
        .get(key.as_slice())
        .map(|bytes| decode(&bytes))
        .transpose()
}

pub(crate) fn save<R: Record>(storage: &mut dyn Storage, key: &Key, value: &R) {
    let mut writer = Writer::default();
    value.write(&mut writer);
    storage.set(key.as_slice(), &writer.into_bytes());
}

pub(crate) fn remove(storage: &mut dyn Storage, key: &Key) {
    storage.remove(key.as_slice());
}

/// Marks a key as present: storage keeps no empty values.
pub(crate) fn mark(storage: &mut dyn Storage, key: &Key) {
    storage.set(key.as_slice(), &[1]);
}

/// The keys under `prefix`, ascending, with the prefix cut off; those up to and including `after`
/// are left out.
pub(crate) fn scan<'a>(
    storage: &'a dyn Storage,
    prefix: &Key,
    after: Option<&[u8]>,
) -> impl Iterator<Item = (Vec<u8>, Vec<u8>)> + use<'a> {
    let cut = prefix.as_slice().len();
    let mut start = prefix.as_slice().to_vec();
    if let Some(after) = after {
        start.extend_from_slice(after);
        start.push(0);
    }
    let end = successor(prefix.as_slice());
    storage
        .range(Some(&start), end.as_deref(), Order::Ascending)
        .map(move |(key, value)| (key.get(cut..).unwrap_or_default().to_vec(), value))
}

/// The first byte string that is greater than everything that starts with `prefix`.
fn successor(prefix: &[u8]) -> Option<Vec<u8>> {
    let mut end = prefix.to_vec();
    while let Some(last) = end.pop() {
        if let Some(next) = last.checked_add(1) {
            end.push(next);
            return Some(end);
        }
    }
    None
}

/// The number a key of [`scan`] ends with.
pub(crate) fn id_of(suffix: &[u8]) -> Option<u64> {
    suffix.try_into().ok().map(u64::from_be_bytes)
}

/// A number under a key of its own.
impl Record for u64 {
    const NAME: &'static str = "number";

    fn write(&self, to: &mut Writer) {
        to.u64(*self);
    }

    fn read(from: &mut Reader<'_>) -> Result<Self, Damaged> {
        from.u64()
    }
}

/// An amount under a key of its own: its significant bytes. Older versions wrote all sixteen, which
/// read the same. Never zero, for storage keeps no empty values.
impl Record for u128 {
    const NAME: &'static str = "amount";

    fn write(&self, to: &mut Writer) {
        to.bytes(significant(&self.to_be_bytes()));
    }

    fn read(from: &mut Reader<'_>) -> Result<Self, Damaged> {
        big_endian(from.0)
    }
}

/// An account under a key of its own.
impl Record for CanonicalAddr {
    const NAME: &'static str = "account";

    fn write(&self, to: &mut Writer) {
        to.bytes(self.as_slice());
    }

    fn read(from: &mut Reader<'_>) -> Result<Self, Damaged> {
        Ok(Self::from(from.0))
    }
}
