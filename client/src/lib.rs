//! antiphon: the command line
