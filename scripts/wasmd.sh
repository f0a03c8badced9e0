#!/usr/bin/env bash
# What the scripts share: the chain's program with its common options. Sourced, never run; the options are set
# by the script that sources it, and so is the function `fail`.
# shellcheck disable=SC2154

for needed in "$program" jq sha256sum; do
  command -v "$needed" >/dev/null || fail "got no program $needed, want it on the path (or --program PATH for wasmd)"
done

# Runs it; of a failure only the last line is worth reading, for the usage comes before it.
chain() {
  local errors
  errors=$(mktemp)
  if "$program" "$@" --node "$node" ${home:+--home "$home"} --log_no_color 2>"$errors"; then
    rm -f "$errors"
    return
  fi
  say "$program: $(tail -n 1 "$errors")"
  rm -f "$errors"
  return 1
}

ask() { chain query "$@" --output json; }
