#!/usr/bin/env bash
# Puts the Antiphon contract on any chain with wasmd: stores the code, compares the chain's hash of it with the
# file's, creates the contract. Prints two lines on stdout: `code_id N` and `contract ADDRESS`.
set -euo pipefail

usage() {
  cat <<'TEXT'
scripts/deploy.sh --chain-id ID --from KEY (--admin ADDRESS | --no-admin) [OPTIONS]

  --chain-id ID          the chain's id
  --from KEY             name or address of the key that pays
  --admin ADDRESS        who may migrate the contract to other code: with that power it can do anything
  --no-admin             nobody may, ever
  --node URL             the chain's RPC (tcp://localhost:26657)
  --home DIR             the program's home, where its keys are
  --keyring-backend B    os, file, test … (os)
  --gas-prices PRICE     such as 0.025uanti (0.025 of the denom of the message)
  --wasm FILE            the code (artifacts/antiphon.wasm, made by scripts/build-contract.sh)
  --code-id N            take code that is stored already; its hash is compared all the same
  --init FILE            the first message, JSON as in schema/antiphon.json
  --init defaults        public parameters, drand's quicknet, no owner; needs --denom (this is the default)
  --denom DENOM          the one denom of all money, for --init defaults
  --owner ADDRESS        who may change parameters, for --init defaults
  --label TEXT           the contract's name in lists (antiphon)
  --program PATH         the chain's program (wasmd)
TEXT
}

fail() { printf 'deploy: %s\n' "$1" >&2; exit 1; }
say() { printf '%s\n' "$1" >&2; }

root=$(cd "$(dirname "$0")/.." && pwd)
chain_id='' from='' admin='' node=tcp://localhost:26657 home='' keyring=os prices=''
wasm=$root/artifacts/antiphon.wasm code_id='' init=defaults denom='' owner='' label=antiphon program=wasmd

while [ $# -gt 0 ]; do
  case $1 in
    --help | -h) usage; exit 0 ;;
    --no-admin) admin=none; shift; continue ;;
  esac
  [ $# -ge 2 ] || fail "got $1 without a value or unknown, want one of the options of --help"
  case $1 in
    --chain-id) chain_id=$2 ;;
    --from) from=$2 ;;
    --admin) admin=$2 ;;
    --node) node=$2 ;;
    --home) home=$2 ;;
    --keyring-backend) keyring=$2 ;;
    --gas-prices) prices=$2 ;;
    --wasm) wasm=$2 ;;
    --code-id) code_id=$2 ;;
    --init) init=$2 ;;
    --denom) denom=$2 ;;
    --owner) owner=$2 ;;
    --label) label=$2 ;;
    --program) program=$2 ;;
    *) fail "got the option $1, want one of those of --help" ;;
  esac
  shift 2
done

# shellcheck source=scripts/wasmd.sh
. "$root/scripts/wasmd.sh"

first_message() {
  if [ "$init" != defaults ]; then
    [ -r "$init" ] || fail "got --init $init, want a file that can be read, or the word defaults"
    jq -ce . "$init" || fail "got no JSON in $init, want one object; see schema/antiphon.json"
    return
  fi
  [ -n "$denom" ] || fail "got no --denom, want the one denom of all money for --init defaults"
  jq -c --arg denom "$denom" --arg owner "$owner" \
    '.denom = $denom | .owner = (if $owner == "" then null else $owner end)' "$root/scripts/init.json"
}

# What a transaction said once it is in a block; fails with the chain's own words.
send() {
  local sent hash found
  sent=$(chain tx wasm "$@" --from "$from" --chain-id "$chain_id" --keyring-backend "$keyring" \
    --gas auto --gas-adjustment 1.4 --gas-prices "$prices" --output json --yes)
  [ "$(jq -r .code <<<"$sent")" = 0 ] || fail "the chain refused it: $(jq -r .raw_log <<<"$sent")"
  hash=$(jq -r .txhash <<<"$sent")
  for _ in $(seq 60); do
    if found=$(ask tx "$hash" 2>/dev/null); then
      [ "$(jq -r .code <<<"$found")" = 0 ] || fail "it failed in its block: $(jq -r .raw_log <<<"$found")"
      printf '%s' "$found"
      return
    fi
    sleep 1
  done
  fail "transaction $hash is in no block after a minute; look for it later, or ask another node"
}

attribute() {
  jq -er --arg event "$1" --arg key "$2" \
    '[.events[] | select(.type == $event) | .attributes[] | select(.key == $key) | .value][0]'
}

[ -n "$chain_id" ] || fail "got no --chain-id, want the chain's id; see --help"
[ -n "$from" ] || fail "got no --from, want the key that pays; see --help"
[ -n "$admin" ] || fail "got neither --admin nor --no-admin, want one: who may migrate decides over everything"
[ -r "$wasm" ] || fail "got no code at $wasm; make it with scripts/build-contract.sh, or name it with --wasm"
message=$(first_message)
[ -n "$prices" ] || prices=0.025$(jq -r .denom <<<"$message")
want=$(sha256sum "$wasm" | cut -d' ' -f1)

if [ -z "$code_id" ]; then
  say "storing $(wc -c <"$wasm") bytes, sha256 $want"
  code_id=$(send store "$wasm" | attribute store_code code_id)
fi
got=$(ask wasm code-info "$code_id" | jq -er '.checksum // .data_hash' | tr 'A-F' 'a-f')
[ "$got" = "$want" ] || fail "code $code_id has the sha256 $got on chain, want $want: it is other code; do not use it"
say "code $code_id has this very hash on chain"

if [ "$admin" = none ]; then set -- --no-admin; else set -- --admin "$admin"; fi
contract=$(send instantiate "$code_id" "$message" --label "$label" "$@" | attribute instantiate _contract_address)
info=$(ask wasm contract "$contract")
[ "$(jq -r .contract_info.code_id <<<"$info")" = "$code_id" ] || fail "contract $contract runs other code than $code_id"
printf 'code_id %s\ncontract %s\n' "$code_id" "$contract"
