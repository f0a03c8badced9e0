#!/usr/bin/env python3
"""Writes the vectors of tokenizers and chat templates in this folder, by the libraries others use.

    pip install tokenizers==0.23.3 transformers==5.23.0 sentencepiece==0.2.3 tiktoken
    python generate.py                                      # the small vocabularies kept here
    python generate.py --gpt2 r50k_base.tiktoken            # the real GPT-2, from npm's gpt-tokenizer
    python generate.py --llama2 llama-tokenizer.js          # the real Llama 2, from npm's llama-tokenizer-js

Real vocabularies are written beside the small ones, to be tested once and taken away again: the test reads
every file of this folder. Byte-level vocabularies are trained by `tokenizers`, which is asked for the ids
too, and `tiktoken` must agree with it; SentencePiece vocabularies are trained and asked by `sentencepiece`.
"""

import argparse
import base64
import io
import json
import random
import struct
from pathlib import Path

import sentencepiece
import tiktoken
from sentencepiece import sentencepiece_model_pb2 as pb
from tokenizers import AddedToken, Regex, Tokenizer, models, pre_tokenizers, trainers
from transformers import PreTrainedTokenizerFast

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


def real_gpt2(path):
    """Tokens and merges from ranks: a token's merge is what its bytes are just before their last one."""
    lines = [line.split() for line in Path(path).read_text().splitlines() if line]
    ranks = {base64.b64decode(token): int(rank) for token, rank in lines}
    names = ["".join(CHARACTERS[byte] for byte in token) for token in sorted(ranks, key=ranks.get)]
    merges = []
    for token in sorted(ranks, key=ranks.get):
        parts = [bytes([byte]) for byte in token]
        while len(parts) > 2:
            pairs = [(ranks.get(parts[i] + parts[i + 1], ranks[token]), i) for i in range(len(parts) - 1)]
            at = min(pairs)[1]
            parts[at:at + 2] = [parts[at] + parts[at + 1]]
        if len(parts) == 2:
            merges.append(tuple("".join(CHARACTERS[byte] for byte in part) for part in parts))
    return names, merges


def real_llama2(path):
    """The vocabulary inside the package; a token's score is -(id - 259), as in the published model."""
    source = Path(path).read_text()
    longest = max((part for part in source.split('"') if len(part) > 100_000), key=lambda part: "," not in part)
    tokens = base64.b64decode(longest).decode().split("\n")
    model = pb.ModelProto.FromString(train_pieces(True).SerializeToString())
    del model.pieces[:]
    for id, token in enumerate(tokens):
        kind = 2 if id == 0 else 3 if id < 3 else 6 if id < 259 else 1
        model.pieces.add(piece=token, score=-float(id - 259) if kind == 1 else 0.0, type=kind)
    return model


def write(name, value):
    text = json.dumps(value, separators=(",", ":"), ensure_ascii=True)
    (HERE / f"{name}.json").write_text(text + "\n")


def main():
    words = argparse.ArgumentParser(description="vectors of tokenizers and chat templates")
    words.add_argument("--gpt2", help="r50k_base.tiktoken")
    words.add_argument("--llama2", help="llama-tokenizer.js")
    words = words.parse_args()
    texts = corpus.texts()
    if words.gpt2:
        write("real-gpt-2", byte_vectors("gpt-2", *real_gpt2(words.gpt2), texts))
    if words.llama2:
        write("real-llama-2", piece_vectors(real_llama2(words.llama2), True, texts))
    if words.gpt2 or words.llama2:
        return
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
