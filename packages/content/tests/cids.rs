//! One CID, one spelling, in text and in bytes.

use antiphon_content::{Cid, CidError, Codec};
use proptest::prelude::*;

/// CID of `hello world` and a line feed, from the ratified fixtures.
const HELLO: &str = "bafkreifjjcie6lypi6ny7amxnfftagclbuxndqonfipmb64f2km2devei4";

#[test]
fn a_raw_block_has_the_cid_that_every_ipfs_tool_gives_it() {
    assert_eq!(Cid::of_raw(b"hello world\n").to_string(), HELLO);
}

#[test]
fn five_other_spellings_of_one_cid_are_refused() {
    let cid: Cid = HELLO.parse().unwrap();
    let hex: String = cid.to_bytes().iter().map(|b| format!("{b:02x}")).collect();
    let others = [
        HELLO.to_uppercase(),
        format!("f{hex}"),
        "zb2rhiaVsbtadsg2YfG7cvUMFBtvpbrGoWrLBNrpZEHwrLL9H".to_owned(),
        format!("/ipfs/{HELLO}"),
        "QmT78zSuBmuS4z925WZfrqQ1qHaJ56DQaTfyMUF7F8ff5o".to_owned(),
    ];
    for other in others {
        assert!(other.parse::<Cid>().is_err(), "{other} was accepted");
    }
}

#[test]
fn white_space_length_and_padding_bits_are_refused() {
    // The last character carries two padding bits: 4 is the only one of its group without them.
    assert_eq!(&HELLO[58..], "4");
    for other in [
        format!(" {HELLO}"),
        format!("{HELLO}\n"),
        HELLO[..58].to_owned(),
        format!("{HELLO}a"),
        format!("{}5", &HELLO[..58]),
        format!("{}7", &HELLO[..58]),
        format!("b{}", "é".repeat(29)),
        String::new(),
    ] {
        let refused = other.parse::<Cid>();
        assert!(matches!(refused, Err(CidError::Spelling(_))), "{other:?}");
    }
}

#[test]
fn identity_other_hashes_other_versions_and_codecs_are_refused() {
    let good = Cid::of_raw(b"x").to_bytes();
    for (place, value) in [
        (0, 0),
        (0, 2),
        (1, 0x71),
        (1, 0),
        (2, 0x00),
        (2, 0x1e),
        (3, 0x1f),
    ] {
        let mut bytes = good;
        bytes[place] = value;
        let refused = Cid::from_bytes(&bytes);
        assert!(
            matches!(refused, Err(CidError::Prefix(_))),
            "{place} {value}"
        );
    }
    assert_eq!(Cid::from_bytes(&good[..35]), Err(CidError::Length(35)));
    // 129 bytes inlined by the identity hash (IPIP-0512): too long to be one of our CIDs at all.
    assert_eq!(Cid::from_bytes(&[0; 133]), Err(CidError::Length(133)));
    assert!("bafkqaaa".parse::<Cid>().is_err());
}

#[test]
fn the_refusal_says_what_was_got_and_what_is_wanted() {
    let text = "QmFoo".parse::<Cid>().unwrap_err().to_string();
    assert!(text.contains("QmFoo") && text.contains("base32"), "{text}");
    let long = "b".repeat(10_000).parse::<Cid>().unwrap_err().to_string();
    assert!(long.len() < 300, "a hostile text is cut in the message");
}

proptest! {
    #[test]
    fn text_and_bytes_round_trip(digest: [u8; 32], raw: bool) {
        let codec = if raw { Codec::Raw } else { Codec::DagPb };
        let cid = Cid::new(codec, digest);
        let text = cid.to_string();
        prop_assert_eq!(text.len(), 59);
        prop_assert_eq!(&text[..7], if raw { "bafkrei" } else { "bafybei" });
        prop_assert_eq!(text.parse::<Cid>(), Ok(cid));
        prop_assert_eq!(Cid::from_bytes(&cid.to_bytes()), Ok(cid));
        let json = serde_json::to_string(&cid).unwrap();
        prop_assert_eq!(serde_json::from_str::<Cid>(&json).unwrap(), cid);
    }

    #[test]
    fn whatever_is_accepted_is_written_the_same_way(text in "b[a-z2-7]{58}") {
        if let Ok(cid) = text.parse::<Cid>() {
            prop_assert_eq!(cid.to_string(), text);
        }
    }
}
