//! The events themselves.

use super::{Attribute, EventError, bare, expect, field, pairs, written};
use antiphon_content::Cid;
use cosmwasm_std::{Event, Uint128};

events! {
    /// A model can be asked.
    ModelRegistered = "model_registered" {
        /// Its id.
        model: u64,
        /// Its manifest.
        manifest: Cid,
        /// Who registered it.
        publisher: String,
    }
    /// A worker added to its bond.
    Bonded = "bonded" {
        /// The worker.
        worker: String,
        /// What was added.
        amount: Uint128,
        /// The bond after that.
        bond: Uint128,
    }
    /// A part of a worker's bond leaves.
    Unbonding = "unbonding" {
        /// The worker.
        worker: String,
        /// What leaves with this message.
        amount: Uint128,
        /// All that is leaving.
        unbonding: Uint128,
        /// Unix time in seconds from which it can be claimed.
        claimable: u64,
    }
    /// An unbonding entry was credited to its worker.
    UnbondedClaimed = "unbonded_claimed" {
        /// The worker.
        worker: String,
        /// How much.
        amount: Uint128,
    }
    /// A worker is out of jail.
    WorkerUnjailed = "worker_unjailed" {
        /// The worker.
        worker: String,
    }
    /// A model takes no more tasks.
    ModelRetired = "model_retired" {
        /// The model.
        model: u64,
    }
    /// The deposit of a retired model went back to its publisher.
    DepositReturned = "deposit_returned" {
        /// The model.
        model: u64,
        /// How much.
        amount: Uint128,
    }
    /// A worker's endpoint, moniker or voter key changed; which one, its record tells.
    WorkerUpdated = "worker_updated" {
        /// The worker.
        worker: String,
    }
    /// A worker offers to serve a model.
    SeatJoined = "seat_joined" {
        /// The model.
        model: u64,
        /// The slot taken.
        slot: u16,
        /// The worker.
        worker: String,
    }
    /// A seat is free again.
    SeatLeft = "seat_left" {
        /// The model.
        model: u64,
        /// The slot freed.
        slot: u16,
        /// Whose it was.
        worker: String,
        /// A draw met the seat and took it away: the worker is jailed or its bond too small.
        removed: bool,
    }
    /// A prompt waits for a committee.
    TaskAdded = "task_added" {
        /// The task.
        task: u64,
        /// The model asked.
        model: u64,
        /// Who pays.
        requester: String,
        /// The prompt's raw block.
        prompt: Cid,
        /// Its length.
        prompt_bytes: u32,
        /// The limit of output tokens.
        max_output_tokens: u32,
        /// Members of round 0.
        committee: u32,
        /// What was taken for fees.
        escrow: Uint128,
        /// The beacon round that draws it.
        waits_for: u64,
        /// Workers that hold the prompt's block.
        holders: Vec<String>,
    }
    /// A beacon round came on chain.
    BeaconPublished = "beacon_published" {
        /// The beacon's round.
        round: u64,
    }
    /// The places of a round have members.
    CommitteeDrawn = "committee_drawn" {
        /// The task.
        task: u64,
        /// The round.
        round: u8,
        /// Members just drawn, in the order of the draw.
        members: Vec<String>,
        /// Members in all, those kept included.
        filled: u32,
        /// Last height at which commits are accepted.
        deadline: u64,
    }
    /// A draw found too few members; they were released.
    DrawShort = "draw_short" {
        /// The task.
        task: u64,
        /// The round.
        round: u8,
        /// Members it would have had, those kept included.
        found: u32,
        /// Members needed.
        quorum: u32,
        /// The beacon round of the next draw; absent if no draw is left.
        waits_for: Option<u64>,
    }
    /// Silent members lost their places, which are drawn again.
    MembersReplaced = "members_replaced" {
        /// The task.
        task: u64,
        /// The round.
        round: u8,
        /// Who lost its place.
        members: Vec<String>,
        /// The beacon round of the next draw.
        waits_for: u64,
    }
    /// A member is bound to its ballot.
    VoteCommitted = "vote_committed" {
        /// The task.
        task: u64,
        /// The round.
        round: u8,
        /// The member.
        worker: String,
        /// Commits of the round so far.
        committed: u32,
    }
    /// Commits are over; ballots can be opened.
    RevealOpened = "reveal_opened" {
        /// The task.
        task: u64,
        /// The round.
        round: u8,
        /// Commits of the round.
        committed: u32,
        /// Last height at which reveals are accepted.
        deadline: u64,
    }
    /// A member opened its ballot.
    VoteRevealed = "vote_revealed" {
        /// The task.
        task: u64,
        /// The round.
        round: u8,
        /// The member.
        worker: String,
        /// `answer`, `unavailable` or `invalid`.
        ballot: String,
        /// The answer's raw block.
        answer: Option<Cid>,
        /// Reveals of the round so far.
        revealed: u32,
    }
    /// One vote of a message was not accepted; the others were judged without it.
    VoteRefused = "vote_refused" {
        /// The task the vote names.
        task: u64,
        /// The vote's place in its message, from 0.
        item: u32,
        /// Why: a fixed word (see the contract's `Refusal`).
        code: String,
    }
    /// A quorum stands; it can be appealed until the deadline.
    TaskAnswered = "task_answered" {
        /// The task.
        task: u64,
        /// The round that stands.
        round: u8,
        /// `answer`, `unavailable` or `invalid`.
        outcome: String,
        /// The answer's raw block.
        answer: Option<Cid>,
        /// Equal ballots.
        votes: u32,
        /// Members of the round.
        size: u32,
        /// A later round was undecided.
        contested: bool,
        /// Last height of the appeal window.
        deadline: u64,
    }
    /// A round ended without a quorum.
    RoundUndecided = "round_undecided" {
        /// The task.
        task: u64,
        /// The round.
        round: u8,
    }
    /// A larger, fresh committee will be drawn.
    RoundOpened = "round_opened" {
        /// The task.
        task: u64,
        /// The round.
        round: u8,
        /// Members it should have.
        size: u32,
        /// The beacon round that draws it.
        waits_for: u64,
    }
    /// Somebody put up a bond for a larger, fresh committee.
    TaskAppealed = "task_appealed" {
        /// The task.
        task: u64,
        /// The round it opens.
        round: u8,
        /// Members that round should have.
        size: u32,
        /// Who appeals.
        by: String,
        /// The bond.
        bond: Uint128,
        /// The beacon round that draws it.
        waits_for: u64,
    }
    /// A requester rated an answer.
    TaskRated = "task_rated" {
        /// The task.
        task: u64,
        /// Its model.
        model: u64,
        /// It was good.
        good: bool,
        /// The fees behind it.
        fees: Uint128,
    }
    /// A contract was told of its task's end.
    CallbackDelivered = "callback_delivered" {
        /// The task.
        task: u64,
        /// The contract.
        receiver: String,
        /// Who delivered.
        by: String,
        /// What that earned.
        fee: Uint128,
    }
    /// A contract refused to be told, or ran out of its gas; it can be tried again.
    CallbackFailed = "callback_failed" {
        /// The task.
        task: u64,
        /// The contract.
        receiver: String,
    }
    /// A callback can no longer be delivered.
    CallbackOver = "callback_over" {
        /// The task.
        task: u64,
        /// The fee that went back to the requester.
        refunded: Uint128,
    }
    /// A task ended with an outcome.
    TaskFinalised = "task_finalised" {
        /// The task.
        task: u64,
        /// `answer`, `unavailable` or `invalid`.
        outcome: String,
        /// The answer's raw block.
        answer: Option<Cid>,
        /// A round after the deciding one was undecided.
        contested: bool,
        /// To members.
        paid: Uint128,
        /// Back to the requester.
        refunded: Uint128,
        /// To the pot that is burned.
        burned: Uint128,
    }
    /// A task ended without an outcome.
    TaskFailed = "task_failed" {
        /// The task.
        task: u64,
        /// To members that revealed.
        paid: Uint128,
        /// Back to the requester.
        refunded: Uint128,
        /// To the pot that is burned.
        burned: Uint128,
    }
    /// A lock was forfeited.
    Slashed = "slashed" {
        /// The task.
        task: u64,
        /// The worker.
        worker: String,
        /// What was taken.
        amount: Uint128,
    }
    /// The slash meter was full: locks that were to be forfeited were freed.
    SlashWithheld = "slash_withheld" {
        /// The task.
        task: u64,
        /// How many.
        locks: u32,
    }
    /// A worker did not serve and was charged.
    WorkerMissed = "worker_missed" {
        /// The task.
        task: u64,
        /// The worker.
        worker: String,
        /// What it was charged.
        charge: Uint128,
        /// Misses in a row.
        misses: u32,
    }
    /// A worker is passed over by draws until it asks to be let out.
    WorkerJailed = "worker_jailed" {
        /// The worker.
        worker: String,
        /// Unix time in seconds from which it may ask.
        until: u64,
    }
    /// Coins were credited to an account.
    Deposited = "deposited" {
        /// The account.
        account: String,
        /// How much.
        amount: Uint128,
    }
    /// An account took coins out.
    Withdrawn = "withdrawn" {
        /// The account.
        account: String,
        /// How much.
        amount: Uint128,
    }
    /// The pot of coins to burn was emptied.
    Burned = "burned" {
        /// How much.
        amount: Uint128,
    }
    /// The chain refused to burn; the pot was filled again.
    BurnFailed = "burn_failed" {
        /// How much.
        amount: Uint128,
    }
    /// New parameters hold for tasks posted from now on.
    ParamsUpdated = "params_updated" {
        /// Their version.
        version: u32,
    }
    /// New tasks and models are refused, or accepted again.
    PauseSet = "pause_set" {
        /// They are refused.
        paused: bool,
    }
    /// The ownership was offered; absent if an offer was taken back.
    OwnershipOffered = "ownership_offered" {
        /// To whom.
        to: Option<String>,
    }
    /// There is another owner, or none any more.
    OwnerChanged = "owner_changed" {
        /// The owner.
        owner: Option<String>,
    }
}
