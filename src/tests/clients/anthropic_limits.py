"""What the Python client of the Anthropic API meets at a server with `--quota 10 --requests-per-minute 6`."""

import anthropic

from checks import Checks, plant

VERSION = anthropic.__version__
MAJOR = int(VERSION.split(".")[0])
QUOTA = "StorageQuotaExceededError" if MAJOR >= 2 else "BadRequestError"

checks = Checks(f"anthropic-{VERSION}")
client = anthropic.Anthropic(_strict_response_validation=True, max_retries=0)
files = client.beta.files if MAJOR == 0 else client.files


def upload(body):
    return lambda: files.upload(file=("a.txt", body, "text/plain"))


first = upload(b"12345678")()
checks.raises("upload over the quota", QUOTA, upload(b"123"), status_code=400)
checks.equal("upload up to the quota", upload(b"12")().size_bytes, 2)
plant("out.txt", b"12345678901")
checks.raises("upload when it is used up", QUOTA, upload(b"1"), status_code=400)
files.delete(first.id)
checks.equal("upload when there is room again", upload(b"1")().size_bytes, 1)
try:
    files.list()
except anthropic.RateLimitError as error:
    wait = int(error.response.headers["retry-after"])
    checks.that("request 7 of a minute is told when to come back", 1 <= wait <= 60, wait)
    checks.equal("kind of the refusal", error.body["error"]["type"], "rate_limit_error")
else:
    checks.that("request 7 of a minute is refused", False, "it was not")
checks.finish()
