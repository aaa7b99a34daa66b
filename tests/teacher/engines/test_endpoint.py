"""A server's answers against the default engine's, whatever the server has, and when it has not."""

import shutil

import numpy as np
import pytest
import tiny_models
from completions_server import NAME, CompletionsServer, answers, cuts, waits

from bias_transfer.io.errors import InputError
from bias_transfer.teacher import labels, model
from bias_transfer.teacher.engines import endpoint, server
from bias_transfer.teacher.journal import Journal
from bias_transfer.teacher.scoring import Question

SECRET = "sk-0123456789-secret"  # noqa: S105 - it is nobody's
ONE, SEVERAL, ALIKE = (
    (" Negative", " Positive"),
    (" Neg", " Positive"),
    (" mixed up", " mixed in"),
)


@pytest.fixture(scope="module")
def running(tiny_llama):
    listening = CompletionsServer(tiny_llama)
    yield listening
    listening.close()


@pytest.fixture
def served(running, monkeypatch) -> CompletionsServer:
    """The server as it is in the beginning: it has echo and lists the likeliest tokens."""
    running.ways, running.shape, running.limit = {"echo", "listed"}, "text", 20
    running.key, running.model, running.models = None, NAME, [NAME]
    running.faults, running.asked, running.keys = [], [], []
    monkeypatch.delenv(server.KEY, raising=False)
    monkeypatch.setattr(server, "FIRST_WAIT", 0)
    return running


@pytest.fixture
def load(served, tiny_teacher, tiny_llama, labelling):
    def load(url: str | None = None, **changes):
        how = labelling.model_copy(update={"engine": "endpoint", "url": url or served.url})
        fields = {"model": f"endpoint:{NAME}", "tokenizer": str(tiny_llama)} | changes
        return model.load(tiny_teacher(**fields), None, how, "cpu")

    return load


@pytest.fixture(scope="module")
def texts(sentences) -> dict[str, str]:
    return {f"{i:016x}": text for i, text in enumerate([*sentences, "x", " ".join(sentences)])}


@pytest.fixture(scope="module")
def by_default(tiny_teacher, labelling, texts):
    """The default engine's answers."""
    return lambda **changes: scores(
        model.load(tiny_teacher(**changes), None, labelling, "cpu"), texts
    )


def scores(teacher, texts, done=()) -> dict[str, tuple[float, float, int]]:
    return {
        name: tuple(answer)
        for batch in teacher.score(texts, done)
        for name, answer in batch.items()
    }


def same(found, expected) -> None:
    assert list(found) == list(expected)
    np.testing.assert_allclose(list(found.values()), list(expected.values()), atol=1e-4, rtol=0)


@pytest.mark.parametrize("labels", [ONE, SEVERAL, ALIKE])
@pytest.mark.parametrize(
    ("ways", "shape", "way"),
    [
        ({"given", "echo", "listed"}, "ids", endpoint.Given),
        ({"echo", "listed"}, "text", endpoint.Echo),
        ({"listed"}, "ids", endpoint.Listed),
        ({"listed"}, "text", endpoint.Listed),
        ({"listed"}, "content", endpoint.Listed),
    ],
)
def test_answers_are_those_of_the_default_engine(
    served, load, texts, by_default, labels, ways, shape, way
):
    """One token each; of several; and of several that begin alike."""
    served.ways, served.shape, served.limit = ways, shape, 400
    if way is endpoint.Listed:  # every token, of which the tiny model's labels may be the last
        teacher = load(labels=labels)
        teacher.engine.way = endpoint.Listed(teacher.engine.way.names, 400)
    else:
        teacher = load(labels=labels)
    assert type(teacher.engine.way) is way
    in_order = dict(sorted(by_default(labels=labels).items()))
    same(scores(teacher, texts), in_order)


@pytest.mark.parametrize(("limit", "most"), [(400, 200), (20, 20), (5, 5)])
def test_longest_list_that_the_server_gives_is_asked_for(served, load, limit, most):
    served.ways, served.limit = {"listed"}, limit
    assert load().engine.way.most == most


@pytest.mark.parametrize("shape", ["ids", "text", "content"])
def test_label_outside_the_list_is_an_error(served, load, texts, shape):
    served.ways, served.shape = {"listed"}, shape
    teacher = load()
    teacher.engine.way = endpoint.Listed(teacher.engine.way.names, 1)
    with pytest.raises(InputError, match=r"1 likeliest tokens, and a label's \(' \w+tive'\) is"):
        scores(teacher, texts)


def test_label_whose_text_is_another_tokens_too_is_an_error():
    class Tokenizer:
        def __len__(self):
            return 3

        def batch_decode(self, ids):
            return ["Good", "Bad", "Good"]

    names = endpoint.Names(Tokenizer())
    assert names.of(1) == "Bad"
    with pytest.raises(InputError, match="several are 'Good'"):
        names.of(0)


@pytest.fixture(scope="module")
def tokenizer_with_chat(tiny_llama, tmp_path_factory) -> str:
    """The tiny Llama's tokenizer and a template that writes the BOS, without the weights."""
    folder = tmp_path_factory.mktemp("chat")
    for name in ("tokenizer.json", "tokenizer_config.json"):
        shutil.copy(tiny_llama / name, folder)
    template = "{{ bos_token }}{% for one in messages %}{{ one['content'] }}{% endfor %}"
    (folder / "chat_template.jinja").write_text(template)
    return str(folder)


@pytest.mark.parametrize("chat", [False, True])
@pytest.mark.parametrize("ways", [{"given", "listed"}, {"echo"}])
def test_prompt_begins_with_one_bos_whoever_writes_it(
    served, load, texts, tokenizer_with_chat, chat, ways
):
    """The tokenizer does, or the chat template; the server would write a second before a text."""
    served.ways, served.shape = ways, "ids"
    scores(load(tokenizer=tokenizer_with_chat, chat=chat), texts)
    bos = served.tokenizer.bos_token_id
    assert {body["prompt"][0] for body in served.asked} == {bos}
    assert {body["prompt"].count(bos) for body in served.asked} == {1}


def test_server_that_adds_a_token_is_an_error(served, load):
    said = {"model": NAME, "choices": [{}], "usage": {"prompt_tokens": 999}}
    served.faults = [answers(200, said)]
    with pytest.raises(InputError, match=r"read 999 tokens where .* were sent: .* second BOS"):
        load()


@pytest.mark.parametrize(
    "faults",
    [
        [answers(429, Retry_After="0"), answers(429)],
        [answers(500, b"a traceback")],
        [answers(503), answers(502)],
        [cuts],
        [cuts, answers(500), answers(429, Retry_After="0")],
    ],
    ids=["429", "500", "503", "cut", "all"],
)
def test_what_passes_is_asked_again(served, load, texts, by_default, faults):
    teacher = load()
    served.faults = list(faults)
    same(scores(teacher, texts), dict(sorted(by_default().items())))
    assert served.faults == []


def test_busy_server_says_how_long_to_wait(served, load, monkeypatch):
    waited = []
    monkeypatch.setattr("time.sleep", waited.append)
    teacher = load()
    served.faults = [answers(429, Retry_After="7"), answers(429, Retry_After="86400")]
    teacher.engine.way.answer(teacher.engine.server, [Question([0, 5], [7])])
    assert waited == [7, server.LONGEST_WAIT]


@pytest.mark.parametrize("status", [429, 500])
def test_server_that_stays_busy(served, load, status):
    served.faults = [answers(status, {"error": {"message": "no room"}})] * server.TRIES
    with pytest.raises(
        InputError,
        match=f"still answers {status} after {server.TRIES} tries: no room; `label` keeps",
    ):
        load()


def test_server_that_is_slow(served, load, monkeypatch):
    monkeypatch.setattr(server, "TIMEOUT", 0.05)
    served.faults = [waits] * 10
    with pytest.raises(InputError, match=r"does not answer within 0\.05 seconds, time and again"):
        load()


def test_connection_that_is_always_cut(served, load):
    served.faults = [cuts] * 10
    with pytest.raises(InputError, match=r"cannot be reached .*: is it up, and"):
        load()


def test_server_that_is_down(load, unused_port):
    with pytest.raises(InputError, match=f"127.0.0.1:{unused_port}.* cannot be reached .*refused"):
        load(f"http://127.0.0.1:{unused_port}/v1")


@pytest.fixture
def unused_port(tiny_llama) -> int:
    gone = CompletionsServer(tiny_llama)
    gone.close()
    return gone.server_port


@pytest.mark.parametrize(
    "body",
    [
        *(b"<html>sign in</html>", b"[]", {"error": "?"}, {"choices": []}, {"choices": [{}]}),
        {"model": NAME, "choices": [{}], "usage": "many"},
    ],
    ids=repr,
)
def test_answer_that_is_no_completion(served, load, body):
    served.faults = [answers(200, body)]
    with pytest.raises(InputError, match=r"not as /completions does: is `labelling\.url` right"):
        load()


def test_answer_without_log_probabilities(served, load):
    served.ways = set()
    with pytest.raises(
        InputError, match="answers without `logprobs`; no other way is left: it has neither"
    ):
        load()


@pytest.mark.parametrize(
    "logprobs",
    [[], {}, {"token_logprobs": None}, {"token_logprobs": ["a"] * 999, "top_logprobs": ["a"]}],
    ids=repr,
)
def test_log_probabilities_of_another_shape(served, load, logprobs):
    said = {"model": NAME, "choices": [{"logprobs": logprobs}]}
    served.faults = [answers(200, said)] * 10
    with pytest.raises(InputError, match="answers without `logprobs`; no other way is left"):
        load()


def test_settings_that_the_server_refuses_are_named_in_its_words(served, load):
    refused = answers(400, {"error": {"message": "prompt must be a string"}})
    served.faults = [refused] * 10
    with pytest.raises(InputError, match="answers 400: prompt must be a string; no other way"):
        load()


def test_log_probabilities_that_stop_coming(served, load, texts):
    teacher = load()
    served.ways = set()
    with pytest.raises(InputError, match="answers without `echo with logprobs`"):
        scores(teacher, texts)


def test_answer_for_another_model(served, load):
    served.model = "tiny-2"
    with pytest.raises(InputError, match=r"for model 'tiny' and answers for 'tiny-2'"):
        load()


def test_model_that_the_server_does_not_have(served, load):
    served.models = ["tinny"]
    with pytest.raises(InputError, match="unknown model 'tiny': did you mean 'tinny'"):
        load()


def test_address_that_has_no_completions(load, served):
    served.models, served.faults = None, [answers(404, {"detail": "Not Found"})]
    with pytest.raises(
        InputError,
        match=r"no /completions of model 'tiny' \(Not Found\): is `labelling\.url` right",
    ):
        load()


def test_server_without_a_list_of_models(served, load):
    served.models = None
    assert type(load().engine.way) is endpoint.Echo


def test_key_goes_with_every_request(served, load, texts, monkeypatch):
    served.key = SECRET
    monkeypatch.setenv(server.KEY, f" {SECRET}\n")
    scores(load(), texts)
    assert set(served.keys) == {f"Bearer {SECRET}"}


def test_key_that_is_missing(served, load):
    served.key = SECRET
    with pytest.raises(InputError, match=r"wants a key: set BIAS_TRANSFER_API_KEY \(401\)"):
        load()


def test_key_that_is_refused_is_not_shown(served, load, monkeypatch):
    served.key = "another"
    monkeypatch.setenv(server.KEY, SECRET)
    with pytest.raises(InputError, match=r"refuses the key in BIAS_TRANSFER_API_KEY") as error:
        load()
    assert SECRET not in str(error.value)


def test_key_that_the_server_repeats_is_not_shown(served, load, monkeypatch):
    monkeypatch.setenv(server.KEY, SECRET)
    served.faults = [answers(400, f"no such thing for {SECRET}".encode())] * 10
    with pytest.raises(InputError, match=r"no such thing for \*\*\*") as error:
        load()
    assert SECRET not in str(error.value)


@pytest.mark.parametrize("key", [f"{SECRET}\nX: y", f"{SECRET}é"])
def test_key_that_is_none_is_not_shown(served, load, monkeypatch, key):
    monkeypatch.setenv(server.KEY, key)
    with pytest.raises(InputError, match="holds characters that no key has") as error:
        load()
    assert SECRET not in str(error.value)


def test_key_does_not_follow_a_redirect(served, load, monkeypatch):
    monkeypatch.setenv(server.KEY, SECRET)
    served.faults = [answers(307, Location="http://127.0.0.1:9/v1/completions")] * 10
    with pytest.raises(InputError, match="answers 307"):
        load()


def test_only_what_is_not_done_is_asked(served, load, texts):
    teacher, names = load(), list(texts)
    served.asked.clear()
    assert list(scores(teacher, texts, names[::2])) == names[1::2]
    assert len(served.asked) == 2 * len(names[1::2])


def test_run_that_fails_half_way_goes_on_from_its_journal(
    served, load, texts, by_default, tmp_path, monkeypatch
):
    monkeypatch.setattr(endpoint, "BATCH", 2)
    monkeypatch.setattr(endpoint, "CONNECTIONS", 1)
    journal = Journal(tmp_path / "journal.jsonl", "ab" * 32)
    teacher = load()
    whole, answer = endpoint.Echo.answer, iter(range(100))

    def fails(way, server, asked):
        if next(answer) == 5:
            raise InputError("down")
        return whole(way, server, asked)

    monkeypatch.setattr(endpoint.Echo, "answer", fails)
    with pytest.raises(InputError, match="down"):
        labels.ask(texts, journal, lambda: teacher)
    assert list(journal.answers) == list(texts)[:4]
    assert labels.ask(texts, journal, lambda: teacher) == len(texts) - 4
    same(journal.answers, dict(sorted(by_default().items())))


def test_whole_sequences_are_asked_and_no_beginning_of_them():
    questions = [Question([0], [1, 2]), Question([0, 1], [3]), Question([0, 1, 3], [4])]
    assert endpoint.whole(questions) == [(0, 1, 3, 4), (0, 2)]


def test_engine_and_model_that_do_not_go_together(load, tiny_teacher, labelling, tiny_llama):
    with pytest.raises(InputError, match="engine endpoint runs no model"):
        load(model=str(tiny_llama), tokenizer=None)
    far = tiny_teacher(model="endpoint:tiny", tokenizer=str(tiny_llama))
    with pytest.raises(InputError, match=r"is a server's: set `labelling\.engine: endpoint`"):
        model.load(far, None, labelling, "cpu")


def test_chat_template_that_is_missing(load):
    with pytest.raises(InputError, match="chat_template"):
        load(chat=True)


def test_labels_are_those_of_the_tests_own_prompt(served, load):
    """The server read what the default engine reads: the prompt of tiny_models, text put in."""
    teacher = load()
    served.asked.clear()
    scores(teacher, {"00": "a film"})
    decoded = {served.tokenizer.decode(body["prompt"]) for body in served.asked}
    prompt = "<s>" + tiny_models.PROMPT.format(text="a film")
    assert decoded == {prompt + label for label in ONE}
