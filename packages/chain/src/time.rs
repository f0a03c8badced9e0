//! Block times.

use cosmrs::tendermint::Time;

use crate::error::ChainError;

/// Seconds since 1970 of a block's RFC 3339 time, the fraction dropped.
///
/// # Errors
/// The text is not RFC 3339, or before 1970.
pub fn unix_seconds(rfc3339: &str) -> Result<u64, ChainError> {
    Time::parse_from_rfc3339(rfc3339)
        .ok()
        .and_then(|time| u64::try_from(time.unix_timestamp()).ok())
        .ok_or_else(|| ChainError::malformed("a block's time", rfc3339, "an RFC 3339 time"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_block_time_becomes_seconds() {
        assert_eq!(unix_seconds("1970-01-01T00:01:00.999999999Z").unwrap(), 60);
        assert!(unix_seconds("yesterday").is_err());
    }
}
