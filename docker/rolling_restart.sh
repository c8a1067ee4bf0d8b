#!/bin/sh
# Replace every replica of the named services, one at a time: start a new one, wait until it is ready, stop an old one.
# A new replica that does not get ready ends this script; the old ones go on.
set -eu

for service in "$@"; do
    old=$(docker compose ps --quiet "$service")
    if [ -z "$old" ]; then
        echo "No replica of $service is running. Start them with make edge." >&2
        exit 1
    fi
    one_more=$(($(echo "$old" | wc -w) + 1))
    for replica in $old; do
        docker compose up --detach --wait --no-deps --no-recreate --scale "$service=$one_more" "$service"
        docker stop "$replica"
        docker rm "$replica"
    done
done
