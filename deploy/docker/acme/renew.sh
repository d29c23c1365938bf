#!/bin/sh
# Asks for a certificate, and once a day for a newer one when the last third of its time has begun. nginx takes it up by itself.
set -eu
name=${SERVER_NAME:?SERVER_NAME: the name that the certificate is for, such as node.example.org}
mail=${ACME_EMAIL:?ACME_EMAIL: the address that the authority writes to}
server=${ACME_SERVER:-https://acme-v02.api.letsencrypt.org/directory}
mkdir -p /acme/webroot /acme/live
umask 077

lego() { command lego --accept-tos --path /acme/lego --server "$server" --email "$mail" --domains "$name" --http --http.webroot /acme/webroot "$@"; }

put() {
  made=/acme/lego/certificates/$name
  # The key first: nginx looks at both, and takes up neither while they do not fit.
  cp "$made.key" /acme/live/privkey.new && mv /acme/live/privkey.new /acme/live/privkey.pem
  cp "$made.crt" /acme/live/fullchain.new && mv /acme/live/fullchain.new /acme/live/fullchain.pem
}

# An authority that was away for a moment is asked again soon, and never as often as it counts failures (Let's Encrypt: five an hour).
again=120
while :; do
  if [ -s "/acme/lego/certificates/$name.crt" ]; then done=$(lego renew --days 30 2>&1) || echo "$done" >&2; else done=$(lego run 2>&1) || echo "$done" >&2; fi
  if [ -s "/acme/lego/certificates/$name.crt" ]; then
    cmp -s "/acme/lego/certificates/$name.crt" /acme/live/fullchain.pem || { put; echo "acme: a new certificate for $name"; }
    again=120
    sleep 86400 & wait $!
  else
    echo "acme: no certificate for $name yet: does its name lead here, and is port 80 open? Tried again in $((again / 60)) minutes" >&2
    sleep $again & wait $!
    again=$((again * 3)); [ $again -le 3600 ] || again=3600
  fi
done
