"""Sessions and their resources with the Python client of the Anthropic API, strict about every response."""

import anthropic

from checks import Checks, plant

VERSION = anthropic.__version__
BETA_ONLY = int(VERSION.split(".")[0]) == 0
AGENTS = ["managed-agents-2026-04-01"]
# The header that selects the beta's answers also selects the mount rules of its time.
OLD_RULES = {"anthropic-beta": "managed-agents-2026-04-01,files-api-2025-04-14"}

checks = Checks(f"anthropic-{VERSION}")
client = anthropic.Anthropic(_strict_response_validation=True)
files = client.beta.files if BETA_ONLY else client.files
sessions = client.beta.sessions


def scoped(session_id, **more):
    return client.beta.files.list(scope_id=session_id, betas=AGENTS, **more)


def upload(name, body=b"x"):
    return files.upload(file=(name, body, "text/plain")).id


def creation():
    file = upload("a.txt", b"abc")
    mount = {"type": "file", "file_id": file, "mount_path": "/data/a.txt"}
    made = sessions.create(
        agent="agent_1", environment_id="env_1", title="t", metadata={"k": "v"}, resources=[mount]
    )
    checks.equal("session", (made.type, made.status, made.agent.id), ("session", "idle", "agent_1"))
    checks.equal("session: told back", (made.environment_id, made.title, made.metadata), ("env_1", "t", {"k": "v"}))
    checks.equal("session: mount path", made.resources[0].mount_path, "/mnt/session/uploads/data/a.txt")
    copy = made.resources[0].file_id
    checks.that("session: its copy has an id of its own", copy != file, copy)
    checks.equal("session is kept", sessions.retrieve(made.id), made)
    found = [(found.id, found.scope.id, found.scope.type) for found in scoped(made.id)]
    checks.equal("session: its files", found, [(copy, made.id, "session")])
    checks.that("session: its copy is no file of the workspace", copy not in [file.id for file in files.list()])
    missing = lambda: sessions.create(
        agent="a", environment_id="e", resources=[mount, {"type": "file", "file_id": "file_missing"}]
    )
    checks.raises("session with an unknown file", "NotFoundError", missing, status_code=404)
    others = [sessions.create(agent="agent_2", environment_id="env_1").id for _ in range(3)]
    checks.equal("list of sessions", [found.id for found in sessions.list(limit=2)], others[::-1] + [made.id])
    by_agent = [found.id for found in sessions.list(agent_id="agent_1")]
    checks.equal("list of an agent's sessions", by_agent, [made.id])
    oldest = [found.id for found in sessions.list(order="asc", limit=2)]
    checks.equal("list of sessions, oldest first", oldest, [made.id] + others)


def resources():
    session = sessions.create(agent="agent_1", environment_id="env_1").id
    calls = sessions.resources
    file = upload("b.txt", b"abc")
    add = lambda **more: calls.add(session, type="file", **{"file_id": file, **more})
    first = add()
    checks.equal("resource: default path", first.mount_path, f"/mnt/session/uploads/{file}")
    checks.equal("resource: kind", first.type, "file")
    second = add(mount_path="/b.txt")
    old = add(mount_path="/workspace/b.txt", extra_headers=OLD_RULES)
    checks.equal("resource: path of the beta's time", old.mount_path, "/workspace/b.txt")
    mounted = [first, second, old]
    checks.equal("list of resources", list(calls.list(session)), mounted)
    checks.equal("list of resources in pages", list(calls.list(session, limit=2)), mounted)
    checks.equal("resource is kept", calls.retrieve(second.id, session_id=session), second)
    checks.raises("mount of a path twice", "BadRequestError", lambda: add(mount_path="/b.txt"), status_code=400)
    checks.raises("mount at a relative path", "BadRequestError", lambda: add(mount_path="c.txt"), status_code=400)
    unknown = lambda: add(file_id="file_missing")
    checks.raises("mount of an unknown file", "NotFoundError", unknown, status_code=404)
    nowhere = lambda: calls.add("sesn_missing", type="file", file_id=file)
    checks.raises("mount in an unknown session", "NotFoundError", nowhere, status_code=404)
    alone = lambda: files.delete(first.file_id)
    checks.raises("delete of a copy alone", "BadRequestError", alone, status_code=400)
    gone = calls.delete(first.id, session_id=session)
    checks.equal("delete of a resource", (gone.id, gone.type), (first.id, "session_resource_deleted"))
    copy = lambda: files.retrieve_metadata(first.file_id)
    checks.raises("copy of a deleted resource", "NotFoundError", copy, status_code=404)
    again = lambda: calls.delete(first.id, session_id=session)
    checks.raises("delete of a deleted resource", "NotFoundError", again, status_code=404)
    for n in range(498):
        add(mount_path=f"/many/{n}")
    checks.raises("mount of file 501", "BadRequestError", lambda: add(mount_path="/more"), status_code=400)
    checks.equal("list of all resources", len(list(calls.list(session))), 500)
    checks.equal("files of a full session", len(list(scoped(session, limit=300))), 500)


def outputs():
    session = sessions.create(agent="agent_1", environment_id="env_1").id
    made = plant("report.md", b"# made\n", scope_id=session)
    (found,) = scoped(session)
    checks.equal("output of a session", (found.id, found.filename, found.downloadable), (made, "report.md", True))
    checks.equal("download of a session's output", files.download(made).read(), b"# made\n")
    tool = plant("plot.png", b"\x89PNG")
    checks.equal("output of code: type", files.retrieve_metadata(tool).mime_type, "image/png")
    checks.equal("download of an output of code", files.download(tool).read(), b"\x89PNG")
    file = upload("kept.txt")
    sessions.resources.add(session, type="file", file_id=file)
    gone = sessions.delete(session)
    checks.equal("delete of a session", (gone.id, gone.type), (session, "session_deleted"))
    checks.equal("files of a deleted session", [file.id for file in scoped(session)], [])
    checks.equal("an upload stays when its session goes", files.retrieve_metadata(file).id, file)
    checks.raises("a deleted session", "NotFoundError", lambda: sessions.retrieve(session), status_code=404)


creation()
resources()
outputs()
checks.finish()
