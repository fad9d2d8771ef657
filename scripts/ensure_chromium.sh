#!/bin/sh
# Make sure that there is a Chromium for the browser tests; say plainly what to do where it may not be installed.
set -u

for name in chromium chromium-browser google-chrome; do
  command -v "$name" >/dev/null 2>&1 && exit 0
done
"${PYTHON:-python3}" - <<'EOF' && exit 0
import os, sys
from playwright.sync_api import sync_playwright
with sync_playwright() as p:
    sys.exit(not os.path.exists(p.chromium.executable_path))
EOF

if command -v apt-get >/dev/null 2>&1 && [ "$(id -u)" = 0 ]; then
  echo "Installing Chromium (packages chromium and chromium-driver) ..."
  apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq chromium chromium-driver >/dev/null && exit 0
elif ! command -v apt-get >/dev/null 2>&1; then
  echo "Installing Playwright's own Chromium ..."
  "${PYTHON:-python3}" -m playwright install chromium && exit 0
fi
echo "The browser tests need Chromium, and it could not be installed from here. Install it, then try again:"
echo "  Debian, Ubuntu:  sudo apt-get install chromium chromium-driver"
echo "  elsewhere:       .venv/bin/python -m playwright install chromium"
exit 1
