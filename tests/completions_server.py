"""A real HTTP server with OpenAI's /completions, which answers from a causal language model.

It can be told to be one of several kinds of server, and to fail in the ways that servers do.
"""

import json
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import torch
from transformers import AutoModelForCausalLM, AutoTokenizer

NAME = "tiny"
LIMIT = 20  # of the list of likeliest tokens, as vLLM's


class CompletionsServer(ThreadingHTTPServer):
    """Listens on a free port of this machine until it is closed.

    Attributes
    ----------
    ways
        What it has: ``given`` (``logprob_token_ids``), ``echo``, ``listed``. Without ``listed``, it
        answers without log-probabilities.
    shape
        How it lists tokens: ``ids`` (``token_id:5``), ``text``, or llama.cpp's ``content``.
    faults
        Each is a function of a handler, and answers one request to /completions instead.
    key, model, models, limit
        The key that it wants; whom it answers for; whom it lists, or None; its longest list.
    asked
        The body of every request that was answered.
    """

    daemon_threads = True

    def __init__(self, folder: Path) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.network = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32).eval()
        self.tokenizer = AutoTokenizer.from_pretrained(folder)
        self.ways = {"echo", "listed"}
        self.shape = "text"
        self.faults: list[Callable[[_Handler], None]] = []
        self.key: str | None = None
        self.model = NAME
        self.models: list[str] | None = [NAME]
        self.limit = LIMIT
        self.asked: list[dict[str, Any]] = []
        self.keys: list[str | None] = []
        self.lock = threading.Lock()
        self.closing = threading.Event()
        threading.Thread(target=self.serve_forever, args=(0.01,), daemon=True).start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/v1"

    def close(self) -> None:
        self.closing.set()
        self.shutdown()
        self.server_close()

    def log_probabilities(self, ids: list[int]) -> torch.Tensor:
        """Of every token behind each of ``ids``: shape (ids, vocabulary)."""
        with torch.inference_mode():
            return self.network(input_ids=torch.tensor([ids])).logits[0].log_softmax(-1)

    def handle_error(self, request, client_address) -> None:
        """Clients that hang up are part of the tests."""


class _Handler(BaseHTTPRequestHandler):
    server: CompletionsServer
    protocol_version = "HTTP/1.1"

    def log_message(self, *_: Any) -> None:
        pass

    def do_GET(self) -> None:
        self.server.keys.append(self.headers["Authorization"])
        if self._may_enter():
            if self.server.models is None:
                self.reply(404, {"detail": "Not Found"})
            else:
                self.reply(200, {"data": [{"id": name} for name in self.server.models]})

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.server.keys.append(self.headers["Authorization"])
        with self.server.lock:
            fault = self.server.faults.pop(0) if self.server.faults else None
        if fault:
            fault(self)
        elif self._may_enter():
            with self.server.lock:
                self.server.asked.append(body)
                self._complete(body)

    def reply(self, status: int, body: Any, **headers: str) -> None:
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def _may_enter(self) -> bool:
        key = self.server.key
        if key and self.headers["Authorization"] != f"Bearer {key}":
            said = f"Incorrect API key: {self.headers['Authorization']}"
            self.reply(401, {"error": {"message": said}})
            return False
        return True

    def _complete(self, body: dict[str, Any]) -> None:
        server = self.server
        ids = body["prompt"]
        if isinstance(ids, str):  # as servers do: with the tokens that the tokenizer adds
            ids = server.tokenizer(ids)["input_ids"]
        if body.get("logprobs", 0) > server.limit:
            self.reply(400, {"error": {"message": f"at most {server.limit} logprobs"}})
            return
        values = server.log_probabilities(ids)
        logprobs = self._logprobs(body, ids, values) if server.ways else None
        answer = {
            "model": server.model,
            "choices": [{"index": 0, "text": "?", "logprobs": logprobs}],
            "usage": {"prompt_tokens": len(ids)},
        }
        self.reply(200, answer)

    def _logprobs(self, body: dict[str, Any], ids: list[int], values: torch.Tensor) -> dict:
        echo = body.get("echo", False) and "echo" in self.server.ways
        top = self._top(body, values[-1]) if "listed" in self.server.ways else {}
        if self.server.shape == "content":
            listed = [
                {"id": token, "token": self._text(token), "logprob": value}
                for token, value in top.items()
            ]
            return {"content": [{"top_logprobs": listed}]}
        write = "token_id:{}".format if self.server.shape == "ids" else self._text
        read = [values[place, token].item() for place, token in enumerate(ids[1:])] if echo else []
        before: list[None] = [None] * len(ids) if echo else []
        return {
            "token_logprobs": [*before[:1], *read, values[-1].max().item()],
            "top_logprobs": [*before, {write(token): value for token, value in top.items()}],
        }

    def _top(self, body: dict[str, Any], values: torch.Tensor) -> dict[int, float]:
        if "given" in self.server.ways and body.get("logprob_token_ids"):
            tokens = body["logprob_token_ids"]
        else:
            tokens = values.topk(body["logprobs"]).indices.tolist()
        return {token: values[token].item() for token in tokens}

    def _text(self, token: int) -> str:
        return self.server.tokenizer.decode([token])


def answers(status: int, body: Any = b"", **headers: str) -> Callable[[_Handler], None]:
    """A fault: this status, body and headers."""
    return lambda handler: handler.reply(status, body, **headers)


def cuts(handler: _Handler) -> None:
    """A fault: the connection ends in the middle of an answer."""
    handler.send_response(200)
    handler.send_header("Content-Length", "1000")
    handler.end_headers()
    handler.wfile.write(b'{"model":')
    handler.close_connection = True


def waits(handler: _Handler) -> None:
    """A fault: nothing comes, until the server is closed."""
    handler.server.closing.wait()
    handler.close_connection = True
