#!/usr/bin/env python3
"""Runs the `sh` blocks of a guide as they stand, in one shell, in an empty folder, with this docferry first in the path.

    .ci/guide.py docs/guide.md target/release/docferry
"""

import os
import pathlib
import re
import subprocess
import sys
import tempfile


def main():
    guide, docferry = (pathlib.Path(arg).resolve() for arg in sys.argv[1:])
    blocks = re.findall(r"^```sh\n(.*?)^```$", guide.read_text(), re.MULTILINE | re.DOTALL)
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
