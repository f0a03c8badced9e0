#!/usr/bin/env python3
"""Writes the vectors of published vocabularies into a folder, as generate.py does for small ones.

    pip install --requirement requirements.txt
    python real.py FOLDER NAME=FILE …

`cargo nightly-tokenizers` fetches the files and runs it. Each vocabulary is converted as the converters of
model files do it; `tiktoken`, with the published ranks, must give the ids that `tokenizers` gives with the
converted ones, and `sentencepiece` is given the published model itself.
"""

import base64
import json
import sys
from pathlib import Path

from sentencepiece import sentencepiece_model_pb2 as pb

import corpus
import generate

# How each text is cut, tokens and merges: as many as published model files have.
BYTE_LEVEL = {
    "gpt-2": ("gpt-2", 50_256, 50_000),
    "qwen2": ("qwen2", 151_643, 151_387),
    "llama-3": ("llama-bpe", 128_000, 280_147),
}
PIECES = {"llama-2": 32_000, "mistral": 32_000}
# Of so many tokens one stands alone as a text: whole tokens are where rules for merging differ.
STEP = 41


def ranks_of(path):
    lines = [line.split() for line in Path(path).read_text().splitlines() if line]
    return {base64.b64decode(token): int(rank) for token, rank in lines}


def last_merges(ranks):
    """For each token what its bytes are just before their last merge."""
    for token in sorted(ranks, key=ranks.get):
        parts = [bytes([byte]) for byte in token]
        while len(parts) > 2:
            pairs = [(ranks.get(parts[i] + parts[i + 1], ranks[token]), i) for i in range(len(parts) - 1)]
            at = min(pairs)[1]
            parts[at:at + 2] = [parts[at] + parts[at + 1]]
        if len(parts) == 2:
            yield tuple(parts)


def all_merges(ranks):
    """For each token every two tokens that join to it; Llama 3 was converted so."""
    for token in sorted(ranks, key=ranks.get):
        splits = [(token[:at], token[at:]) for at in range(1, len(token))]
        known = [pair for pair in splits if pair[0] in ranks and pair[1] in ranks]
        yield from sorted(known, key=lambda pair: (ranks[pair[0]], ranks[pair[1]]))


def characters(token):
    return "".join(generate.CHARACTERS[byte] for byte in token)


def byte_level(name, path, texts):
    pre, size, count = BYTE_LEVEL[name]
    ranks = ranks_of(path)
    every = all_merges if name == "llama-3" else last_merges
    merges = [tuple(map(characters, pair)) for pair in every(ranks)]
    tokens = [characters(token) for token in sorted(ranks, key=ranks.get)]
    assert (len(tokens), len(merges)) == (size, count), (name, len(tokens), len(merges))
    whole = [text_of(token) for token in list(ranks)[::STEP]]
    texts = texts + [text for text in whole if text is not None]
    return generate.byte_vectors(pre, tokens, merges, texts) | {"texts": texts}


def text_of(token):
    try:
        return token.decode()
    except UnicodeDecodeError:
        return None


def llama_2(path):
    """The vocabulary inside the package; a token's score is -(id - 259), as in the published model."""
    source = Path(path).read_text()
    longest = max((part for part in source.split('"') if len(part) > 100_000), key=lambda part: "," not in part)
    model = generate.train_pieces(True)
    del model.pieces[:]
    for id, token in enumerate(base64.b64decode(longest).decode().split("\n")):
        kind = 2 if id == 0 else 3 if id < 3 else 6 if id < 259 else 1
        model.pieces.add(piece=token, score=-float(id - 259) if kind == 1 else 0.0, type=kind)
    return model


def pieces(name, path, texts):
    model = llama_2(path) if name == "llama-2" else pb.ModelProto.FromString(Path(path).read_bytes())
    assert len(model.pieces) == PIECES[name], (name, len(model.pieces))
    whole = [piece.piece.replace("\u2581", " ") for piece in model.pieces if piece.type == piece.NORMAL][::STEP]
    texts = texts + whole
    return generate.piece_vectors(model, True, texts) | {"texts": texts}


def main():
    folder, *files = sys.argv[1:]
    texts = corpus.texts()
    for name, path in (file.split("=", 1) for file in files):
        vectors = (byte_level if name in BYTE_LEVEL else pieces)(name, path, texts)
        (Path(folder) / f"{name}.json").write_text(json.dumps(vectors, separators=(",", ":")) + "\n")
        print(f"{name}: {len(vectors['tokens'])} tokens, {len(vectors['texts'])} texts")


if __name__ == "__main__":
    main()
