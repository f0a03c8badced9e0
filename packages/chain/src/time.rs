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

/// The same the other way, in UTC: `2026-11-22T15:00:00Z`. A time that no calendar has is told in seconds.
#[must_use]
pub fn rfc3339(unix_seconds: u64) -> String {
    i64::try_from(unix_seconds)
        .ok()
        .and_then(|seconds| Time::from_unix_timestamp(seconds, 0).ok())
        .map_or_else(
            || format!("second {unix_seconds} (Unix)"),
            |time| time.to_rfc3339(),
        )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_block_time_becomes_seconds() {
        assert_eq!(unix_seconds("1970-01-01T00:01:00.999999999Z").unwrap(), 60);
        assert!(unix_seconds("yesterday").is_err());
    }

    #[test]
    fn seconds_become_a_date_and_no_date_is_told_in_seconds() {
        assert_eq!(rfc3339(1_795_359_661), "2026-11-22T15:01:01Z");
        assert_eq!(rfc3339(u64::MAX), format!("second {} (Unix)", u64::MAX));
    }
}
