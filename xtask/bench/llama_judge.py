"""llama.cpp as a second opinion on a model: how it cuts texts, and what it expects after tokens.

    llama_judge.py LIBRARIES MODEL THREADS

Prints the size of the vocabulary, then answers each line it reads:

    text JSON          a line with the ids of the text, which may hold user-defined tokens but no control token
    logits N ID ID …   for each position from the N-th id to the last but one all logits, float32 as they lie in memory
"""

import ctypes
import json
import sys
from pathlib import Path

import llama_cpp

POSITIONS = 2048


class Judge:
    def __init__(self, llama: ctypes.CDLL, model: str, threads: int) -> None:
        self.contender = llama_cpp.Contender(llama, model, threads, POSITIONS)
        self.llama = llama
        llama.llama_get_model.restype = llama.llama_model_get_vocab.restype = ctypes.c_void_p
        loaded = ctypes.c_void_p(llama.llama_get_model(self.contender.context))
        self.vocab = ctypes.c_void_p(llama.llama_model_get_vocab(loaded))
        self.size = llama.llama_vocab_n_tokens(self.vocab)

    def ids(self, text: str) -> list:
        data = text.encode()
        most = len(data) + 8
        found = (ctypes.c_int32 * most)()
        flags = ctypes.c_bool(False), ctypes.c_bool(False)  # neither BOS nor control tokens
        count = self.llama.llama_tokenize(self.vocab, data, len(data), found, most, *flags)
        if count < 0:
            sys.exit(f"llama_tokenize gives {count} for {text!r}")
        return found[:count]

    def logits(self, first: int, tokens: list) -> list:
        """All tokens in one batch, which asks for the logits of every position."""
        self.contender.clear()
        count = len(tokens)
        ids = (ctypes.c_int32 * count)(*tokens)
        batch = self.llama.llama_batch_get_one(ids, count)
        wanted = (ctypes.c_int8 * count)(*([1] * count))
        batch.words[6] = ctypes.addressof(wanted)
        if self.llama.llama_decode(self.contender.context, batch) != 0:
            sys.exit("llama_decode failed")
        rows = [self.llama.llama_get_logits_ith(self.contender.context, at) for at in range(first - 1, count - 1)]
        if not all(rows):
            sys.exit("llama_decode left no logits")
        return [ctypes.string_at(row, 4 * self.size) for row in rows]


def main() -> None:
    folder, model, threads = sys.argv[1:]
    llama = llama_cpp.load(Path(folder))
    llama.llama_log_set(llama_cpp.SILENT, None)
    judge = Judge(llama, model, int(threads))
    out = sys.stdout.buffer
    out.write(f"{judge.size}\n".encode())
    out.flush()
    for line in sys.stdin:
        what, _, rest = line.partition(" ")
        if what == "text":
            out.write((" ".join(map(str, judge.ids(json.loads(rest)))) + "\n").encode())
        else:
            first, *tokens = map(int, rest.split())
            out.writelines(judge.logits(first, tokens))
        out.flush()


if __name__ == "__main__":
    main()
