"""HTTP to a server of models: JSON out, JSON back, with patience, and a key that is never shown."""

import json
import os
from typing import Any

import urllib3

from bias_transfer.io.errors import InputError, unknown

KEY = "BIAS_TRANSFER_API_KEY"
CONNECTIONS = 16
TIMEOUT = 120.0  # seconds without a byte
TRIES = 7
FIRST_WAIT = 0.5  # seconds, doubled from try to try, where the server names no time
LONGEST_WAIT = 120
BUSY = (429, 500, 502, 503, 504)
_URL = "is `labelling.url` right? It usually ends in /v1"
_KEPT = "`label` keeps what was answered before: run it again"


class Refusal(InputError):
    """The server is there, and does not do what it was asked."""


class Server:
    """A model by the name that a server of OpenAI's protocol gives it.

    A server that is busy, fails or cuts the connection is asked again, as late as it says
    (``Retry-After``), else after a pause that doubles. Redirects are not followed, so that the key
    goes nowhere else. Threads may share it.

    Raises
    ------
    InputError
        If the key in ``BIAS_TRANSFER_API_KEY`` is none.
    """

    def __init__(self, url: str, model: str) -> None:
        self.url, self.model = url, model
        self._key = _key()
        self._pool = urllib3.PoolManager(
            maxsize=CONNECTIONS,
            timeout=TIMEOUT,
            headers={"Authorization": f"Bearer {self._key}"} if self._key else None,
        )

    def check(self) -> None:
        """Ask for the list of models, where the server has one.

        Raises
        ------
        InputError
            If the server is out of reach, refuses the key, or has another model.
        """
        response = self._send("GET", "/models", None, connect=0)
        if response.status != 200:
            self._refuse_key(response)
            return
        models = _json(response).get("data")
        names = [str(one["id"]) for one in models] if isinstance(models, list) else []
        if names and self.model not in names:
            raise InputError(f"the server at {self.url}: {unknown('model', self.model, names)}")

    def complete(self, **body: Any) -> dict[str, Any]:
        """The one choice of an answer to ``/completions``.

        Raises
        ------
        Refusal
            If the server refuses these settings.
        InputError
            If it fails time and again, is out of reach, refuses the key, or answers with something
            else, of another model, or about another number of tokens than it was sent.
        """
        response = self._send("POST", "/completions", {"model": self.model} | body)
        if response.status != 200:
            self._refuse_key(response)
            raise self._failure(response)
        answer = _json(response)
        try:
            choice, model = dict(answer["choices"][0]), answer["model"]
            read = dict(answer.get("usage") or {}).get("prompt_tokens")
        except (KeyError, IndexError, TypeError, ValueError):
            raise InputError(
                f"the server at {self.url} answers, but not as /completions does: {_URL}"
            ) from None
        if model != self.model:
            raise InputError(
                f"the server at {self.url} was asked for model {self.model!r} and answers for "
                f"{model!r}: set the teacher's `model` to `endpoint:{model}` if that is meant"
            )
        if read not in (None, len(body["prompt"])):
            raise InputError(
                f"the server at {self.url} read {read} tokens where {len(body['prompt'])} were "
                "sent: it must add no token of its own, such as a second BOS"
            )
        return choice

    def _send(
        self, method: str, path: str, body: dict[str, Any] | None, connect: int | None = None
    ) -> urllib3.BaseHTTPResponse:
        retries = urllib3.Retry(
            total=TRIES - 1,
            connect=connect,
            read=3,
            redirect=False,
            allowed_methods=None,
            status_forcelist=BUSY,
            backoff_factor=FIRST_WAIT,
            backoff_max=LONGEST_WAIT,
            retry_after_max=LONGEST_WAIT,
            raise_on_status=False,
        )
        try:
            return self._pool.request(
                method, f"{self.url}{path}", json=body, retries=retries, redirect=False
            )
        except urllib3.exceptions.HTTPError as error:
            reason = getattr(error, "reason", None) or error
            if isinstance(reason, urllib3.exceptions.TimeoutError) and not isinstance(
                reason, urllib3.exceptions.NewConnectionError
            ):
                what = f"does not answer within {TIMEOUT:g} seconds, time and again"
            else:
                what = f"cannot be reached ({_one_line(str(reason))})"
            raise InputError(
                f"the server at {self.url} {what}: is it up, and `labelling.url` right? {_KEPT}"
            ) from None

    def _refuse_key(self, response: urllib3.BaseHTTPResponse) -> None:
        """What a server says of a key may hold a part of it, and is not shown."""
        if response.status in (401, 403):
            what = f"refuses the key in {KEY}" if self._key else f"wants a key: set {KEY}"
            raise InputError(f"the server at {self.url} {what} ({response.status})")

    def _failure(self, response: urllib3.BaseHTTPResponse) -> InputError:
        said = _one_line(_message(response))
        said = said.replace(self._key, "***") if self._key else said
        if response.status in BUSY:
            return InputError(
                f"the server at {self.url} still answers {response.status} after {TRIES} tries: "
                f"{said}; {_KEPT}"
            )
        if response.status == 404:
            return InputError(
                f"the server at {self.url} has no /completions of model {self.model!r} ({said}): "
                f"{_URL}"
            )
        return Refusal(f"the server at {self.url} answers {response.status}: {said}")


def _key() -> str:
    key = os.environ.get(KEY, "").strip()
    if not (key.isascii() and key.isprintable()):  # else an error of the HTTP library shows it
        raise InputError(f"the key in {KEY} holds characters that no key has: set it anew")
    return key


def _json(response: urllib3.BaseHTTPResponse) -> dict[str, Any]:
    """The answer's object, or an empty one for anything else."""
    try:
        found = json.loads(response.data)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def _message(response: urllib3.BaseHTTPResponse) -> str:
    """What the server says of its error, in any of the shapes in use."""
    found = _json(response)
    error = found.get("error", found.get("detail", found.get("message")))
    if isinstance(error, dict):
        error = error.get("message")
    return str(error or response.data.decode(errors="replace") or "it says nothing more")


def _one_line(text: str) -> str:
    return " ".join(text.split())[:300]
