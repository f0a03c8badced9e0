#!/usr/bin/env python3
"""Writes the vectors of tokenizers and chat templates in this folder, by the libraries others use.

    pip install --requirement requirements.txt transformers==5.23.0
    python generate.py

Byte-level vocabularies are trained by `tokenizers`, which is asked for the ids too, and `tiktoken` must
agree with it; SentencePiece vocabularies are trained and asked by `sentencepiece`. real.py does the same
with the vocabularies of published models, which are too large to be kept here.
"""

import io
import json
import random
import struct
from pathlib import Path

import sentencepiece
import tiktoken
from sentencepiece import sentencepiece_model_pb2 as pb
from tokenizers import AddedToken, Regex, Tokenizer, models, pre_tokenizers, trainers

import chat
import corpus

HERE = Path(__file__).resolve().parent
CONTROLS = [
    "<|endoftext|>", "<|im_start|>", "<|im_end|>", "<think>", "</think>", "<|begin_of_text|>", "<|end_of_text|>",
    "<|start_header_id|>", "<|end_header_id|>", "<|eot_id|>", "<|eom_id|>",
]
WORDS = r"(?:'[sS]|'[tT]|'[rR][eE]|'[vV][eE]|'[mM]|'[lL][lL]|'[dD])|[^\r\n\p{L}\p{N}]?\p{L}+|"
REST = r"| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
GPT2 = r"'(?:[sdmt]|ll|ve|re)| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+"
SPLITS = {"gpt-2": GPT2, "llama-bpe": WORDS + r"\p{N}{1,3}" + REST, "qwen2": WORDS + r"\p{N}" + REST}
# SmolLM2's vocabulary lacks these bytes: texts lose them.
MISSING = [0x04, 0x06, 0x13, 0x14, 0x16, 0x1D, 0xC0, 0xC1, 0xF1, 0xF2, 0xF5, 0xFF]


def byte_characters():
    """The character that stands for each byte in a byte-level vocabulary."""
    plain = [*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
    others = [byte for byte in range(256) if byte not in plain]
    return {byte: chr(byte) for byte in plain} | {byte: chr(256 + i) for i, byte in enumerate(others)}


CHARACTERS = byte_characters()
BYTES = {character: byte for byte, character in CHARACTERS.items()}


def pre_tokenizer(pre):
    if pre == "smollm":
        digits = pre_tokenizers.Digits(individual_digits=True)
        return pre_tokenizers.Sequence([digits, pre_tokenizers.ByteLevel(add_prefix_space=False)])
    if pre == "gpt-2":
        return pre_tokenizers.ByteLevel(add_prefix_space=False)
    split = pre_tokenizers.Split(Regex(SPLITS[pre]), "isolated")
    return pre_tokenizers.Sequence([split, pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)])


def train_bytes(pre):
    """Tokens and merges of a small byte-level vocabulary."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizer(pre)
    trainer = trainers.BpeTrainer(vocab_size=700, initial_alphabet=sorted(BYTES), show_progress=False)
    tokenizer.train_from_iterator([corpus.TRAINING], trainer)
    model = json.loads(tokenizer.to_str())["model"]
    merges = [tuple(merge) for merge in model["merges"]]
    gone = {CHARACTERS[byte] for byte in MISSING} if pre == "smollm" else set()
    merges = [pair for pair in merges if not gone & set("".join(pair))]
    tokens = sorted(model["vocab"], key=model["vocab"].get)
    return [token for token in tokens if not gone & set(token)], merges


def bytes_tokenizer(pre, tokens, merges):
    vocabulary = {token: id for id, token in enumerate(tokens)}
    tokenizer = Tokenizer(models.BPE(vocabulary, merges, ignore_merges=pre == "llama-bpe"))
    tokenizer.pre_tokenizer = pre_tokenizer(pre)
    return tokenizer


def agrees(pre, tokens, tokenizer, texts):
    """tiktoken, a program of its own, merges by the rank of the result; it wants every byte."""
    if pre not in SPLITS:
        return
    ranks = {bytes(BYTES[c] for c in token): id for id, token in enumerate(tokens)}
    other = tiktoken.Encoding("check", pat_str=SPLITS[pre], mergeable_ranks=ranks, special_tokens={})
    for text in texts:
        got, want = other.encode_ordinary(text), tokenizer.encode(text, add_special_tokens=False).ids
        assert got == want, (pre, text, got, want)


def decodings(tokenizer, size):
    """Random ids and their text: most are no whole characters."""
    chance = random.Random(4)
    found = []
    for _ in range(30):
        ids = [chance.randrange(size) for _ in range(chance.randrange(1, 12))]
        data = b"".join(bytes(BYTES[c] for c in tokenizer.id_to_token(id)) for id in ids)
        found.append([ids, data.decode(errors="replace")])
    return found


def byte_vectors(pre, tokens, merges, texts):
    tokenizer = bytes_tokenizer(pre, tokens, merges)
    agrees(pre, tokens, tokenizer, texts)
    return {
        "model": "gpt2", "pre": pre, "tokens": tokens + CONTROLS,
        "types": [1] * len(tokens) + [3] * len(CONTROLS),
        "merges": [" ".join(pair) for pair in merges],
        "ids": [tokenizer.encode(text, add_special_tokens=False).ids for text in texts],
        "decode": decodings(tokenizer, len(tokens)),
    }


def train_pieces(prefix):
    """A small SentencePiece model. Its user-defined symbols stand in texts, as Gemma's white space does."""
    out = io.BytesIO()
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter(corpus.TRAINING.split("\n")), model_writer=out, model_type="bpe", vocab_size=900,
        normalization_rule_name="identity", remove_extra_whitespaces=False, add_dummy_prefix=prefix,
        byte_fallback=True, character_coverage=0.98, split_by_whitespace=prefix, minloglevel=2,
        user_defined_symbols=["\n\n", "\n\n\n", "\u2581\u2581", "\u2581\u2581\u2581\u2581", "<extra>"], control_symbols=["<bos>", "<eos>"],
    )
    return pb.ModelProto.FromString(out.getvalue())


def with_turns(model):
    """The same model with Gemma's turns as user-defined symbols, to write whole conversations."""
    model = pb.ModelProto.FromString(model.SerializeToString())
    for piece in model.pieces:
        if piece.piece in ("<bos>", "<eos>"):
            piece.type = pb.ModelProto.SentencePiece.USER_DEFINED
    for name in ("<start_of_turn>", "<end_of_turn>"):
        model.pieces.add(piece=name, score=0.0, type=pb.ModelProto.SentencePiece.USER_DEFINED)
    return sentencepiece.SentencePieceProcessor(model_proto=model.SerializeToString())


def piece_vectors(model, prefix, texts):
    processor = sentencepiece.SentencePieceProcessor(model_proto=model.SerializeToString())
    pieces = [(piece.piece, float32(piece.score), piece.type) for piece in model.pieces]
    pieces += [("<start_of_turn>", 0.0, 4), ("<end_of_turn>", 0.0, 4)]
    ids = [processor.encode(text) for text in texts]
    back = [[list(each), processor.decode(each)] for each in ids if each]
    return {
        "model": "llama", "add_space_prefix": prefix, "unknown": processor.unk_id(),
        "tokens": [piece[0] for piece in pieces], "scores": [piece[1] for piece in pieces],
        "types": [piece[2] for piece in pieces], "ids": ids,
        "decode": [pair for pair in back if "\ufffd" not in pair[1]][::9],
    }


def float32(number):
    return struct.unpack("f", struct.pack("f", number))[0]


def crate_ids(vectors, texts):
    """The ids by 9.3's map to the crate: where its order of equal scores is another, they differ."""
    pieces = zip(vectors["tokens"], vectors["scores"], vectors["types"])
    rows = [(token, score, id) for id, (token, score, kind) in enumerate(pieces) if kind == 1]
    known = {token: id for token, _, id in rows}
    splits = [
        ((-score, known[token[:at]], known[token[at:]]), (token[:at], token[at:]))
        for token, score, _ in rows for at in range(1, len(token)) if token[:at] in known and token[at:] in known
    ]
    vocabulary = {token: id for id, token in enumerate(vectors["tokens"])}
    bpe = models.BPE(vocabulary, [pair for _, pair in sorted(splits)], byte_fallback=True, unk_token="<unk>")
    tokenizer = Tokenizer(bpe)
    start = "\u2581" if vectors["add_space_prefix"] else ""
    spaced = [(start + text).replace(" ", "\u2581") if text else "" for text in texts]
    return [tokenizer.encode(text, add_special_tokens=False).ids for text in spaced]


def conversations(vocabularies, bare):
    """Texts by the published templates, and ids where the library finds the control tokens in them."""
    from transformers import PreTrainedTokenizerFast

    found = []
    for name, (template, pre, bos, eos) in chat.TEMPLATES.items():
        inner = Tokenizer(models.BPE({"<unk>": 0}, [], unk_token="<unk>"))
        if pre in vocabularies:
            listed = vocabularies[pre]
            tokens = [token for token, kind in zip(listed["tokens"], listed["types"]) if kind == 1]
            inner = bytes_tokenizer(pre, tokens, [tuple(merge.split(" ")) for merge in listed["merges"]])
            inner.add_tokens([AddedToken(control, normalized=False) for control in CONTROLS])
        library = PreTrainedTokenizerFast(tokenizer_object=inner, bos_token=bos, eos_token=eos, chat_template=template)
        for talk in chat.TALKS:
            messages = [{"role": role, "content": content} for role, content in talk]
            text = library.apply_chat_template(messages, tokenize=False, add_generation_prompt=True, enable_thinking=False)
            ids = None
            if pre in vocabularies:
                ids = inner.encode(text, add_special_tokens=False).ids
            elif pre == "spm-bare":
                ids = bare.encode(text)
            found.append({"template": name, "messages": talk, "text": text, "vocabulary": pre, "ids": ids})
    return found


def write(name, value):
    text = json.dumps(value, separators=(",", ":"), ensure_ascii=True)
    (HERE / f"{name}.json").write_text(text + "\n")


def main():
    texts = corpus.texts()
    vocabularies = {pre: byte_vectors(pre, *train_bytes(pre), texts) for pre in ["gpt-2", "llama-bpe", "qwen2", "smollm"]}
    models_by_name = {"spm": train_pieces(True), "spm-bare": train_pieces(False)}
    pieces = {name: piece_vectors(model, name == "spm", texts) for name, model in models_by_name.items()}
    for name, vectors in (vocabularies | pieces).items():
        write(name, vectors)
    for name, vectors in pieces.items():
        plain = [i for i, text in enumerate(texts) if not any(u in text for u in ("\n\n", "  ", "<extra>", "\u2581"))]
        other = crate_ids(vectors, [texts[i] for i in plain])
        differ = sum(vectors["ids"][i] != ids for i, ids in zip(plain, other))
        print(f"{name}: the crate's map differs in {differ} of {len(plain)} texts")
    write("texts", texts)
    write("chat", conversations(vocabularies, with_turns(models_by_name["spm-bare"])))


if __name__ == "__main__":
    main()
