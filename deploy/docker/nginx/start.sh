#!/bin/sh
# nginx in front of the node: writes its configuration from the settings, brings a certificate, and takes up a newer one.
# The operator's (/tls) goes before ACME's (/acme/live), and a self-signed one of seven days before none.
set -eu

template=${TEMPLATE:-/etc/octobot-nginx/nginx.conf.template}
made=${MADE:-/tmp}

fail() { echo "nginx: $1" >&2; exit 1; }

yes_or_no() {
  case $2 in true | false) ;; *) fail "$1 is '$2': write true or false" ;; esac
}
name=${SERVER_NAME:-_}
case $name in *[!A-Za-z0-9._-]*) fail "SERVER_NAME is '$name': write a name such as node.example.org" ;; esac
yes_or_no EXPOSE_WEB_UI "${EXPOSE_WEB_UI:-true}"
yes_or_no EXPOSE_METRICS "${EXPOSE_METRICS:-false}"

choose() {
  for folder in "${TLS:-/tls}" "${ACME:-/acme}/live"; do
    if [ -s "$folder/fullchain.pem" ] && [ -s "$folder/privkey.pem" ]; then
      [ -r "$folder/privkey.pem" ] || fail "$folder/privkey.pem cannot be read by uid $(id -u): chown it to that uid, and chmod 400"
      echo "$folder"
      return
    fi
  done
  echo "$made/self-signed"
}

self_sign() {
  mkdir -p "$made/self-signed"
  subject=$name; [ "$subject" != _ ] || subject=localhost
  openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 7 -subj "/CN=$subject" \
    -addext "subjectAltName=DNS:$subject" -keyout "$made/self-signed/privkey.pem" -out "$made/self-signed/fullchain.pem" 2>/dev/null
}

# Before 1.25.1 HTTP/2 is a word of "listen"; from then on a line of its own.
version=$(nginx -v 2>&1 | sed 's|.*/\([0-9.]*\).*|\1|')
if [ "$(printf '%s\n' 1.25.1 "$version" | sort -V | head -n 1)" = 1.25.1 ]; then old='' new='http2 on;'; else old=' http2' new=''; fi

render() {
  redirect=$name; [ "$redirect" != _ ] || redirect='$host'
  off() { [ "$1" = true ] || echo 'return 403;'; }
  sed -e "s|@MADE@|$made|" -e "s|@SERVER_NAME@|$name|" -e "s|@REDIRECT_TO@|$redirect|" -e "s|@NODE@|${NODE:-octobot}|" -e "s|@RESOLVER@|${RESOLVER:-127.0.0.11}|" \
    -e "s|@HTTP2_OLD@|$old|" -e "s|@HTTP2_NEW@|$new|" -e "s|@CERTIFICATE@|$1/fullchain.pem|" -e "s|@CERTIFICATE_KEY@|$1/privkey.pem|" \
    -e "s|@RATE@|${NGINX_RATE:-50r/s}|" -e "s|@RATE_SIGN_IN@|${NGINX_RATE_SIGN_IN:-10r/m}|" -e "s|@RATE_HOOKS@|${NGINX_RATE_HOOKS:-60r/m}|" \
    -e "s|@BURST_API@|${NGINX_BURST_API:-20}|" -e "s|@BURST_WEB_UI@|${NGINX_BURST_WEB_UI:-50}|" \
    -e "s|@BURST_SIGN_IN@|${NGINX_BURST_SIGN_IN:-5}|" -e "s|@BURST_HOOKS@|${NGINX_BURST_HOOKS:-20}|" \
    -e "s|@WEB_UI_OFF@|$(off "${EXPOSE_WEB_UI:-true}")|" -e "s|@METRICS_OFF@|$(off "${EXPOSE_METRICS:-false}")|" \
    "$template" >"$made/nginx.conf"
}

print() { cat "$1/fullchain.pem" "$1/privkey.pem" 2>/dev/null | cksum; }

folder=$(choose)
[ "$folder" != "$made/self-signed" ] || self_sign
render "$folder"
[ "${1:-}" != render ] || exit 0
nginx -e /dev/stderr -c "$made/nginx.conf" -t -q || fail 'the configuration is not valid: see the lines above'
case $folder in *self-signed) echo 'nginx: serves a self-signed certificate of seven days: put yours into state/tls, or use the profile acme' >&2 ;; esac

(
  known=$(print "$folder")
  while sleep "${LOOK_S:-60}"; do
    now=$(choose) || continue
    if [ "$now" = "$made/self-signed" ] && ! openssl x509 -checkend 172800 -noout -in "$now/fullchain.pem" >/dev/null; then self_sign; fi
    [ "$now $(print "$now")" != "$folder $known" ] || continue
    render "$now"
    # One that does not fit is not taken up: nginx goes on with the one before.
    if nginx -e /dev/stderr -c "$made/nginx.conf" -t -q; then
      folder=$now known=$(print "$now")
      nginx -e /dev/stderr -c "$made/nginx.conf" -s reload
      echo "nginx: took up the certificate in $folder" >&2
    fi
  done
) &
exec nginx -e /dev/stderr -c "$made/nginx.conf" -g 'daemon off;'
