#!/usr/bin/env bash
# The application beside the stack it replaces, on the same PostgreSQL, Redis and
# rows, measured in turn by that stack's own harness. PEER is the folder of that
# harness (its README says what it is); everything written is under RUN.
#
#   PEER=DIR run.sh bench [OPTION of the harness ...]   start both, measure, stop
#   PEER=DIR run.sh limit                           one product by ours, held against
#                                                       pgbench -S; direct must be up
#   PEER=DIR run.sh start direct|tls | stop             ours alone; direct is plain
#                                                       HTTP on 19000, tls is 19443
#   PEER=DIR run.sh queue ARG...                        the queue, as the harness asks
#
# WIZAMART names the program: a release build, as in the image.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
: "${PEER:?names the folder of the harness}"
export RUN=${RUN:-/tmp/wizamart-bench}
PEER=$(cd "$PEER" && pwd)
# It prints its settings as one line of assignments, RUN among them.
of_peer() { (eval "$("$PEER/run.sh" env)" && echo "${!1}"); }
PEER_PG_PORT=$(of_peer PEER_PG_PORT) PEER_REDIS_PORT=$(of_peer PEER_REDIS_PORT)
PEER_STATIC=$(of_peer PEER_STATIC) PG=$(of_peer PG)
export WIZAMART=${WIZAMART:-wizamart}
database=postgres://peer:peer@127.0.0.1:$PEER_PG_PORT/wizamart
export ONEBOX_DATABASE__URL=$database ONEBOX_REDIS__URL=redis://127.0.0.1:$PEER_REDIS_PORT/5
export ONEBOX_LOG__LEVEL=warn ONEBOX_WEB__STATIC_DIR=$PEER_STATIC
export ONEBOX_SECRETS__KEY_FILE=$RUN/seal-keys
# The peer limits nobody.
export ONEBOX_LIMITS__API_PER_USER=0 ONEBOX_LIMITS__PUBLIC_PER_ADDRESS=0 ONEBOX_LIMITS__LOGINS_PER_ADDRESS=0

sql() { PGPASSWORD=peer psql -h 127.0.0.1 -p "$PEER_PG_PORT" -U peer -v ON_ERROR_STOP=1 -qAt "$@"; }
# own NAME: makes a database anew; the server trusts its superuser on loopback.
own() { PGOPTIONS='--client-min-messages=warning' psql -h 127.0.0.1 -p "$PEER_PG_PORT" -U postgres -v ON_ERROR_STOP=1 -q \
  -c "DROP DATABASE IF EXISTS $1" -c "CREATE DATABASE $1 OWNER peer"; }
wizamart() { "$WIZAMART" --config "$RUN/onebox.toml" "$@"; }

up() { # up NAME ARG...
  local name=$1; shift
  setsid "$WIZAMART" --config "$RUN/onebox.toml" "$@" >>"$RUN/log/$name.log" 2>&1 </dev/null &
  echo $! >"$RUN/pids/$name.pid"
}

wait_for() { # wait_for NAME COMMAND...
  local name=$1; shift
  for _ in $(seq 150); do "$@" >/dev/null 2>&1 && return; sleep 0.2; done
  echo "$name did not come up: see $RUN/log/$name.log" >&2; exit 1
}

start() { # start direct|tls
  mkdir -p "$RUN"/{pids,log,tls,state}
  touch "$RUN/onebox.toml"
  [ -f "$ONEBOX_SECRETS__KEY_FILE" ] || wizamart secrets new-key >/dev/null
  cp -f "${PEER_STATIC%/static}/tls/cert.pem" "$RUN/tls/fullchain.pem"
  cp -f "${PEER_STATIC%/static}/tls/key.pem" "$RUN/tls/privkey.pem"
  if [ ! -f "$RUN/seeded" ]; then
    own wizamart
    wizamart migrate
    wizamart seed --peer --yes
    touch "$RUN/seeded"
  fi
  # The program may be newer than the rows of the last time.
  wizamart migrate >/dev/null
  local queue
  for queue in default imports emails reports; do
    up "worker-$queue" worker --queue "$queue" --state-dir "$RUN/state"
  done
  up scheduler scheduler
  case $1 in
    direct) up web web --listen-http 127.0.0.1:19000 --state-dir "$RUN/state"
            wait_for web curl -fso/dev/null http://127.0.0.1:19000/health ;;
    tls) up web web --listen-https 127.0.0.1:19443 --tls-dir "$RUN/tls" --state-dir "$RUN/state"
         wait_for web curl -fsko/dev/null https://127.0.0.1:19443/health ;;
  esac
  # PostgreSQL and Redis work for whoever is measured, as they count for the peer.
  mkdir -p "$RUN/counted"
  ln -sf "$RUN"/pids/*.pid "$(of_peer RUN)"/pids/{postgres,redis}.pid "$RUN/counted/"
}

stop() {
  local file
  for file in "$RUN"/pids/*.pid; do
    [ -f "$file" ] || continue
    kill -TERM "$(cat "$file")" 2>/dev/null || true
  done
  for file in "$RUN"/pids/*.pid; do
    [ -f "$file" ] || continue
    for _ in $(seq 350); do kill -0 "$(cat "$file")" 2>/dev/null || break; sleep 0.1; done
    rm -f "$file"
  done
  rm -rf "$RUN/counted"
}

# settle: until nothing waits; every order must have exactly one confirmation.
settle() {
  local counts
  for _ in $(seq 600); do
    counts=$(sql -d wizamart -c "SELECT (SELECT count(*) FROM orders), (SELECT count(*) FROM order_confirmations),
      (SELECT count(*) FROM jobs WHERE state IN ('queued', 'running') AND kind = 'order_confirmation')")
    [ "$(cut -d'|' -f3 <<<"$counts")" = 0 ] && break
    sleep 0.05
  done
  [ "$(cut -d'|' -f1 <<<"$counts")" = "$(cut -d'|' -f2 <<<"$counts")" ] ||
    { echo "orders, confirmations, waiting: $counts" >&2; exit 1; }
  echo '{}'
}

# A copy of the harness with our table in its list of targets.
harness() {
  rm -rf "$RUN/harness" && mkdir -p "$RUN" && cp -r "$PEER" "$RUN/harness" && chmod -R u+w "$RUN/harness"
  cat >>"$RUN/harness/targets.toml" <<TOML
[rust]
pids = "$RUN/counted/*.pid"
queue = "env PEER=$PEER RUN=$RUN WIZAMART=$WIZAMART $here/run.sh queue"
[rust.bases]
direct = "http://127.0.0.1:19000"
tls = "https://127.0.0.1:19443"
TOML
}

# pg_bench ARG...: pgbench on the same server, in a database of its own.
pg_bench() { PGPASSWORD=peer "$PG/pgbench" -h 127.0.0.1 -p "$PEER_PG_PORT" -U peer "$@" pgbench 2>&1; }

# One product by HTTP beside one row by pgbench -S, in turn: what the way through
# the application costs. wrk and pgbench each take one core at most.
limit() { # limit [ROUNDS] [SECONDS]
  local rounds=${1:-3} seconds=${2:-5} n a b
  own pgbench
  pg_bench -q -i -s 10 >/dev/null
  seq 5000 | awk 'BEGIN { srand(1) } { printf "GET\t/api/v1/products/%d\t\n", 1 + rand() * 10000 }' >"$RUN/products.txt"
  echo; echo "### One product, beside one row of pgbench -S on the same PostgreSQL"; echo
  echo "| round | pgbench -S, 16 connections | product detail, 32 connections | ratio |"; echo "|---|---|---|---|"
  for n in $(seq "$rounds"); do
    a=$(pg_bench -n -S -M prepared -c 16 -j 1 -T "$seconds" | awk '/^tps/ { print $3 }')
    b=$(cd "$PEER" && wrk -t1 -c32 -d"${seconds}s" -s wrk.lua http://127.0.0.1:19000 -- "$RUN/products.txt" |
      tail -1 | sed 's/.*"n":\([0-9]*\),"s":\([0-9.]*\),.*"errors":\([0-9]*\).*/\1 \2 \3/' |
      awk '{ if ($3) { exit 1 } print $1 / $2 }') || { echo "some answers were errors" >&2; exit 1; }
    awk -v n="$n" -v a="$a" -v b="$b" 'BEGIN { printf "| %d | %d/s | %d/s | %.2f |\n", n, a, b, b / a }'
  done
}

bench() {
  "$PEER/run.sh" start
  harness
  trap stop EXIT
  local base
  for base in direct tls; do
    start $base
    # The queue is the same on both; once is enough.
    (cd "$RUN/harness" && ./bench.sh peer rust --bases $base $([ $base = direct ] || echo --tasks 0) "$@")
    if [ $base = direct ]; then limit; fi
    stop
  done
}

case ${1:-} in
  bench | start | limit) "$@" ;;
  stop) stop ;;
  queue) shift; if [ "$1" = settle ]; then settle; else wizamart bench queue "$@"; fi ;;
  *) sed -n '2,15p' "$0"; exit 2 ;;
esac
