#!/usr/bin/env bash
# Builds the contract into artifacts/. Two ways, which the last line names:
#   the bare standard library (default): built from its source for the plain instruction set, the file is used as
#     the compiler left it. It is built twice, in two folders, and artifacts/checksums.txt is of this file.
#   --stock: the standard library that rustup ships. Its bulk-memory instructions, which chains refuse, are lowered
#     by binaryen's wasm-opt. The same contract, but another file with another checksum.
set -euo pipefail

usage() {
  cat <<'TEXT'
scripts/build-contract.sh [--check | --update | --stock]

  (nothing)   artifacts/antiphon.wasm, and whether it has the checksum of artifacts/checksums.txt
  --check     the same; fails if it has not
  --update    the same; writes the checksum
  --stock     artifacts/antiphon-stock.wasm, with rustup's own wasm32 target and npm's binaryen
TEXT
}

fail() { printf 'build-contract: %s\n' "$1" >&2; exit 1; }

# Exactly this one: another version may write other bytes.
binaryen=binaryen@132.0.0
target=wasm32-unknown-unknown
cd "$(dirname "$0")/.."

stock() {
  command -v npx >/dev/null || fail "got no npx, want Node with npm: it brings $binaryen"
  local libraries
  libraries=$("${RUSTC:-rustc}" --print target-libdir --target "$target")
  if ! compgen -G "$libraries/libstd-*.rlib" >/dev/null; then
    rustup target add "$target" || fail "got no target $target, want rustup's; or build without --stock"
  fi
  local cargo_home=${CARGO_HOME:-$HOME/.cargo} out=${CARGO_TARGET_DIR:-target}/stock
  # What is set for other builds would make another file.
  unset "${!CARGO_PROFILE_@}"
  env -u RUSTFLAGS -u CARGO_ENCODED_RUSTFLAGS CARGO_INCREMENTAL=0 CARGO_TARGET_DIR="$out" \
    CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_RUSTFLAGS="-C target-cpu=mvp --remap-path-prefix=$cargo_home=/cargo --remap-path-prefix=$PWD=/antiphon" \
    cargo build --locked --lib --package antiphon-contract --profile contract --target "$target"
  mkdir -p artifacts
  npx --yes --package "$binaryen" wasm-opt -Os \
    --enable-bulk-memory --enable-bulk-memory-opt --enable-sign-ext --enable-nontrapping-float-to-int \
    --enable-mutable-globals --enable-reference-types --enable-multivalue \
    --llvm-memory-copy-fill-lowering --llvm-nontrapping-fptoint-lowering --signext-lowering \
    "$out/$target/contract/antiphon_contract.wasm" -o artifacts/antiphon-stock.wasm
  printf 'artifacts/antiphon-stock.wasm, by the stock standard library and %s, sha256 %s\n' \
    "$binaryen" "$(sha256sum artifacts/antiphon-stock.wasm | cut -d' ' -f1)"
}

case "$# ${1:-}" in
  "0 ") cargo xtask contract ;;
  "1 --check" | "1 --update") cargo xtask contract "$1" ;;
  "1 --stock") stock ;;
  "1 --help" | "1 -h") usage ;;
  *) fail "got $*, want one of the options of --help" ;;
esac
