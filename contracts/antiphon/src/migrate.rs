//! Takes over the state of an older version of this contract.
//!
//! 0.2.0 reads the records of 0.1.0 as they are: it added keys, and what records gained stands behind
//! flags that 0.1.0 never set (a task's count of holders, a settlement's flags). What it writes in another
//! form is told from the older one: a stake, the totals and a model's state by their length, a summary by
//! the flag 0x80 of its first byte; a balance is its significant bytes, and sixteen read the same. The index
//! 0x10 of open tasks is gone; what is left of it is never read. So there is nothing to rewrite.
//!
//! Any change of an encoding changes `CONTRACT_VERSION`: no two forms go by one version. A
//! version that has to walk over records must do it in pages, by a message of its own.

use antiphon_api::{CONTRACT_VERSION, MigrateMsg};
use cosmwasm_std::{DepsMut, Response};

use crate::error::ContractError;
use crate::instantiate::NAME;

/// Every version whose records this code reads: none is newer, so there is no way back.
const KNOWN: [&str; 2] = ["0.1.0", CONTRACT_VERSION];

pub(crate) fn run(deps: DepsMut<'_>, _: &MigrateMsg) -> Result<Response, ContractError> {
    let found = cw2::get_contract_version(deps.storage)?;
    if found.contract != NAME {
        return Err(ContractError::OtherContract {
            got: found.contract,
        });
    }
    if !KNOWN.contains(&found.version.as_str()) {
        return Err(ContractError::Downgrade {
            got: found.version,
            want: KNOWN.join(" or "),
        });
    }
    cw2::set_contract_version(deps.storage, NAME, CONTRACT_VERSION)?;
    Ok(Response::new())
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
    fn known_versions_are_taken_over() {
        for version in ["0.1.0", CONTRACT_VERSION] {
            assert_eq!(from(NAME, version).unwrap(), CONTRACT_VERSION);
        }
    }

    #[test]
    fn a_downgrade_an_unknown_version_and_another_contract_are_refused() {
        for version in ["99.0.0", "0.2.1", "0.0.9", "0.1", "0.1.0-rc1", ""] {
            let refused = from(NAME, version).unwrap_err();
            assert!(refused.starts_with("E_DOWNGRADE"), "{refused}");
            assert!(refused.contains("0.1.0 or 0.2.0"), "{refused}");
        }
        let refused = from("crates.io:cw20-base", "0.1.0").unwrap_err();
        assert!(refused.starts_with("E_OTHER_CONTRACT"), "{refused}");
    }
}
