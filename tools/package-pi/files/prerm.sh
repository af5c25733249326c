#!/bin/sh
set -e

# An upgrade restarts the service when the new version is there: the old one goes on in the meantime.
if [ "$1" = remove ] && [ -d /run/systemd/system ]; then
  deb-systemd-invoke stop venfleet.service >/dev/null || true
fi
