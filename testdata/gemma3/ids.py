#!/usr/bin/env python3
"""Writes ids.json: what `sentencepiece` makes of texts with the vocabulary of the real Gemma 3 file.

    pip install --requirement ../tokenizers/requirements.txt
    python ids.py gemma-3-270m-Q4_K_M.gguf

The texts are ../tokenizers/texts.json, and some about what this vocabulary has of its own. The file has
spaces in user-defined tokens where the published vocabulary marks them; templates' names are control tokens.
"""

import hashlib
import json
import struct
import sys
from pathlib import Path

import sentencepiece
from sentencepiece import sentencepiece_model_pb2 as pb

HERE = Path(__file__).resolve().parent
SCALARS = {0: "B", 1: "b", 2: "H", 3: "h", 4: "I", 5: "i", 6: "f", 7: "?", 10: "Q", 11: "q", 12: "d"}
TEXT, LIST = 8, 9
USER_DEFINED, CONTROL = 4, 3
# Of cn-1.md 9.4, what this vocabulary lists as user defined.
NAMES = ["<s>", "</s>"]
MORE = [
    "<h1>Title</h1>", "<table><tr><td>1</td></tr></table>", "<start_of_image>", "[multimodal]", "<end_of_turn>\n", "<unused0>",
    "a<b>c</b>d", "<h1", "h1>", "<<h1>>", "x</a></a>", "<start_of_turn>user\nhi<end_of_turn>", "<pad><mask>",
    "\n" * 31, "\n" * 32, "\n" * 33, "\t" * 31, "\t" * 32, " " * 31, " " * 32, " " * 64, "\n\t\n\t", " \u2581 \u2581\u2581",
    (HERE / "passage.txt").read_text(),
]


class Reader:
    """The metadata of a GGUF file."""

    def __init__(self, data: bytes) -> None:
        self.data, self.at = data, 8
        _tensors, count = self.scalar("Q"), self.scalar("Q")
        self.found = {}
        for _ in range(count):
            key = self.text()
            self.found[key] = self.value(self.scalar("I"))

    def scalar(self, form: str):
        (value,) = struct.unpack_from("<" + form, self.data, self.at)
        self.at += struct.calcsize("<" + form)
        return value

    def text(self) -> str:
        length = self.scalar("Q")
        self.at += length
        return self.data[self.at - length:self.at].decode()

    def value(self, kind: int):
        if kind == TEXT:
            return self.text()
        if kind == LIST:
            kind, count = self.scalar("I"), self.scalar("Q")
            return [self.value(kind) for _ in range(count)]
        return self.scalar(SCALARS[kind])


def processor(metadata: dict) -> sentencepiece.SentencePieceProcessor:
    model = pb.ModelProto()
    trainer, normalizer = model.trainer_spec, model.normalizer_spec
    trainer.model_type, trainer.byte_fallback = trainer.BPE, True
    ids = {name: metadata[f"tokenizer.ggml.{name}_token_id"] for name in ("bos", "eos", "unknown", "padding")}
    trainer.bos_id, trainer.eos_id, trainer.unk_id, trainer.pad_id = ids.values()
    normalizer.name, normalizer.add_dummy_prefix = "identity", metadata["tokenizer.ggml.add_space_prefix"]
    normalizer.remove_extra_whitespaces, normalizer.escape_whitespaces = False, True
    columns = [metadata[f"tokenizer.ggml.{name}"] for name in ("tokens", "scores", "token_type")]
    for id, (token, score, kind) in enumerate(zip(*columns)):
        if kind == USER_DEFINED:
            token = token.replace(" ", "\u2581")
            kind = CONTROL if token in NAMES else kind
        unknown = id == ids["unknown"]
        model.pieces.add(piece=token, score=score, type=model.SentencePiece.UNKNOWN if unknown else kind)
    trainer.bos_piece, trainer.eos_piece = columns[0][ids["bos"]], columns[0][ids["eos"]]
    trainer.unk_piece, trainer.pad_piece = columns[0][ids["unknown"]], columns[0][ids["padding"]]
    return sentencepiece.SentencePieceProcessor(model_proto=model.SerializeToString())


def main() -> None:
    data = Path(sys.argv[1]).read_bytes()
    encode = processor(Reader(data).found).encode
    texts = json.loads((HERE / "../tokenizers/texts.json").read_text())
    made = {
        "file_sha256": hashlib.sha256(data).hexdigest(),
        "ids": [encode(text) for text in texts],
        "more": [[text, encode(text)] for text in MORE],
    }
    (HERE / "ids.json").write_text(json.dumps(made, separators=(",", ":")) + "\n")


if __name__ == "__main__":
    main()
