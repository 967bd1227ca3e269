#!/bin/sh
# Look for drift. It prints nothing while nothing is new, so that cron sends no mail.
# Usage: nightly-drift.sh FOLDER PROM: where inventory.yaml is; the file for Prometheus's textfile collector.
set -u
if [ $# -ne 2 ]; then
    echo "Usage: nightly-drift.sh FOLDER PROM" >&2
    exit 64
fi
cd "$1" || exit 1

said=$(reconciler drift --fail-on new --no-progress --report prometheus="$2" 2>&1)
code=$?
case $code in
    0) exit 0 ;; # no drift, or none that is new
    2) ;;        # something is new
    6) echo "Not everything could be read, or something is newly unknown." ;;
    *) echo "The check itself failed, with $code." ;;
esac
printf '%s\n' "$said"
exit "$code"
