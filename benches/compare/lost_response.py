#!/usr/bin/env python3
"""What two clients leave behind when the answers to uploads are lost: docferry, and PyPI `anthropic` (newest).

    python3 benches/compare/lost_response.py [--docferry target/release/docferry] [--files 40] [--package anthropic]

The embedded server stores each file and then breaks the connection (`--fault upload:commit-reset`); its commit log
counts the copies. Both clients get the same files, faults and seed. The package goes into a virtual environment that
is thrown away. Prints a table in Markdown. docferry stops when answer after answer is lost (exit 5, state saved) and
is run again with the same command then, as its message says; a client of the package has nothing to go on from.
"""

import argparse
import collections
import hashlib
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import time
import venv

FAULTS = [
    ("every answer is lost", "upload:commit-reset@100%!"),
    ("one answer of ten is lost", "upload:commit-reset@10%!"),
]

CLIENT = """
import json, pathlib, sys, anthropic
client = anthropic.Anthropic(max_retries=int(sys.argv[2])) if sys.argv[2] else anthropic.Anthropic()
files = client.beta.files
told, failed = {}, 0
for path in sorted(pathlib.Path(sys.argv[1]).iterdir()):
    try:
        told[path.name] = files.upload(file=(path.name, path.read_bytes(), "text/plain")).id
    except anthropic.APIError:
        failed += 1
print(json.dumps({"version": anthropic.__version__, "told": told, "failed": failed}))
"""


def serve(docferry, folder, fault):
    command = [docferry, "serve", "--store", folder / "served", "--commit-log", folder / "commits.jsonl"]
    command += ["--fault", fault, "--fault-seed", "1"]
    server = subprocess.Popen(command, stdout=subprocess.PIPE, cwd=folder, text=True)
    return server, json.loads(server.stdout.readline())


def environment(ready, folder):
    keep = {name: os.environ[name] for name in ("PATH", "LANG") if name in os.environ}
    return keep | {
        "HOME": str(folder),
        "ANTHROPIC_BASE_URL": ready["anthropic_base_url"],
        "ANTHROPIC_API_KEY": ready["token"],
    }


def with_package(python, retries):
    def run(inputs, folder, env):
        command = [python, "-c", CLIENT, inputs, retries]
        output = subprocess.run(command, env=env, cwd=folder, check=True, stdout=subprocess.PIPE, text=True)
        answer = json.loads(output.stdout)
        return answer["told"], answer["failed"], 1

    return run


def with_docferry(docferry):
    def run(inputs, folder, env):
        manifest = folder / "manifest.jsonl"
        command = [docferry, "ingest", "--target", "anthropic", inputs, "-o", manifest, "-qq"]
        command += ["--state-dir", folder / "state"]
        runs = 1
        while subprocess.run(command, env=env, cwd=folder, check=False).returncode == 5 and runs < 10:
            runs += 1
        entries = [json.loads(line) for line in manifest.read_text().splitlines()]
        stored = [entry for entry in entries if entry["status"] in ("uploaded", "reused", "adopted")]
        told = {pathlib.Path(entry["source"]["path"]).name: entry["file"]["file_id"] for entry in stored}
        return told, len(entries) - len(stored), runs

    return run


def measure(docferry, run, fault, count):
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        inputs = folder / "in"
        inputs.mkdir()
        for n in range(count):
            (inputs / f"file{n:04}.txt").write_text(f"file {n}\n" * 20)
        server, ready = serve(docferry, folder, fault)
        began = time.monotonic()
        try:
            told, failed, runs = run(inputs, folder, environment(ready, folder))
        finally:
            seconds = time.monotonic() - began
            server.terminate()
            server.wait()
        commits = [json.loads(line) for line in (folder / "commits.jsonl").read_text().splitlines()]
        digest = {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in inputs.iterdir()}
    copies = collections.Counter(commit["sha256"] for commit in commits)
    bytes_of = {commit["id"]: commit["sha256"] for commit in commits}
    right = sum(bytes_of.get(file_id) == digest[name] for name, file_id in told.items())
    return {
        "stored": len(commits),
        "most": max(copies.values(), default=0),
        "right": right,
        "wrong": len(told) - right,
        "failed": failed,
        "runs": runs,
        "unknown": len(set(bytes_of) - set(told.values())),
        "seconds": seconds,
    }


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--docferry", default="target/release/docferry")
    parser.add_argument("--files", type=int, default=40)
    parser.add_argument("--package", default="anthropic", help="as pip takes it, such as anthropic==2.11.0")
    args = parser.parse_args()
    docferry = str(pathlib.Path(args.docferry).resolve())
    with tempfile.TemporaryDirectory() as place:
        venv.create(place, with_pip=True)
        python = str(pathlib.Path(place) / "bin/python")
        install = [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", args.package]
        subprocess.run(install, check=True)
        show = [python, "-c", "import anthropic; print(anthropic.__version__)"]
        version = subprocess.run(show, check=True, stdout=subprocess.PIPE, text=True).stdout.strip()
        ours = subprocess.run([docferry, "--version"], check=True, stdout=subprocess.PIPE, text=True).stdout.strip()
        clients = [
            (ours, with_docferry(docferry)),
            (f"anthropic {version}", with_package(python, "")),
            (f"anthropic {version}, `max_retries=0`", with_package(python, "0")),
        ]
        print("| fault | client | files | copies stored | most of one file | right ids told | wrong ids "
              "| given up | stored and told to nobody | runs | seconds |")
        print("| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |")
        for what, fault in FAULTS:
            for name, run in clients:
                m = measure(docferry, run, fault, args.files)
                print(f"| {what} | {name} | {args.files} | {m['stored']} | {m['most']} | {m['right']} | {m['wrong']} "
                      f"| {m['failed']} | {m['unknown']} | {m['runs']} | {m['seconds']:.1f} |")
                sys.stdout.flush()


if __name__ == "__main__":
    main()
