#!/bin/sh
# venfleet: the agent's commands and the database's (`venfleet db …`), with the settings of /etc/venfleet, as the user
# that the service runs as: what it writes, the service can read.
set -eu
lib=/usr/lib/venfleet
environment=/etc/venfleet/environment

if [ "$(id -u)" = 0 ]; then
  if [ "${1-}" = run ]; then
    exec setpriv --reuid=venfleet --regid=venfleet --init-groups -- "$0" "$@"
  fi
  # A file that root names may be where only root can read, as a CSV file in somebody's home.
  exec setpriv --reuid=venfleet --regid=venfleet --init-groups \
    --inh-caps=+dac_read_search --ambient-caps=+dac_read_search -- "$0" "$@"
fi

case ${1-} in
  '' | help | -h | --help | -V | --version) ;;
  *)
    if ! [ -r "$environment" ]; then
      printf 'error: %s cannot be read\n  hint: run it with sudo: sudo venfleet %s\n' "$environment" "$*" >&2
      exit 1
    fi
    ;;
esac
# What is needed for a moment only (to compile a source, for a great answer) is to go back to the system. glibc would rather
# learn to keep such blocks, and a heap for each thread: 3 to 8 MB that lie idle for good.
export MALLOC_ARENA_MAX="${MALLOC_ARENA_MAX-1}" MALLOC_MMAP_THRESHOLD_="${MALLOC_MMAP_THRESHOLD_-32768}"
# A library's use of a part of Node that is going out of use is nothing that an operator could mend.
set -- --disable-warning=DEP0169 "$lib/venfleet.mjs" "$@"
if [ -r "$environment" ]; then
  set -- "--env-file=$environment" "$@"
fi
exec "$lib/node" "$@"
