#!/usr/bin/env python3
"""Runs the `sh` blocks of a guide as they stand, in one shell, in an empty folder, with this docferry first in the path.
With a heading, only those of its section.

    .ci/guide.py docs/guide.md target/release/docferry
    .ci/guide.py README.md target/release/docferry 'Use what is stored'
"""

import os
import pathlib
import re
import subprocess
import sys
import tempfile


def fenced(text):
    """Returns the text with `#` in code blocks blanked: those are comments, not headings."""
    return re.sub(r"^```.*?^```$", lambda block: block[0].replace("#", " "), text, flags=re.MULTILINE | re.DOTALL)


def main():
    guide, docferry = (pathlib.Path(arg).resolve() for arg in sys.argv[1:3])
    text = guide.read_text()
    if len(sys.argv) > 3:
        section = re.search(rf"^#+ {re.escape(sys.argv[3])}$(.*?)(?=^#+ |\Z)", fenced(text), re.MULTILINE | re.DOTALL)
        text = text[section.start() : section.end()] if section else ""
    blocks = re.findall(r"^```sh\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)
    if not blocks:
        sys.exit(f"{guide}: there is nothing to run")
    script = "set -euo pipefail\ntrap 'kill $(jobs -p) 2>/dev/null || true' EXIT\n" + "".join(blocks)
    with tempfile.TemporaryDirectory() as folder:
        binaries = pathlib.Path(folder) / "bin"
        binaries.mkdir()
        (binaries / "docferry").symlink_to(docferry)
        work = pathlib.Path(folder) / "work"
        work.mkdir()
        env = {"PATH": f"{binaries}:{os.environ['PATH']}", "HOME": folder, "LANG": "C.UTF-8"}
        done = subprocess.run(["bash", "-x", "-c", script], cwd=work, env=env, timeout=120, check=False)
    if done.returncode != 0:
        sys.exit(f"{guide}: status {done.returncode}")


if __name__ == "__main__":
    main()
