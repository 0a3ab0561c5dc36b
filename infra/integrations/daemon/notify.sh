#!/bin/sh
# Sends a notice with nothing but curl and openssl.
#
#   export RELAY_URL=https://… RELAY_CALLER=daemon RELAY_KEY_FILE=/etc/texts/key
#   notify.sh notice.json
#   notify.sh POST /v1/invitations invitation.json
#   notify.sh GET /v1/notices/no-…
#
# RELAY_KEY_FILE holds the caller's key and nothing else (mode 600). Prints the relay's answer. Ends with
# 1 if that is a refusal, and with 3 if there was none or it was busy: then run the same again, which
# sends nothing twice.
set -eu

: "${RELAY_URL:?the address of the relay, without a slash at the end}"
: "${RELAY_CALLER:?the name of the key, as in: relay secrets caller NAME}"
: "${RELAY_KEY_FILE:?a file with the key}"

case $# in
1) method=POST path=/v1/notices body=$1 ;;
2) method=$1 path=$2 body=/dev/null ;;
3) method=$1 path=$2 body=$3 ;;
*) echo 'notify.sh FILE.json, or notify.sh METHOD PATH [FILE.json]' >&2; exit 2 ;;
esac
[ -r "$body" ] || { echo "notify.sh: $body cannot be read" >&2; exit 2; }

# HMAC-SHA256 by hand (RFC 2104): openssl takes a key as an argument only, and arguments are readable
# for every process.
key=$(tr -d '\n' < "$RELAY_KEY_FILE" | od -An -v -tu1)
pad() {
    left=64
    for byte in $key; do
        printf "\\$(printf %03o $((byte ^ $1)))"
        left=$((left - 1))
    done
    while [ $left -gt 0 ]; do
        printf "\\$(printf %03o "$1")"
        left=$((left - 1))
    done
}
hmac() { { pad 92; { pad 54; cat; } | openssl dgst -sha256 -binary; } | openssl dgst -sha256 -r | cut -c1-64; }

# The number of this process makes each try's signature another: the relay takes none twice.
timestamp=$(date +%s).$$
signature=$({ printf '%s\n%s\n%s\n' "$timestamp" "$method" "$path"; cat "$body"; } | hmac)

answer=$(mktemp)
trap 'rm -f "$answer"' EXIT
status=$(curl --silent --show-error --max-time 30 --request "$method" --output "$answer" \
    --write-out '%{http_code}' --header "X-Relay-Caller: $RELAY_CALLER" \
    --header "X-Relay-Timestamp: $timestamp" --header "X-Relay-Signature: $signature" \
    --header 'Content-Type: application/json' --data-binary "@$body" "$RELAY_URL$path") || status=000
cat "$answer"
echo
case $status in
2??) exit 0 ;;
000 | 408 | 429 | 5??) exit 3 ;;
*) exit 1 ;;
esac
