#!/bin/sh
# Builds a checkout, also a fresh one where nothing is installed: npm runs this before it packs.
set -eu
if [ ! -e node_modules/.bin/node ]; then
  # npm comes back here when everything is installed. What it was called with is not for this run.
  exec npm ci --dry-run=false --ignore-scripts=false --include=dev
fi
exec npm run build
