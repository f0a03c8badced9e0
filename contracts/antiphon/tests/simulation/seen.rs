//! What games must have met, or they show nothing.

use super::tally::{MESSAGES, Tally};

/// Events and what the ledger saw.
const SEEN: &[&str] = &[
    "model_registered",
    "bonded",
    "unbonding",
    "unbonded_claimed",
    "worker_unjailed",
    "model_retired",
    "deposit_returned",
    "worker_updated",
    "seat_joined",
    "seat_left",
    "task_added",
    "beacon_published",
    "committee_drawn",
    "draw_short",
    "members_replaced",
    "vote_committed",
    "reveal_opened",
    "vote_revealed",
    "vote_refused",
    "task_answered",
    "round_undecided",
    "round_opened",
    "task_appealed",
    "task_rated",
    "callback_delivered",
    "callback_failed",
    "callback_over",
    "task_finalised",
    "task_failed",
    "slashed",
    "slash_withheld",
    "worker_missed",
    "worker_jailed",
    "deposited",
    "withdrawn",
    "burned",
    "params_updated",
    "pause_set",
    "ownership_offered",
    "owner_changed",
    "right",
    "wrong",
    "neutral",
    "withheld",
    "silent",
    "unavailable",
    "revealer",
    "ended failed",
    "ended with an answer",
    "ended with invalid",
    "ended with unavailable",
    "contested answer",
    "appeal won",
    "appeal lost",
    "appeal undecided",
    "empty place",
    "delivers from inside",
    "withdraws from inside",
    "asks from inside",
    "calls from inside",
    "is refused from inside",
];

/// Codes of refused messages and votes that hostile actors must have met.
const CODES: &[&str] = &[
    "E_ADDRESS",
    "E_AMOUNT",
    "E_APPEAL_OVER",
    "E_BATCH",
    "E_BEACON_EARLY",
    "E_BEACON_NOT_AWAITED",
    "E_BEACON_SIGNATURE",
    "E_BLOCK",
    "E_BOND",
    "E_CALLBACK",
    "E_CODEC",
    "E_COINS",
    "E_COMMITTEE",
    "E_ENDPOINT",
    "E_FUNDS",
    "E_HOLDER",
    "E_HOLDERS",
    "E_JAILED",
    "E_LIMITS",
    "E_LOCKED",
    "E_MODEL_RETIRED",
    "E_MONIKER",
    "E_NOTHING",
    "E_NOTHING_UNBONDING",
    "E_NOT_ANSWERED",
    "E_NOT_JAILED",
    "E_NOT_OFFERED",
    "E_NOT_OWNER",
    "E_NOT_PUBLISHER",
    "E_NOT_REQUESTER",
    "E_NOT_SEATED",
    "E_NO_ANSWER",
    "E_NO_CALLBACK",
    "E_NO_COINS",
    "E_NO_ROUND_LEFT",
    "E_NO_VOTER",
    "E_OUTPUT_TOKENS",
    "E_PARAMS",
    "E_PAUSED",
    "E_POOL_TOO_SMALL",
    "E_PRICE",
    "E_PROMPT_BYTES",
    "E_RATED",
    "E_SEATED",
    "E_SEATS_NEED",
    "E_TEXT",
    "E_TOO_SOON",
    "E_UNBONDING",
    "E_UNKNOWN_MODEL",
    "E_UNKNOWN_TASK",
    "E_UNKNOWN_WORKER",
    "E_VOTER_KEY",
    "E_ZERO",
    "already_committed",
    "already_revealed",
    "bad_address",
    "bad_ballot",
    "bad_signature",
    "not_a_member",
    "not_committed",
    "task_over",
    "too_early",
    "too_late",
    "unknown_task",
    "wrong_digest",
    "wrong_opening",
    "wrong_round",
];

/// Every message was accepted and refused, and everything above was met.
pub fn all_of_it(tally: &Tally) {
    for message in MESSAGES {
        let (done, refused) = tally.messages.get(message).copied().unwrap_or_default();
        assert!(
            done > 0 && refused > 0,
            "{message}: {done} accepted, {refused} refused"
        );
    }
    let unseen: Vec<_> = SEEN
        .iter()
        .filter(|it| !tally.seen.contains_key(**it))
        .collect();
    let unmet: Vec<_> = CODES
        .iter()
        .filter(|it| !tally.codes.contains_key(**it))
        .collect();
    assert!(
        unseen.is_empty() && unmet.is_empty(),
        "never seen: {unseen:?}, {unmet:?}"
    );
}
