#!/bin/sh
set -e

if [ "$1" = configure ]; then
#CONFIGURE#
fi

case $1 in
  configure | abort-upgrade | abort-deconfigure | abort-remove)
    deb-systemd-helper unmask venfleet.service >/dev/null || true
    # Enabled once; an administrator who disables it is not overruled by an upgrade.
    if deb-systemd-helper --quiet was-enabled venfleet.service; then
      deb-systemd-helper enable venfleet.service >/dev/null || true
    else
      deb-systemd-helper update-state venfleet.service >/dev/null || true
    fi
    if [ -d /run/systemd/system ]; then
      systemctl --system daemon-reload >/dev/null || true
      if [ -n "$2" ]; then action=restart; else action=start; fi
      deb-systemd-invoke $action venfleet.service >/dev/null || true
    fi
    ;;
esac
