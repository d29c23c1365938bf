#!/bin/sh
# PostgreSQL for the nodes of one stack: made at the first start, sized by the container's memory at every one.
# Runs as uid 999 from the beginning and needs no capability; the certificate is made by ./prepare, the CA's key is not here.
set -eu

data=/var/lib/postgresql/data/pgdata
secrets=/run/secrets
PATH=$PATH:$(ls -d /usr/lib/postgresql/*/bin 2>/dev/null | tail -n 1)
export PATH

fail() { echo "postgres: $1" >&2; exit 1; }

for name in database_password database_server.crt database_server.key; do
  [ -r "$secrets/$name" ] || fail "the secret $name is not there or cannot be read: run ./prepare on the host"
done
owner=$(stat -c %u "$(dirname "$data")")
[ "$owner" = "$(id -u)" ] \
  || fail "the volume belongs to uid $owner, and PostgreSQL runs as $(id -u): chown -R $(id -u):$(id -g) its folder, as docs/deployment.md shows"

# The key of a certificate must be nobody else's: the secret is mounted as the host has it.
install -m 600 "$secrets/database_server.key" /tmp/server.key
password=$(cat "$secrets/database_password")
case $password in *[!A-Za-z0-9_-]*) fail "the secret database_password has other characters than A-Z a-z 0-9 _ -" ;; esac
mark=$(sha256sum "$secrets/database_password" | cut -d' ' -f1)

# Without a server: no port is ever open with a half-made configuration. One statement a line.
alone() { postgres --single -D "$1" "$2" >/dev/null; }

if [ ! -s "$data/PG_VERSION" ]; then
  # Made beside its place, and put there at the end: a first start that is killed begins again.
  rm -rf "$data.new"
  initdb -D "$data.new" --username postgres --data-checksums --encoding UTF8 --locale C.UTF-8 \
    --auth-local peer --auth-host reject >/dev/null
  alone "$data.new" postgres <<SQL
CREATE ROLE octobot LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION PASSWORD '$password'
CREATE DATABASE octobot ENCODING 'UTF8' TEMPLATE template0
REVOKE ALL ON DATABASE octobot FROM PUBLIC
REVOKE ALL ON DATABASE postgres FROM PUBLIC
GRANT CONNECT ON DATABASE octobot TO octobot
SQL
  alone "$data.new" octobot <<SQL
REVOKE ALL ON SCHEMA public FROM PUBLIC
GRANT USAGE, CREATE ON SCHEMA public TO octobot
CREATE SCHEMA octobot_dbos AUTHORIZATION octobot
SQL
  echo "$mark" >"$data.new/octobot-password"
  mv "$data.new" "$data"
elif [ "$(cat "$data/octobot-password" 2>/dev/null)" != "$mark" ]; then
  alone "$data" postgres <<SQL
ALTER ROLE octobot PASSWORD '$password'
SQL
  echo "$mark" >"$data/octobot-password"
fi
unset password

# Who may come: the nodes of this stack, and the consumers that are listed; TLS always, the superuser never by network.
{
  echo 'local all postgres peer'
  for from in $DATABASE_SUBNET $(echo "${DATABASE_CONSUMERS:-}" | tr ',' ' '); do
    case $from in */*) ;; *:*) from=$from/128 ;; *) from=$from/32 ;; esac
    echo "hostssl octobot octobot $from scram-sha-256"
  done
  echo 'host all all all reject'
} >/tmp/pg_hba.conf

# cgroup v2, then v1; without a limit, as for 512 MB.
limit=$(cat /sys/fs/cgroup/memory.max /sys/fs/cgroup/memory/memory.limit_in_bytes 2>/dev/null | head -n 1)
case $limit in '' | *[!0-9]*) limit=536870912 ;; esac
[ "$limit" -le 68719476736 ] || limit=536870912
mb=$((limit / 1048576))
connections=$((21 * ${DATABASE_NODES:-3} + 20))
maintenance=$((mb / 16)); [ "$maintenance" -le 512 ] || maintenance=512
work=$((mb * 1024 / 4 / connections)); [ "$work" -ge 64 ] || work=64

exec postgres -D "$data" \
  -c listen_addresses='*' -c unix_socket_directories=/run/postgresql -c hba_file=/tmp/pg_hba.conf \
  -c ssl=on -c ssl_min_protocol_version=TLSv1.3 -c ssl_cert_file="$secrets/database_server.crt" -c ssl_key_file=/tmp/server.key \
  -c password_encryption=scram-sha-256 -c max_connections="$connections" \
  -c shared_buffers="$((mb / 4))MB" -c effective_cache_size="$((mb * 5 / 8))MB" -c maintenance_work_mem="${maintenance}MB" \
  -c work_mem="${work}kB" -c max_wal_size=1GB -c log_destination=stderr -c logging_collector=off -c log_timezone=UTC
