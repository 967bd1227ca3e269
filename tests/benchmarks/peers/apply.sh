#!/usr/bin/env bash
# The same with curl: apply.sh URL FILE IN-FLIGHT
set -euo pipefail
export URL=$1
one() {
    status() { curl -sf -H 'x-api-key: k' "$URL/api/public/dock-status/$1"; }
    read -r model job differs <<< "$1"
    [[ $(status "$job") == *SUCCESS* ]]
    [ "$differs" = yes ] || return 0
    answer=$(curl -sf -X POST -H 'x-api-key: k' "$URL/api/public/models/$model/undeploy")
    job=${answer#*\"dock-statusId\":\"}
    job=${job%%\"*}
    until sleep 0.25 && [[ $(status "$job") == *SUCCESS* ]]; do :; done
}
export -f one
xargs -a "$2" -d '\n' -P "$3" -I{} bash -euc 'one "{}"'
