//! Takes over the state of an older version of this contract.
//!
//! Records only grow at flags that older versions never set, so there is nothing to rewrite yet. A
//! version that has to walk over records must do it in pages, by a message of its own.

use antiphon_api::MigrateMsg;
use cosmwasm_std::{DepsMut, Response};

use crate::error::ContractError;
use crate::instantiate::{NAME, VERSION};

pub(crate) fn run(deps: DepsMut<'_>, _: &MigrateMsg) -> Result<Response, ContractError> {
    let found = cw2::get_contract_version(deps.storage)?;
    if found.contract != NAME {
        return Err(ContractError::OtherContract {
            got: found.contract,
        });
    }
    let (from, to) = (parts(&found.version), parts(VERSION));
    if from.is_none() || from > to {
        return Err(ContractError::Downgrade {
            got: found.version,
            want: VERSION,
        });
    }
    cw2::set_contract_version(deps.storage, NAME, VERSION)?;
    Ok(Response::new())
}

/// Major, minor and patch; none if the text is not three numbers.
fn parts(version: &str) -> Option<[u64; 3]> {
    let mut numbers = version.split('.').map(str::parse);
    let found = [
        numbers.next()?.ok()?,
        numbers.next()?.ok()?,
        numbers.next()?.ok()?,
    ];
    numbers.next().is_none().then_some(found)
}

#[cfg(test)]
mod tests {
    use cosmwasm_std::testing::mock_dependencies;

    use super::*;

    fn from(name: &str, version: &str) -> Result<String, String> {
        let mut deps = mock_dependencies();
        cw2::set_contract_version(&mut deps.storage, name, version).unwrap();
        run(deps.as_mut(), &MigrateMsg {}).map_err(|error| error.to_string())?;
        Ok(cw2::get_contract_version(&deps.storage).unwrap().version)
    }

    #[test]
    fn older_and_equal_versions_are_taken_over() {
        for version in ["0.0.9", "0.1.0", VERSION] {
            assert_eq!(from(NAME, version).unwrap(), VERSION);
        }
    }

    #[test]
    fn a_downgrade_an_unknown_version_and_another_contract_are_refused() {
        for version in ["99.0.0", "0.1", "0.1.0-rc1", ""] {
            let refused = from(NAME, version).unwrap_err();
            assert!(refused.starts_with("E_DOWNGRADE"), "{refused}");
        }
        let refused = from("crates.io:cw20-base", "0.0.1").unwrap_err();
        assert!(refused.starts_with("E_OTHER_CONTRACT"), "{refused}");
    }
}
