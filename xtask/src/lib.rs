//! cargo demo and cargo ci: set-up, checks and tests with nothing installed by hand
