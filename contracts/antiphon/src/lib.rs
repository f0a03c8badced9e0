//! The Antiphon contract: committees, votes, stake and pay
