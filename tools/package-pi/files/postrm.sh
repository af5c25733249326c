#!/bin/sh
set -e

if [ -d /run/systemd/system ]; then
  systemctl --system daemon-reload >/dev/null || true
fi

case $1 in
  remove)
    if [ -x /usr/bin/deb-systemd-helper ]; then
      deb-systemd-helper mask venfleet.service >/dev/null || true
    fi
    ;;
  purge)
    if [ -x /usr/bin/deb-systemd-helper ]; then
      deb-systemd-helper purge venfleet.service >/dev/null || true
      deb-systemd-helper unmask venfleet.service >/dev/null || true
    fi
    # The state, and secrets that were put beside the settings. The user stays: its number must not become another's.
    rm -rf /var/lib/venfleet /etc/venfleet
    ;;
esac
