"""The Python client of the Anthropic API, any of its three generations, strict about every response."""

import datetime
import os
import pathlib
import tempfile

import anthropic

from checks import Checks, change_record

VERSION = anthropic.__version__
MAJOR = int(VERSION.split(".")[0])
BETA_ONLY = MAJOR == 0
AGENTS = ["managed-agents-2026-04-01"]
CONTENT = b"a,b\n1,2\n3,4\n"

# Errors have had classes of their own since 2.0.
NOT_DOWNLOADABLE = "FileNotDownloadableError" if MAJOR >= 2 else "BadRequestError"
EXPIRED = "FileExpiredError" if MAJOR >= 2 else "NotFoundError"

checks = Checks(f"anthropic-{VERSION}")
client = anthropic.Anthropic(_strict_response_validation=True)
files = client.beta.files if BETA_ONLY else client.files
folder = pathlib.Path(tempfile.mkdtemp())


def uploads():
    path = folder / "data.csv"
    path.write_bytes(CONTENT)
    made = files.upload(file=path)
    checks.equal("upload of a path: name", made.filename, "data.csv")
    checks.equal("upload of a path: type", made.mime_type, "text/csv")
    checks.equal("upload of a path: size", made.size_bytes, len(CONTENT))
    checks.equal("upload of a path: kind", made.type, "file")
    checks.equal("upload of a path: downloadable", made.downloadable, False)
    checks.that("upload of a path: id", made.id.startswith("file_"), made.id)
    checks.that("upload of a path: created_at", made.created_at.tzinfo is not None, made.created_at)
    with open(path, "rb") as opened:
        checks.equal("upload of an open file", files.upload(file=opened).size_bytes, len(CONTENT))
    named = files.upload(file=("n.md", b"x", "text/plain"))
    checks.equal("upload of a tuple", (named.filename, named.mime_type), ("n.md", "text/plain"))
    raw = files.upload(file=b"x")
    checks.equal("upload of bytes", raw.filename, "upload" if BETA_ONLY else "unnamed.bin")
    plain = folder / "noext"
    plain.write_bytes(b"x")
    made = files.upload(file=plain)
    checks.equal("upload without extension", made.mime_type, "application/octet-stream")
    quoted = files.upload(file=('r\u00e9port q.pdf', b"x", "application/pdf"))
    checks.equal("upload of a name that is not ASCII", quoted.filename, "r\u00e9port q.pdf")
    quoted = files.upload(file=('a "q".txt', b"x", "text/plain"))
    checks.equal("upload of a name with quotes", quoted.filename, "a %22q%22.txt")
    big = folder / "big.bin"
    big.write_bytes(bytes(8 * 1024 * 1024))
    with open(big, "rb") as opened:
        checks.equal("upload of 8 MiB", files.upload(file=opened).size_bytes, 8 * 1024 * 1024)


def refused_uploads():
    def upload(name, body=b"x"):
        return lambda: files.upload(file=(name, body, "text/plain"))

    checks.raises("upload of a forbidden name", "BadRequestError", upload("a:b"), status_code=400)
    checks.raises("upload of a long name", "BadRequestError", upload("x" * 256), status_code=400)
    checks.raises("upload of nothing", "BadRequestError", upload("a.txt", b""), status_code=400)
    if BETA_ONLY:
        return
    for seconds in (3_599, 7_776_001):
        call = lambda: files.upload(file=("a.txt", b"x", "text/plain"), expires_in_seconds=seconds)
        checks.raises(f"upload that ends in {seconds} s", "BadRequestError", call, status_code=400)
    made = files.upload(file=("a.txt", b"x", "text/plain"), expires_in_seconds=3_600)
    checks.equal("lifetime", (made.expires_at - made.created_at).total_seconds(), 3_600)


def lists():
    for file in list(files.list()):
        files.delete(file.id)
    checks.equal("list of nothing", list(files.list()), [])
    made = [files.upload(file=(f"{n}.txt", b"x", "text/plain")).id for n in range(5)]
    newest_first = made[::-1]
    paged = [file.id for file in files.list(limit=2)]
    checks.equal("list follows its pages", paged, newest_first)
    checks.equal("list in one page", [file.id for file in files.list()], newest_first)
    for limit in (0, 1_001):
        call = lambda: files.list(limit=limit)
        checks.raises(f"list of {limit}", "BadRequestError", call, status_code=400)
    scoped = lambda **more: client.beta.files.list(scope_id="sesn_x", limit=2, **more)
    checks.raises("scope without its beta", "BadRequestError", scoped, status_code=400)
    # In the GA shape these are empty pages with a cursor, except the last.
    checks.equal("scope follows empty pages", [file.id for file in scoped(betas=AGENTS)], [])
    change_record(made[0], scope="sesn_x")
    found = [(file.id, file.scope.id) for file in scoped(betas=AGENTS)]
    checks.equal("scope of a session", found, [(made[0], "sesn_x")])
    if BETA_ONLY:
        first = files.list(limit=2)
        checks.equal("list has its cursors", (first.has_more, first.last_id), (True, newest_first[1]))
        back = [file.id for file in files.list(before_id=made[0], limit=2)]
        checks.equal("list goes backwards", sorted(back), sorted(made[1:]))
        return
    beta = [file.id for file in client.beta.files.list(limit=2)]
    checks.equal("beta namespace follows its pages", beta, newest_first)
    some = files.list(ids=[made[0], "file_unknown", made[3]])
    checks.equal("list by ids", [file.id for file in some], [made[3], made[0]])
    checks.equal("list by ids has one page", some.next_page, None)
    too_many = lambda: files.list(ids=[f"file_{n}" for n in range(101)])
    checks.raises("list of 101 ids", "BadRequestError", too_many, status_code=400)
    mixed = lambda: files.list(ids=[made[0]], limit=5)
    checks.raises("list by ids with a limit", "BadRequestError", mixed, status_code=400)


def one_file():
    made = files.upload(file=("a.txt", b"abc", "text/plain"))
    checks.equal("metadata", files.retrieve_metadata(made.id), made)
    download = lambda: files.download(made.id)
    checks.raises("download of an upload", NOT_DOWNLOADABLE, download, status_code=400)
    change_record(made.id, downloadable=True)
    checks.equal("download of an output", files.download(made.id).read(), b"abc")
    # Less than 30 days ago: after that, nothing is known of the file.
    ended = datetime.datetime.now(datetime.timezone.utc) - datetime.timedelta(hours=1)
    change_record(made.id, expires_at=ended.strftime("%Y-%m-%dT%H:%M:%S.%fZ"))
    checks.raises("download after the end", EXPIRED, download, status_code=404)
    checks.equal("metadata after the end", files.retrieve_metadata(made.id).id, made.id)
    checks.that("list after the end", made.id in [file.id for file in files.list()])
    gone = files.delete(made.id)
    checks.equal("delete", (gone.id, gone.type), (made.id, "file_deleted"))
    for name, call in (("delete", files.delete), ("metadata", files.retrieve_metadata), ("download", files.download)):
        again = lambda: call(made.id)
        checks.raises(f"{name} of a deleted file", "NotFoundError", again, status_code=404)
    try:
        files.retrieve_metadata("file_missing")
    except anthropic.NotFoundError as error:
        checks.that("request id of an error", error.request_id.startswith("req_"), error.request_id)
        checks.equal("body of an error", error.body["error"]["type"], "not_found_error")
        checks.equal("request id in the body", error.body["request_id"], error.request_id)


def credentials():
    wrong = anthropic.Anthropic(api_key="wrong")
    listed = wrong.beta.files if BETA_ONLY else wrong.files
    checks.raises("a wrong key", "AuthenticationError", listed.list, status_code=401)
    key = os.environ["ANTHROPIC_API_KEY"]
    # A key also passes as a bearer token.
    bearer = anthropic.Anthropic(api_key=None, auth_token=key)
    listed = bearer.beta.files if BETA_ONLY else bearer.files
    checks.that("a bearer token", listed.list(limit=1) is not None)
    old = client.with_options(default_headers={"x-api-key": key, "anthropic-version": "2023-06-01"})
    checks.that("the version of 2023", old.beta.files.list(limit=1) is not None)


uploads()
refused_uploads()
lists()
one_file()
credentials()
checks.finish()
