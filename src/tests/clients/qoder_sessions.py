"""Sessions and their resources with the Python client of Qoder Cloud Agents."""

from qca import __version__
from qca.managed import Client

from checks import Checks, plant

checks = Checks(f"qca-sdk-{__version__}")
client = Client()
files, sessions = client.files, client.sessions


def upload(name):
    return files.upload(file=(name, b"x", "text/plain")).id


session = sessions.create(agent="agent_1", environment_id="env_1", title="t", metadata={"k": "v"})
checks.that("session: id", session.id.startswith("sess_"), session.id)
checks.equal("session", (session.status, session.agent.id, session.title), ("idle", "agent_1", "t"))
checks.equal("session is kept", sessions.retrieve(session.id).model_dump(), session.model_dump())
checks.equal("list of sessions", [found.id for found in sessions.list()], [session.id])

calls = sessions.resources
one, two, three = upload("1.txt"), upload("2.txt"), upload("3.txt")
first = calls.add(session.id, type="file", file_id=one)
checks.equal("resource: default path", first.mount_path, f"/mnt/session/uploads/{one}")
checks.that("resource: id", first.id.startswith("sesr_"), first.id)
checks.that("resource: its copy has an id of its own", first.file_id != one, first.file_id)
second = calls.add(session.id, type="file", file_id=two, mount_path="/workspace/2.txt")
checks.equal("resource: given path", second.mount_path, "/workspace/2.txt")
found = [resource.id for resource in calls.list(session.id, limit=1)]
checks.equal("list of resources in pages", found, [first.id, second.id])
after = [resource.id for resource in calls.list(session.id, after_id=first.id)]
checks.equal("list of resources after an id", after, [second.id])
checks.equal("resource is kept", calls.retrieve(first.id, session_id=session.id).mount_path, first.mount_path)
twice = lambda: calls.add(session.id, type="file", file_id=one)
checks.raises("mount of a file twice", "ConflictError", twice, status_code=409)
taken = lambda: calls.add(session.id, type="file", file_id=three, mount_path="/workspace/2.txt")
checks.raises("mount of a path twice", "ConflictError", taken, status_code=409)
unknown = lambda: calls.add(session.id, type="file", file_id="file_missing")
checks.raises("mount of an unknown file", "NotFoundError", unknown, status_code=404)
relative = lambda: calls.add(session.id, type="file", file_id=three, mount_path="3.txt")
checks.raises("mount at a relative path", "BadRequestError", relative, status_code=400)

made = plant("out.md", b"# made\n", scope_id=session.id)
scoped = [file.id for file in files.list(scope_id=session.id)]
checks.equal("files of a session", scoped, [made, second.file_id, first.file_id])
checks.equal("download of an output", files.download(made).read(), b"# made\n")
gone = calls.delete(first.id, session_id=session.id)
checks.equal("delete of a resource", (gone.id, gone.type), (first.id, "session_resource_deleted"))
copy = lambda: files.retrieve_metadata(first.file_id)
checks.raises("copy of a deleted resource", "NotFoundError", copy, status_code=404)
checks.equal("delete of a session", sessions.delete(session.id).type, "session_deleted")
checks.equal("files of a deleted session", [file.id for file in files.list(scope_id=session.id)], [])
checks.finish()
