//! Pure protocol rules: quorum, conduct, fees, draw, windows, settlement
