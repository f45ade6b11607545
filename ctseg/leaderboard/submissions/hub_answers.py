"""What the Hub's answers mean: their status, and whether another try may go well."""

from huggingface_hub.errors import HfHubHTTPError

_WORTH_ANOTHER_TRY = {408, 409, 412, 429}


def status_of(error: BaseException) -> int | None:
    """Return the status that the Hub answered with, or None where no answer came."""
    response = error.response if isinstance(error, HfHubHTTPError) else None
    return None if response is None else int(response.status_code)


def may_pass(error: BaseException) -> bool:
    """Whether another try may go well: the line was cut, somebody else committed, or the Hub has a fault."""
    status = status_of(error)
    return status is None or status in _WORTH_ANOTHER_TRY or status >= 500
