#!/usr/bin/env bash
# Reads an Antiphon contract with nothing but the chain's own program: what a user wants to know first.
set -euo pipefail

usage() {
  cat <<'TEXT'
scripts/query.sh [OPTIONS] QUERY [ARGUMENTS]

  config                        what was fixed at the start, owner, pause
  params [VERSION]              windows, locks, prices: the rules of play
  models                        every model, its price, seats and ratings (first 30)
  model ID                      one of them
  seats MODEL                   who serves it (first 30)
  security MODEL [COMMITTEE]    what a committee of this size is worth, with its odds
  fee MODEL BYTES TOKENS [COMMITTEE]   what a task would cost
  task ID                       where a task stands, its outcome, its money
  tasks open|done [AFTER]       30 tasks, those after this id
  round TASK ROUND              its members, ballots and tally
  workers [AFTER]               30 workers, those after this address
  worker ADDRESS                bond, locks, seats, misses
  duties ADDRESS                what a worker has to do now
  balance ADDRESS               what an account can withdraw
  answer MODEL CID              the answer on record for a prompt
  beacon                        the randomness, and who waits for it
  totals                        every pot of money
  raw JSON                      any query of schema/antiphon.json

  --contract ADDRESS            the contract (or the variable ANTIPHON_CONTRACT)
  --node URL                    the chain's RPC (tcp://localhost:26657, or the variable ANTIPHON_NODE)
  --home DIR                    the program's home
  --program PATH                the chain's program (wasmd)
TEXT
}

fail() { printf 'query: %s\n' "$1" >&2; exit 1; }
say() { printf '%s\n' "$1" >&2; }

root=$(cd "$(dirname "$0")/.." && pwd)
contract=${ANTIPHON_CONTRACT:-} node=${ANTIPHON_NODE:-tcp://localhost:26657} home='' program=wasmd

while [ $# -gt 0 ]; do
  case $1 in
    --help | -h) usage; exit 0 ;;
    --*) [ $# -ge 2 ] || fail "got $1 without a value, want one; see --help" ;;
    *) break ;;
  esac
  case $1 in
    --contract) contract=$2 ;;
    --node) node=$2 ;;
    --home) home=$2 ;;
    --program) program=$2 ;;
    *) fail "got the option $1, want one of those of --help" ;;
  esac
  shift 2
done
[ $# -ge 1 ] || { usage >&2; exit 1; }
[ -n "$contract" ] || fail "got no --contract, want its address; scripts/deploy.sh prints it"

# shellcheck source=scripts/wasmd.sh
. "$root/scripts/wasmd.sh"

# The query's words: numbers stay numbers, absent ones become null.
words() {
  local least=$1 most=$2 given=$3
  [ "$given" -ge "$least" ] && [ "$given" -le "$most" ] ||
    fail "got $given arguments for $name, want $least to $most; see --help"
}
build() {
  jq -cn --args '[$ARGS.positional[] | {text: ., number: (tonumber? // null)}]' -- "$@" | jq -c "$query"
}

name=$1
shift
case $name in
  config | beacon | totals) words 0 0 $#; query="{$name: {}}" ;;
  params) words 0 1 $#; query='{params: {version: .[0].number}}' ;;
  models) words 0 0 $#; query='{models: {limit: 30}}' ;;
  model) words 1 1 $#; query='{model: {model: .[0].number}}' ;;
  seats) words 1 1 $#; query='{seats: {model: .[0].number, limit: 30}}' ;;
  security) words 1 2 $#; query='{security: {model: .[0].number, committee: .[1].number}}' ;;
  fee) words 3 4 $#; query='{estimate_fee: {model: .[0].number, prompt_bytes: .[1].number, max_output_tokens: .[2].number, committee: .[3].number}}' ;;
  task) words 1 1 $#; query='{task: {task: .[0].number}}' ;;
  tasks) words 1 2 $#; query='{tasks: {filter: .[0].text, start_after: .[1].number, limit: 30}}' ;;
  round) words 2 2 $#; query='{round: {task: .[0].number, round: .[1].number}}' ;;
  workers) words 0 1 $#; query='{workers: {start_after: .[0].text, limit: 30}}' ;;
  worker) words 1 1 $#; query='{worker: {worker: .[0].text}}' ;;
  duties) words 1 1 $#; query='{duties: {worker: .[0].text, limit: 30}}' ;;
  balance) words 1 1 $#; query='{balance: {address: .[0].text}}' ;;
  answer) words 2 2 $#; query='{answer: {model: .[0].number, prompt: .[1].text}}' ;;
  raw) words 1 1 $#; query='.[0].text | fromjson' ;;
  *) fail "got the query $name, want one of those of --help" ;;
esac

ask wasm contract-state smart "$contract" "$(build "$@")" | jq .data
