"""The Python client of Qoder Cloud Agents, which speaks the current generation."""

import datetime
import pathlib
import tempfile

from qca import __version__
from qca.managed import Client

from checks import Checks, change_record

checks = Checks(f"qca-sdk-{__version__}")
client = Client()
files = client.files


def uploads():
    path = pathlib.Path(tempfile.mkdtemp()) / "a.md"
    path.write_bytes(b"# x\n")
    made = files.upload(file=path, name="b.md", metadata={"k": "v", "k2": "v2"}, expires_in_seconds=3_600)
    checks.equal("upload: name", made.filename, "b.md")
    checks.equal("upload: type", made.mime_type, "text/markdown")
    checks.equal("upload: size", made.size_bytes, 4)
    checks.equal("upload: metadata", made.metadata, {"k": "v", "k2": "v2"})
    checks.equal("upload: lifetime", made.expires_at - made.created_at, datetime.timedelta(hours=1))
    checks.equal("upload: kind", (made.type, made.status, made.downloadable), ("file", "ready", True))
    checks.equal("metadata", files.retrieve_metadata(made.id).model_dump(), made.model_dump())
    plain = files.upload(file=("n.txt", b"x", "text/plain"))
    checks.equal("upload of a tuple", (plain.filename, plain.metadata), ("n.txt", {}))
    checks.equal("download", files.download(made.id).read(), b"# x\n")
    pdf = lambda: files.upload(file=("a.pdf", b"x", "application/pdf"))
    checks.raises("upload of a type that is no text", "BadRequestError", pdf, status_code=400)
    long = lambda: files.upload(file=("a.txt", b"x", "text/plain"), metadata={"k": "v" * 513})
    checks.raises("upload with long metadata", "BadRequestError", long, status_code=400)


def lists():
    for file in list(files.list()):
        files.delete(file.id)
    checks.equal("list of nothing", list(files.list()), [])
    made = [files.upload(file=(f"{n}.txt", b"x", "text/plain")).id for n in range(5)]
    newest_first = made[::-1]
    checks.equal("list follows its pages", [file.id for file in files.list(limit=2)], newest_first)
    after = [file.id for file in files.list(limit=100, after_id=made[2])]
    checks.equal("list after an id", after, [made[1], made[0]])
    before = files.list(limit=2, before_id=made[0]).data
    checks.equal("list before an id", [file.id for file in before], [made[2], made[1]])
    named = [file.id for file in files.list(name="3")]
    checks.equal("list by name", named, [made[3]])
    some = [file.id for file in files.list(i_ds=[made[1], "file_unknown"])]
    checks.equal("list by ids", some, [made[1]])
    change_record(made[4], scope="sess_x")
    scoped = [(file.id, file.scope.id) for file in files.list(scope_id="sess_x")]
    checks.equal("list of a session", scoped, [(made[4], "sess_x")])
    both = lambda: files.list(after_id=made[0], before_id=made[1])
    checks.raises("list with two cursors", "BadRequestError", both, status_code=400)
    checks.raises("list of 101", "BadRequestError", lambda: files.list(limit=101), status_code=400)


def errors():
    made = files.upload(file=("a.txt", b"abc", "text/plain"))
    gone = files.delete(made.id)
    checks.equal("delete", (gone.id, gone.type), (made.id, "file_deleted"))
    for name, call in (("delete", files.delete), ("metadata", files.retrieve_metadata), ("download", files.download)):
        again = lambda: call(made.id)
        checks.raises(f"{name} of a deleted file", "NotFoundError", again, status_code=404)
    try:
        files.retrieve_metadata("file_missing", extra_headers={"x-request-id": "mine-1"})
    except Exception as error:
        checks.equal("request id of an error", error.request_id, "mine-1")
    waiting = files.upload(file=("a.txt", b"abc", "text/plain"))
    change_record(waiting.id, status="uploading")
    download = lambda: files.download(waiting.id)
    checks.raises("download of a file that is not ready", "ConflictError", download, status_code=409)
    wrong = Client(access_token="wrong")
    checks.raises("a wrong token", "AuthenticationError", wrong.files.list, status_code=401)


uploads()
lists()
errors()
checks.finish()
