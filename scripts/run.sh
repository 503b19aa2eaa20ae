#!/bin/sh
# Runs a file of this checkout with the Node it pins, after installing what is missing.
set -eu
cd "$(dirname "$0")/.."
# In the background, so that a signal meant for this process stops an installation that is under way.
node scripts/setup.mjs &
setup=$!
trap 'kill -TERM "$setup" 2>/dev/null || :; wait "$setup" || :; exit 143' HUP INT TERM
wait "$setup"
# Look-ups may take half of these threads: enough for two names of webhook receivers and for everything else.
export UV_THREADPOOL_SIZE="${UV_THREADPOOL_SIZE:-8}"
# Memory of this size or more, such as each buffer that Node reads a socket into, goes back to the system when it is freed.
# Without this setting, glibc keeps hundreds of MB after large uploads. Only the gateway has these; others get slower by it.
if [ "${2:-}" = gateway ]; then export MALLOC_MMAP_THRESHOLD_="${MALLOC_MMAP_THRESHOLD_:-65536}"; fi
# The page of the gateway, if its sources have changed. Nothing waits for it: the queue works without it.
case "$*" in
  'apps/cli/src/main.ts start'*|'apps/cli/src/main.ts gateway'*|scripts/demo/*)
    node_modules/node/bin/node apps/dashboard/scripts/build.ts >/dev/null & ;;
esac
# `exec`, so that the process npm knows is the one that gets its signals.
exec node_modules/node/bin/node -C @foreman/source "$@"
