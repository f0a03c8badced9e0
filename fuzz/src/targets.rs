//! The targets, and the promises they hold the engine to.

use crate::edits::edited;
use crate::script::Script;
use crate::seeds;
use antiphon_documents::{Prompt, Sampling};
use antiphon_engine::child::{Action, Request, serve};
use antiphon_engine::decode::Output;
use antiphon_engine::gguf::preflight;
use antiphon_engine::template::Template;
use antiphon_engine::tokenizer::{CONTROL_NAMES, Tokenizer};
use antiphon_engine::{Input, Job, Model, Options};
use antiphon_miniature::{Family, File};
use std::io::{Cursor, Write};
use std::ops::ControlFlow;
use std::sync::LazyLock;

/// Tokenizers of every kind: four pre-tokenisers, then SentencePiece with and without a space in
/// front, then one without tokens for bytes.
static TOKENIZERS: LazyLock<Vec<Tokenizer>> = LazyLock::new(|| {
    let bytes =
        ["smollm", "gpt-2", "llama-bpe", "qwen2"].map(|pre| seeds::byte_level(Family::Llama, pre));
    let pieces = [(true, true), (true, false), (false, true)];
    let pieces = pieces.map(|(bytes, prefix)| seeds::pieces(Family::Llama, bytes, prefix));
    let files = bytes.into_iter().chain(pieces);
    files.filter_map(|file| tokenizer(&file.bytes())).collect()
});

/// A small model that answers.
static MODEL: LazyLock<Option<Model>> =
    LazyLock::new(|| load(&seeds::byte_level(Family::Llama, "smollm").bytes()));

/// The tokenizer of a file, if the preflight lets it pass.
fn tokenizer(file: &[u8]) -> Option<Tokenizer> {
    let gguf = preflight(file).ok()?;
    let rows = gguf.tensors.get("token_embd.weight")?.dims.get(1)?;
    Tokenizer::from_metadata(&gguf.metadata, u32::try_from(*rows).ok()?).ok()
}

fn load(file: &[u8]) -> Option<Model> {
    let mut place = tempfile::NamedTempFile::new().ok()?;
    place.write_all(file).ok()?;
    Model::load(place.path(), &Options::default()).ok()
}

/// A whole file of any bytes: it is refused, or its tokenizer works.
pub(crate) fn gguf(data: &[u8]) {
    if let Some(tokenizer) = tokenizer(data) {
        encode(&tokenizer, "a ab\u{e9}\n\n <s>12");
    }
}

/// A sound file of any family made wrong in places. One that still loads answers a short prompt.
pub(crate) fn files(data: &[u8]) {
    let mut script = Script::new(data);
    let family = script.pick(&Family::ALL).copied();
    let family = family.unwrap_or(Family::Llama);
    let file: File = match script.byte() % 3 {
        0 => seeds::byte_level(family, "smollm"),
        1 => seeds::pieces(family, true, true),
        _ => seeds::pieces(family, false, false),
    };
    let bytes = edited(file, &mut script);
    let Some(tokenizer) = tokenizer(&bytes) else {
        return;
    };
    encode(&tokenizer, "a ab\u{e9}\n\n <s>12");
    if let Some(model) = load(&bytes) {
        let job = job(Input::Ids(vec![0, 1, 0]), 2);
        let made = model.generate(&job, &mut |_| ControlFlow::Continue(()));
        drop(made); // numbers that are not finite are an error, which is an answer too
    }
}

const fn job(input: Input, max_output_tokens: u32) -> Job {
    Job {
        input,
        template: None,
        sampling: Sampling::GREEDY,
        max_output_tokens,
        stop: Vec::new(),
        context_tokens: None,
    }
}

/// Any text under any tokenizer: ids in range, none of them control, bytes that give the text.
pub(crate) fn texts(data: &[u8]) {
    let mut script = Script::new(data);
    let which = script.byte();
    let text = String::from_utf8_lossy(script.rest()).into_owned();
    let at = usize::from(which)
        .checked_rem(TOKENIZERS.len())
        .unwrap_or(0);
    let Some(tokenizer) = TOKENIZERS.get(at) else {
        panic!("a seed has no tokenizer");
    };
    let bytes = encode(tokenizer, &text);
    let prefix = at == 4;
    if at < 4 {
        assert_eq!(
            bytes,
            text.as_bytes(),
            "the text is not what its tokens say"
        );
    } else if at < 6 {
        let space = if prefix && !text.is_empty() { " " } else { "" };
        let marked = space.to_owned() + &text.replace('\u{2581}', " ");
        assert_eq!(
            bytes,
            marked.as_bytes(),
            "the text is not what its tokens say"
        );
    }
    let mut output = Output::new(&[]);
    output.push(&bytes);
    drop(output.into_text());
}

/// The bytes of a text's tokens, each of them checked.
fn encode(tokenizer: &Tokenizer, text: &str) -> Vec<u8> {
    let Ok(ids) = tokenizer.encode(text) else {
        panic!("the text is refused: {text:?}");
    };
    let controls: Vec<u32> = CONTROL_NAMES
        .iter()
        .filter_map(|name| tokenizer.control_id(name))
        .collect();
    let mut bytes = Vec::new();
    for id in ids {
        assert!(
            !controls.contains(&id),
            "control token {id} from the text {text:?}"
        );
        match tokenizer.token_bytes(id) {
            Ok(part) => bytes.extend_from_slice(part),
            Err(error) => panic!("{error}"),
        }
    }
    bytes
}

/// A prompt document of any bytes, written by every template with every tokenizer.
pub(crate) fn prompts(data: &[u8]) {
    let Ok(prompt) = Prompt::read(data) else {
        return;
    };
    for template in Template::all() {
        for tokenizer in TOKENIZERS.iter() {
            if let Ok(ids) = template.encode(tokenizer, &prompt.messages) {
                let known = ids.iter().all(|id| *id < tokenizer.size());
                assert!(known, "{template} wrote an id out of range");
            }
        }
    }
}

/// Any parameters and ids: an answer within its limits, or an error.
pub(crate) fn jobs(data: &[u8]) {
    let mut script = Script::new(data);
    let Some(model) = MODEL.as_ref() else {
        panic!("the seed does not load");
    };
    let ids = (0..script.below(70))
        .map(|_| u32::from(script.byte()))
        .collect();
    let mut job = job(Input::Ids(ids), u32::from(script.byte() % 8));
    job.sampling = Sampling {
        temperature_milli: script.number32(),
        top_k: script.number32(),
        top_p_milli: script.number32(),
        seed: script.number(),
    };
    job.stop = (0..script.below(10)).map(|_| script.text()).collect();
    job.context_tokens = Some(script.number32());
    if script.byte().is_multiple_of(2) {
        job.sampling = Sampling::GREEDY;
        let templates: Vec<_> = Template::all().collect();
        job.template = script.pick(&templates).copied();
    }
    if let Ok(made) = model.generate(&job, &mut |_| ControlFlow::Continue(())) {
        assert!(made.output_tokens <= job.max_output_tokens);
        // A stop string is looked for before bytes that are no text are replaced by this character.
        let mut stops = job.stop.iter().filter(|stop| !stop.contains('\u{fffd}'));
        assert!(stops.all(|stop| !made.text.contains(stop)));
    }
}

/// Lines from the parent; none may load a file of its choice.
pub(crate) fn lines(data: &[u8]) {
    let loads = |line: &&[u8]| {
        let request = serde_json::from_slice::<Request>(line);
        request.is_ok_and(|request| matches!(request.action, Action::Load(_) | Action::SelfTest(_)))
    };
    let kept: Vec<&[u8]> = data
        .split(|byte| *byte == b'\n')
        .filter(|line| !loads(line))
        .collect();
    let mut written = Vec::new();
    let served = serve(Cursor::new(kept.join(&b'\n')), &mut written, &[]);
    assert!(served.is_ok(), "reading and writing memory does not fail");
}
