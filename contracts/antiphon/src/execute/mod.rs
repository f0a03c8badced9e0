//! Messages, one a file.

pub(crate) mod accept_ownership;
pub(crate) mod advance;
pub(crate) mod appeal;
pub(crate) mod bond;
pub(crate) mod claim_unbonded;
pub(crate) mod commit;
pub(crate) mod deliver;
pub(crate) mod deposit;
pub(crate) mod join_model;
pub(crate) mod leave_model;
pub(crate) mod post_task;
pub(crate) mod publish_beacon;
pub(crate) mod rate;
pub(crate) mod register_model;
pub(crate) mod renounce_ownership;
pub(crate) mod retire_model;
pub(crate) mod reveal;
pub(crate) mod set_paused;
pub(crate) mod transfer_ownership;
pub(crate) mod unbond;
pub(crate) mod unjail;
pub(crate) mod update_params;
pub(crate) mod update_worker;
pub(crate) mod withdraw;
