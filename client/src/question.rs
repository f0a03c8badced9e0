//! From words on a command line to the one document that has its CID.

use std::path::PathBuf;

use antiphon_api::Cid;
use antiphon_documents::{Message, Prompt, Sampling};

use crate::error::ClientError;

/// Tokens of an answer when nothing else is asked.
pub const DEFAULT_OUTPUT_TOKENS: u32 = 128;

/// How tokens are chosen, as flags.
#[derive(Clone, Debug, Default, PartialEq, Eq, clap::Args)]
pub struct SamplingFlags {
    /// Temperature in 1/1000; 0 always takes the likeliest token
    #[arg(long, value_name = "N")]
    pub temperature_milli: Option<u32>,
    /// Consider only the N likeliest tokens; 0 = all
    #[arg(long, value_name = "N")]
    pub top_k: Option<u32>,
    /// Consider only the likeliest tokens up to this probability in 1/1000
    #[arg(long, value_name = "N")]
    pub top_p_milli: Option<u32>,
    /// Seed of the pseudo-random choice
    #[arg(long, value_name = "N")]
    pub seed: Option<u64>,
    /// Text that ends the answer; may be repeated
    #[arg(long, value_name = "TEXT")]
    pub stop: Vec<String>,
    /// Most tokens of the answer
    #[arg(long, value_name = "N")]
    pub max_output_tokens: Option<u32>,
}

impl SamplingFlags {
    /// The flags over the greedy default.
    #[must_use]
    pub fn sampling(&self) -> Sampling {
        let greedy = Sampling::GREEDY;
        Sampling {
            temperature_milli: self.temperature_milli.unwrap_or(greedy.temperature_milli),
            top_k: self.top_k.unwrap_or(greedy.top_k),
            top_p_milli: self.top_p_milli.unwrap_or(greedy.top_p_milli),
            seed: self.seed.unwrap_or(greedy.seed),
        }
    }

    /// Whether nothing was said.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// The limit of output tokens.
    #[must_use]
    pub fn max_output_tokens(&self) -> u32 {
        self.max_output_tokens.unwrap_or(DEFAULT_OUTPUT_TOKENS)
    }
}

/// One user message as a checked prompt.
///
/// # Errors
/// Too long, a NUL, or a number out of range.
pub fn prompt_of(text: &str, flags: &SamplingFlags) -> Result<Prompt, ClientError> {
    let prompt = Prompt {
        messages: vec![Message::user(text)],
        max_output_tokens: flags.max_output_tokens(),
        sampling: flags.sampling(),
        stop: flags.stop.clone(),
    };
    prompt.check()?;
    Ok(prompt)
}

/// A canonical prompt document from a file.
///
/// # Errors
/// The file cannot be read, or is not a canonical prompt.
pub fn prompt_from_file(path: &PathBuf) -> Result<Prompt, ClientError> {
    let bytes = std::fs::read(path).map_err(|error| ClientError::File {
        path: path.clone(),
        cause: error.to_string(),
    })?;
    Ok(Prompt::read(&bytes)?)
}

/// A prompt's name: a CID, or a file whose document has one.
///
/// # Errors
/// Neither a CID in its one spelling nor a canonical prompt document.
pub fn prompt_cid(text: &str) -> Result<Cid, ClientError> {
    let path = PathBuf::from(text);
    if path.exists() {
        return Ok(prompt_from_file(&path)?.cid());
    }
    text.parse()
        .map_err(|error| ClientError::Usage(format!("neither a file nor a prompt's CID: {error}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_become_the_one_spelling() {
        let prompt = prompt_of("Why is the sky blue?", &SamplingFlags::default()).unwrap();
        let want = concat!(
            r#"{"antiphon":"prompt/1","max_output_tokens":128,"messages":[{"content":"Why is the sky blue?","#,
            r#""role":"user"}],"sampling":{"seed":"0","temperature_milli":0,"top_k":0,"top_p_milli":1000},"stop":[]}"#
        );
        assert_eq!(prompt.to_canonical(), want);
    }

    #[test]
    fn a_number_out_of_range_is_refused_before_anything_is_paid() {
        let flags = SamplingFlags {
            temperature_milli: Some(2_001),
            ..SamplingFlags::default()
        };
        let error = prompt_of("x", &flags).unwrap_err();
        assert_eq!(error.exit_code(), 2);
        let flags = SamplingFlags {
            max_output_tokens: Some(0),
            ..SamplingFlags::default()
        };
        assert!(prompt_of("x", &flags).is_err());
        assert!(prompt_of("a\0b", &SamplingFlags::default()).is_err());
    }

    #[test]
    fn a_cid_in_another_spelling_is_refused() {
        let cid = Cid::of_raw(b"x").to_string();
        assert!(prompt_cid(&cid).is_ok());
        for bad in [cid.to_uppercase(), format!("/ipfs/{cid}"), "Qm".to_owned()] {
            assert_eq!(prompt_cid(&bad).unwrap_err().exit_code(), 2, "{bad}");
        }
    }
}
