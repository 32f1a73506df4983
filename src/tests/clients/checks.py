"""Counts checks and prints one line for each; changes records of a store the way no upload can; plants outputs."""

import json
import os
import pathlib
import sys
import urllib.parse
import urllib.request


class Checks:
    """The checks of one client."""

    def __init__(self, client):
        self.client = client
        self.failed = 0

    def that(self, name, passed, why=""):
        if passed:
            print(f"ok {self.client} {name}")
        else:
            self.failed += 1
            print(f"FAIL {self.client} {name}: {why}")

    def equal(self, name, got, wanted):
        self.that(name, got == wanted, f"got {got!r}, wanted {wanted!r}")

    def raises(self, name, wanted, call, **attributes):
        """Checks the class of what `call` raises, by name, and some of its attributes."""
        try:
            got = call()
        except Exception as error:  # the class is what is checked
            seen = {key: getattr(error, key, None) for key in attributes}
            same = type(error).__name__ == wanted and seen == attributes
            self.that(name, same, f"{type(error).__name__} {seen}: {error}")
        else:
            self.that(name, False, f"no error but {got!r}")

    def finish(self):
        sys.exit(1 if self.failed else 0)


def change_record(file_id, **changes):
    """Rewrites fields of a stored file: what only sessions make, or time does."""
    store = pathlib.Path(os.environ["DOCFERRY_STORE"])
    (path,) = store.glob(f"files/*/{file_id}.json")
    record = json.loads(path.read_text())
    record["file"].update(changes)
    path.write_text(json.dumps(record))


def plant(name, body, **query):
    """Plants an output, as if a session or the execution of code had produced it; returns its id."""
    url = os.environ["DOCFERRY_OUTPUTS_URL"] + "?" + urllib.parse.urlencode({"filename": name, **query})
    headers = {"x-api-key": os.environ["ANTHROPIC_API_KEY"]}
    with urllib.request.urlopen(urllib.request.Request(url, body, headers, method="POST")) as answer:
        return json.load(answer)["id"]
