#!/bin/sh
# Installs venfleet on a Linux with systemd that has no dpkg; run it as root where it was unpacked. Run again, it
# upgrades. Your settings in /etc/venfleet stay.
set -eu
cd "$(dirname "$0")"
# Whoever has unpacked it: the files become root's, and folders that are there stay as they are.
tar --create --owner=root:0 --group=root:0 usr | tar --extract --directory=/ --same-owner --same-permissions --no-overwrite-dir
install -d /etc/venfleet
for file in ven-agent.yaml environment; do
  if [ -e "/etc/venfleet/$file" ]; then cp "etc/venfleet/$file" "/etc/venfleet/$file.new"
  else install -m 0640 "etc/venfleet/$file" "/etc/venfleet/$file"; fi
done
#CONFIGURE#
if [ -d /run/systemd/system ]; then
  systemctl daemon-reload
  systemctl enable venfleet.service
  systemctl restart venfleet.service
fi
