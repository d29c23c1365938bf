#!/bin/bash
# Well: bootstrapped, with a circuit, and the network is there. Bootstrapped alone stays so when the network is lost.
cookie=$(od -An -tx1 -v /run/tor/control.cookie | tr -d ' \n')
exec 3<>/dev/tcp/127.0.0.1/9051 || exit 1
printf 'AUTHENTICATE %s\r\nGETINFO status/bootstrap-phase\r\nGETINFO status/circuit-established\r\nGETINFO network-liveness\r\nQUIT\r\n' "$cookie" >&3
answer=$(timeout 3 cat <&3)
for wanted in PROGRESS=100 circuit-established=1 network-liveness=up; do
  grep -q "$wanted" <<<"$answer" || { echo "not $wanted"; exit 1; }
done
