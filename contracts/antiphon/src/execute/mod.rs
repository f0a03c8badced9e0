//! Messages, one a file.

pub(crate) mod advance;
pub(crate) mod bond;
pub(crate) mod commit;
pub(crate) mod deposit;
pub(crate) mod join_model;
pub(crate) mod leave_model;
pub(crate) mod post_task;
pub(crate) mod publish_beacon;
pub(crate) mod register_model;
pub(crate) mod reveal;
pub(crate) mod update_worker;
pub(crate) mod withdraw;
