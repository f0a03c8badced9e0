"""llama.cpp as a contender of `cargo bench-inference`, through its C interface.

    llama_cpp.py LIBRARIES measure MODEL THREADS   prints `ready`, then seconds for each line it reads
    llama_cpp.py LIBRARIES to-q4_0 MODEL FILE      writes the model in the format its fastest code takes
    llama_cpp.py LIBRARIES to-f32 MODEL FILE       writes it with its weights widened to floats

The structures differ between versions. They are kept as bytes; the few fields that are set lie at the
start, and their defaults are compared first, so that another layout is an error and not a wrong figure.
"""

import ctypes
import struct
import sys
import time
from pathlib import Path

PREFILL, WARM, DECODE = 512, 32, 64
CONTEXT = 640
FORMATS = {"to-q4_0": 2, "to-f32": 0}


class Opaque(ctypes.Structure):
    """More bytes than any structure that is passed by value."""

    _fields_ = [("bytes", ctypes.c_uint8 * 1024)]


class Batch(ctypes.Structure):
    """A count and six pointers: too large for registers, so it goes through memory as it is."""

    _fields_ = [("words", ctypes.c_uint64 * 7)]


def load(folder: Path) -> ctypes.CDLL:
    one = {}
    for stem in ("libggml-base", "libggml", "libllama"):
        found = sorted(path for path in folder.glob(f"{stem}.*so*"))
        if not found:
            sys.exit(f"no {stem} in {folder}: remove the folder and run again")
        one[stem] = ctypes.CDLL(str(found[0]), mode=ctypes.RTLD_GLOBAL)
    one["libggml"].ggml_backend_load_all_from_path(str(folder).encode())
    return one["libllama"]


def defaults(function, layout: str, want: tuple) -> Opaque:
    function.restype = Opaque
    made = function()
    got = struct.unpack_from(layout, bytes(made.bytes))
    if got != want:
        sys.exit(f"{function.__name__} gives {got}, wanted {want}: this version has another layout")
    return made


def convert(llama: ctypes.CDLL, model: str, file: str, kind: int) -> None:
    count = 43  # GGML_TYPE_COUNT stands for "as the format says"
    made = llama.llama_model_quantize_default_params
    made.restype = Opaque
    count = struct.unpack_from("4i", bytes(made().bytes))[2]
    params = defaults(made, "4i5?", (0, 7, count, count, False, True, False, False, False))
    struct.pack_into("2i", params.bytes, 0, 0, kind)
    struct.pack_into("?", params.bytes, 16, True)  # from a quantised file
    if llama.llama_model_quantize(model.encode(), file.encode(), ctypes.byref(params)) != 0:
        sys.exit(f"{model} cannot be converted")


class Contender:
    def __init__(self, llama: ctypes.CDLL, model: str, threads: int, positions: int) -> None:
        self.llama = llama
        for name in ("llama_model_load_from_file", "llama_init_from_model", "llama_get_memory"):
            getattr(llama, name).restype = ctypes.c_void_p
        llama.llama_batch_get_one.restype = Batch
        llama.llama_get_logits_ith.restype = ctypes.POINTER(ctypes.c_float)
        llama.llama_model_default_params.restype = Opaque
        loaded = llama.llama_model_load_from_file(model.encode(), llama.llama_model_default_params())
        params = defaults(llama.llama_context_default_params, "4i", (512, 2048, 512, 1))
        struct.pack_into("i", params.bytes, 0, positions)
        self.context = ctypes.c_void_p(
            llama.llama_init_from_model(ctypes.c_void_p(loaded), params) if loaded else None
        )
        if not self.context:
            sys.exit(f"{model} cannot be loaded")
        llama.llama_set_n_threads(self.context, threads, threads)

    def clear(self) -> None:
        memory = ctypes.c_void_p(self.llama.llama_get_memory(self.context))
        self.llama.llama_memory_clear(memory, ctypes.c_bool(True))

    def feed(self, tokens: list) -> None:
        """Returns when the logits of the last token are there."""
        ids = (ctypes.c_int32 * len(tokens))(*tokens)
        batch = self.llama.llama_batch_get_one(ids, len(tokens))
        if self.llama.llama_decode(self.context, batch) != 0:
            sys.exit("llama_decode failed")
        if not self.llama.llama_get_logits_ith(self.context, -1):
            sys.exit("llama_decode left no logits")

    def measure(self) -> tuple:
        tokens = [i * 7919 % 49152 for i in range(PREFILL)]
        self.clear()
        start = time.perf_counter()
        self.feed(tokens)
        prefill = time.perf_counter() - start
        self.clear()
        self.feed(tokens[:WARM])
        start = time.perf_counter()
        for token in tokens[:DECODE]:
            self.feed([token])
        return prefill, time.perf_counter() - start


def main() -> None:
    folder, task, model, last = sys.argv[1:]
    llama = load(Path(folder))
    llama.llama_log_set(SILENT, None)
    if task in FORMATS:
        return convert(llama, model, last, FORMATS[task])
    contender = Contender(llama, model, int(last), CONTEXT)
    print("ready", flush=True)
    for _ in sys.stdin:
        print(*contender.measure(), flush=True)


# Kept here: a callback that Python frees is called into nothing.
SILENT = ctypes.CFUNCTYPE(None, ctypes.c_int, ctypes.c_char_p, ctypes.c_void_p)(lambda *_: None)

if __name__ == "__main__":
    main()
