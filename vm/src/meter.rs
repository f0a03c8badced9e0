//! The storage and the address functions that the virtual machine is given, at a chain's prices.

use cosmwasm_std::testing::MockApi;
use cosmwasm_std::{Api, CanonicalAddr, Order, Record};
use cosmwasm_vm::{BackendApi, BackendError, BackendResult, GasInfo};

use crate::prices;
use crate::store::{Range, Store};

/// A store that charges what a chain would.
#[derive(Debug)]
pub struct Metered {
    store: Store,
    cursors: Vec<(Range, Order)>,
}

impl Metered {
    /// Nothing used yet.
    #[must_use]
    pub const fn new(store: Store) -> Self {
        Self {
            store,
            cursors: Vec::new(),
        }
    }

    /// The store as the call left it.
    #[must_use]
    pub fn into_store(self) -> Store {
        self.store
    }

    /// What an iterator pays for the entry it stands on.
    fn seek(entry: Option<&Record>) -> u64 {
        let bytes = entry.map_or(0, |(key, value)| read_bytes(key, value.len()));
        bytes + prices::NEXT
    }
}

const fn external(gas: u64) -> GasInfo {
    GasInfo {
        cost: 0,
        externally_used: gas * prices::MULTIPLIER,
    }
}

fn bytes(key: &[u8], value: usize) -> u64 {
    prices::KEY_PREFIX + key.len() as u64 + value as u64
}

fn read_bytes(key: &[u8], value: usize) -> u64 {
    bytes(key, value) * prices::READ_BYTE
}

impl cosmwasm_vm::Storage for Metered {
    fn get(&self, key: &[u8]) -> BackendResult<Option<Vec<u8>>> {
        let value = self.store.value(key).cloned();
        let gas = prices::READ + read_bytes(key, value.as_ref().map_or(0, Vec::len));
        (Ok(value), external(gas))
    }

    fn scan(
        &mut self,
        start: Option<&[u8]>,
        end: Option<&[u8]>,
        order: Order,
    ) -> BackendResult<u32> {
        let range = Range::new(start, end);
        let gas = Self::seek(self.store.first(&range, order).as_ref());
        let id = u32::try_from(self.cursors.len()).unwrap_or(u32::MAX);
        self.cursors.push((range, order));
        (Ok(id), external(gas))
    }

    fn next(&mut self, iterator_id: u32) -> BackendResult<Option<Record>> {
        let Some((range, order)) = self.cursors.get_mut(iterator_id as usize) else {
            let error = BackendError::iterator_does_not_exist(iterator_id);
            return (Err(error), GasInfo::free());
        };
        let Some(entry) = self.store.first(range, *order) else {
            return (Ok(None), GasInfo::free());
        };
        range.cut(*order, entry.0.clone());
        let gas = Self::seek(Some(&entry));
        (Ok(Some(entry)), external(gas))
    }

    fn set(&mut self, key: &[u8], value: &[u8]) -> BackendResult<()> {
        self.store.put(key, Some(value.to_vec()));
        let gas = prices::WRITE + bytes(key, value.len()) * prices::WRITE_BYTE;
        (Ok(()), external(gas))
    }

    fn remove(&mut self, key: &[u8]) -> BackendResult<()> {
        self.store.put(key, None);
        (Ok(()), external(prices::DELETE))
    }
}

/// Address functions at a chain's prices, over bech32 addresses `wasm1…`.
#[derive(Clone, Copy, Debug)]
pub struct Addresses;

/// The same functions as the contract gets them outside of the machine.
#[must_use]
pub fn api() -> MockApi {
    MockApi::default().with_prefix("wasm")
}

fn answer<T>(result: cosmwasm_std::StdResult<T>, gas: u64) -> BackendResult<T> {
    let result = result.map_err(|error| BackendError::user_err(error.to_string()));
    (result, GasInfo::with_cost(gas))
}

impl BackendApi for Addresses {
    fn addr_validate(&self, input: &str) -> BackendResult<()> {
        answer(api().addr_validate(input).map(drop), prices::VALIDATE)
    }

    fn addr_canonicalize(&self, human: &str) -> BackendResult<Vec<u8>> {
        let account = api().addr_canonicalize(human).map(Into::into);
        answer(account, prices::CANONICALIZE)
    }

    fn addr_humanize(&self, canonical: &[u8]) -> BackendResult<String> {
        let account = CanonicalAddr::from(canonical);
        let address = api().addr_humanize(&account).map(Into::into);
        answer(address, prices::HUMANIZE)
    }
}
