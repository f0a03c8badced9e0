//! Whole-system tests on the local network, and the lying worker they need
