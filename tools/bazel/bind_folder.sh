#!/usr/bin/env bash
# bind_folder.sh ROOT BINDS FOLDER: shows FOLDER in ROOT at the same path, and notes it in BINDS.
# Runs in the root's namespace.
set -euo pipefail

mkdir -p -- "$1$3"
mount --rbind -- "$3" "$1$3"
printf '%s\n' "$3" >>"$2"
