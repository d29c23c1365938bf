#!/bin/sh
# A backup each night at BACKUP_AT (UTC), the newest BACKUP_KEEP of them kept. One that fails deletes nothing.
# `nightly.sh once` makes one now; `nightly.sh health` fails when the newest is older than 26 hours.
set -eu
folder=${BACKUPS:-/backups}
began=${BEGAN:-/tmp/began}
keep=${BACKUP_KEEP:-14}
at=${BACKUP_AT:-03:00}
case $keep in '' | *[!0-9]* | 0) echo "backup: BACKUP_KEEP is '$keep': write a number from 1 on" >&2; exit 1 ;; esac
case $at in [0-2][0-9]:[0-5][0-9]) ;; *) echo "backup: BACKUP_AT is '$at': write a time of day such as 03:00" >&2; exit 1 ;; esac

newest() { find "$folder" -maxdepth 1 -name 'octobot-*.zip' | sort | tail -n 1; }

once() {
  octobot-node db backup "$folder/octobot-$(date -u +%Y-%m-%dT%H%M%SZ).zip" || return 1
  # By their names, which are their times.
  find "$folder" -maxdepth 1 -name 'octobot-*.zip' | sort | head -n "-$keep" | while read -r old; do rm -- "$old"; done
}

case ${1:-} in
once) once; exit ;;
health)
  # Well while the first one is still to come, too.
  [ -z "$(find "$folder" -maxdepth 1 -name 'octobot-*.zip')" ] && [ -z "$(find "$began" -mmin +1560 2>/dev/null)" ] && exit 0
  [ -n "$(find "$folder" -maxdepth 1 -name 'octobot-*.zip' -mmin -1560)" ] || { echo "the newest backup is $(newest)"; exit 1; }
  exit 0
  ;;
esac

touch "$began"
while :; do
  now=$(date -u +%s)
  next=$(date -u -d "$at" +%s)
  [ "$next" -gt "$now" ] || next=$((next + 86400))
  sleep $((next - now)) & wait $!
  once || echo "backup: none was made: see the line above; those before are kept" >&2
done
