#!/usr/bin/env bash
# start.sh "URL MODEL": start a job and wait for it; nothing while the state is first made.
set -euo pipefail
read -r url model <<< "$1"
[ "$url" != none ] || exit 0
answer=$(curl -sf -X POST -H 'x-api-key: k' "$url/api/public/models/$model/undeploy")
job=${answer#*\"dock-statusId\":\"}
job=${job%%\"*}
until sleep 0.25 && [[ $(curl -sf -H 'x-api-key: k' "$url/api/public/dock-status/$job") == *SUCCESS* ]]; do :; done
