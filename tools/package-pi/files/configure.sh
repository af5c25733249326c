# Owners and modes that a package cannot carry, for the group is made on this machine. Harmless when repeated.
systemd-sysusers venfleet.conf
install -d -o venfleet -g venfleet -m 0750 /var/lib/venfleet
for file in /etc/venfleet/ven-agent.yaml /etc/venfleet/environment; do
  # An administrator's own choice stands.
  if [ -e "$file" ] && ! dpkg-statoverride --list "$file" >/dev/null 2>&1; then
    chown root:venfleet "$file"
    chmod 0640 "$file"
  fi
done
