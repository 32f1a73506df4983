"""What the Python client of the Anthropic API makes of injected faults: which it repeats, and which errors it raises.

The server is started with FAULTS, in this order; each upload meets the next one.
"""

import anthropic

from checks import Checks

FAULTS = [
    "upload:quota",
    "upload:html",
    "upload:spend",
    "upload:400",
    "upload:529*2",
    "upload:pass",
    "upload:429+1",
    "upload:pass",
    "upload:500*3",
    "upload:409",
    "upload:pass",
    "upload:lose",
]

if __name__ == "__main__":
    version = anthropic.__version__
    major = int(version.split(".")[0])
    checks = Checks(f"anthropic-{version}")
    client = anthropic.Anthropic()
    files = client.beta.files if major == 0 else client.files

    def upload():
        return files.upload(file=("a.txt", b"abc", "text/plain"))

    quota = "StorageQuotaExceededError" if major >= 2 else "BadRequestError"
    checks.raises("fault: quota", quota, upload, status_code=400)
    large = "ContentTooLargeError" if major >= 2 else "RequestTooLargeError"
    checks.raises("fault: HTML of a proxy", large, upload, status_code=413)
    spend = "EnforcedSpendLimitReachedError" if major >= 2 else "RateLimitError"
    checks.raises("fault: spend limit is not repeated", spend, upload, status_code=429)
    checks.raises("fault: 400 is not repeated", "BadRequestError", upload, status_code=400)
    checks.equal("fault: 529 is repeated twice", upload().size_bytes, 3)
    checks.equal("fault: 429 is repeated", upload().size_bytes, 3)
    checks.raises("fault: 500 is repeated twice at most", "InternalServerError", upload, status_code=500)
    checks.equal("fault: 409 is repeated", upload().size_bytes, 3)
    checks.equal("fault: a lost answer is repeated", upload().size_bytes, 3)
    # Three that were stored once, and the one whose answer was lost: twice.
    checks.equal("fault: a lost answer stores a second file", len(list(files.list())), 5)
    checks.finish()
