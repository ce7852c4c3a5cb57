"""Find a Chromium for the browser tests, or install Debian's: `python -m tests.chromium` before the tests."""

import os
import shutil
import subprocess
import sys

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
ADVICE = (
    "The browser tests need Chromium. Install it (Debian: sudo apt-get install chromium; Ubuntu: sudo snap install chromium,\n"
    "or .venv/bin/playwright install --with-deps chromium) or set CHROMIUM to its path, and run make check again."
)


def find_chromium() -> str | None:
    """The path of a Chromium: CHROMIUM, one on the PATH, or the one Playwright installed; None when there is none."""
    given = os.environ.get("CHROMIUM")
    if given:
        return given if os.access(given, os.X_OK) else None
    return next((path for name in NAMES if (path := shutil.which(name))), None) or _playwright_chromium()


def _playwright_chromium() -> str | None:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        path = playwright.chromium.executable_path
    return path if os.path.exists(path) else None


def install_chromium() -> str | None:
    """Install Debian's package where we may, else Playwright's build. Returns its path, or None."""
    if shutil.which("apt-get"):
        sudo = [] if os.geteuid() == 0 else ["sudo", "-n"] if shutil.which("sudo") else None
        if sudo is not None:
            quiet = {"stdout": subprocess.DEVNULL, "env": {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}}
            subprocess.run([*sudo, "apt-get", "update", "-qq"], check=False, **quiet)
            packages = ["chromium", "fonts-noto-core"]
            subprocess.run(
                [*sudo, "apt-get", "install", "-y", "-qq", "--no-install-recommends", *packages], check=False, **quiet
            )
    if find_chromium() is None:
        subprocess.run([sys.executable, "-m", "playwright", "install", "chromium"], check=False)
    return find_chromium()


def main() -> int:
    """Print where Chromium is; 1 when there is none and none could be installed."""
    path = find_chromium() or install_chromium()
    print(f"Chromium: {path}" if path else ADVICE, file=sys.stderr)
    return 0 if path else 1


if __name__ == "__main__":
    sys.exit(main())
