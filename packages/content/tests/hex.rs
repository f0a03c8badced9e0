//! Byte strings in JSON have one spelling.

use antiphon_content::Hex;

#[test]
fn lower_case_of_the_right_length_is_the_only_spelling() {
    let bytes = Hex([0x00, 0xab, 0xff]);
    assert_eq!(bytes.to_string(), "00abff");
    assert_eq!("00abff".parse(), Ok(bytes));
    for other in [
        "00ABFF", "0x00abff", "00abf", "00abff0", "00abfg", "", " 00abff",
    ] {
        let error = other.parse::<Hex<3>>().unwrap_err();
        assert!(error.to_string().contains("want 6"), "{error}");
    }
}

#[test]
fn json_round_trips_and_refuses_other_lengths() {
    let text = "\"00abff\"";
    let bytes: Hex<3> = serde_json::from_str(text).unwrap();
    assert_eq!(serde_json::to_string(&bytes).unwrap(), text);
    assert!(serde_json::from_str::<Hex<4>>(text).is_err());
}
