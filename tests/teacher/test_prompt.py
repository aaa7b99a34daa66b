"""The seam between prompt and label, solved examples, a chat, and how a long text is cut."""

from bisect import bisect_left
from dataclasses import dataclass
from itertools import takewhile

import pandas as pd
import pytest
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, processors, trainers
from transformers import AutoTokenizer, PreTrainedTokenizerFast

from bias_transfer.corpora import text_id
from bias_transfer.io.errors import InputError
from bias_transfer.study import params
from bias_transfer.teacher.examples import Pool, Solved
from bias_transfer.teacher.prompt import Prompt, Query

CONTEXT = 512
START, UNKNOWN = "<s>", "<unk>"
CHAT = (
    "{{ bos_token }}{% for m in messages %}[{{ m.role }}]{{ m.content }}[end]{% endfor %}"
    "{% if add_generation_prompt %}[assistant]{% endif %}"
)
LONG = {
    "words": "word " * 300,
    "one word": "wonderful" * 80,
    "four-byte letters": "😀" * 80,
    "two-byte letters": "é" * 300,
    "newlines": "\n" * 300,
    "short": "x",
    "empty": "",
}


@dataclass(frozen=True)
class Shown:
    """A pool that shows everyone the same examples."""

    solved: list[Solved]

    def examples(self, name: str) -> list[Solved]:
        return self.solved


@pytest.fixture(scope="module")
def tokenizer(tiny_llama):
    return AutoTokenizer.from_pretrained(tiny_llama)


@pytest.fixture(scope="module")
def sentence_pieces(sentences):
    """As of Llama 2 and Mistral: a space belongs to the word behind it; one is added in front."""
    pieces = Tokenizer(models.BPE(unk_token=UNKNOWN))
    pieces.pre_tokenizer = pre_tokenizers.Metaspace(prepend_scheme="first")
    pieces.decoder = decoders.Metaspace(prepend_scheme="first")
    trainer = trainers.BpeTrainer(
        vocab_size=300, special_tokens=[UNKNOWN, START], show_progress=False
    )
    pieces.train_from_iterator(
        [f"Text: {text}\nSentiment: Negative Positive" for text in sentences], trainer
    )
    pieces.post_processor = processors.TemplateProcessing(
        single=f"{START} $A", special_tokens=[(START, 1)]
    )
    return PreTrainedTokenizerFast(tokenizer_object=pieces, bos_token=START, unk_token=UNKNOWN)


@pytest.fixture(scope="module")
def word_pieces(tiny_encoder):
    return AutoTokenizer.from_pretrained(tiny_encoder)


@pytest.fixture
def ask(tokenizer, tiny_teacher):
    """What is asked about one text, by a tiny teacher with some fields changed."""

    def query(text: str, tokenizer=tokenizer, pool=None, **changes) -> Query:
        return Prompt(tokenizer, tiny_teacher(**changes), pool).queries({text_id(text): text})[0]

    return query


def n_tokens(tokenizer, text: str) -> int:
    return len(tokenizer.encode(text, add_special_tokens=False))


def said(tokenizer, query: Query) -> str:
    return tokenizer.decode(query.context, skip_special_tokens=True)


@pytest.mark.parametrize("kind", ["tokenizer", "sentence_pieces", "word_pieces"])
@pytest.mark.parametrize(
    "labels", [(" Negative", " Positive"), ("Negative", "Positive"), (" dull film", " dull plot")]
)
@pytest.mark.parametrize(
    "prompt", ["Text: {text}\nSentiment:", "Text: {text}\nSentiment: ", "{text}"]
)
def test_context_and_label_are_prompt_and_label_tokenised_as_one_string(
    tiny_teacher, sentences, request, kind, labels, prompt
):
    """With a space before the seam, behind it, both and neither; with and without a last token."""
    tokenizer = request.getfixturevalue(kind)
    behind = 1 if kind == "word_pieces" else 0
    found = Prompt(tokenizer, tiny_teacher(prompt=prompt, labels=labels), None).queries(
        dict(enumerate(sentences))
    )
    for text, query in zip(sentences, found, strict=True):
        strings = [prompt.replace("{text}", text) + label for label in ("", *labels)]
        alone, *whole = (ids[: len(ids) - behind] for ids in map(tokenizer.encode, strings))
        assert [query.context + ids for ids in query.labels] == whole
        columns = takewhile(lambda column: len(set(column)) == 1, zip(alone, *whole, strict=False))
        assert query.context == [column[0] for column in columns]
        assert query.n_cut == 0


def test_space_that_ends_the_prompt_goes_to_the_label(ask, tokenizer):
    """As in the original study, where "Sentiment: " and "Negative" were tokenised apart."""
    query = ask("a film", prompt="Text: {text}\nSentiment: ", labels=("Negative", "Positive"))
    assert [tokenizer.convert_ids_to_tokens(ids) for ids in query.labels] == [
        ["ĠNegative"],
        ["ĠPositive"],
    ]
    assert query == ask("a film", prompt="Text: {text}\nSentiment:")


def test_label_has_as_many_tokens_as_it_needs(ask, tokenizer):
    query = ask("a film", labels=(" Positive film", " wonderful lovely warm"))
    tokens = [tokenizer.convert_ids_to_tokens(ids) for ids in query.labels]
    assert tokens[0] == ["ĠPositive", "Ġfilm"]
    assert len(tokens[1]) >= 3
    assert "".join(tokens[1]) == "ĠwonderfulĠlovelyĠwarm"


def test_first_token_that_labels_share_is_theirs_and_not_the_prompts(ask, tokenizer):
    labels = ask("a film", labels=(" Positive film", " Positive plot")).labels
    assert [tokenizer.convert_ids_to_tokens(ids)[0] for ids in labels] == ["ĠPositive", "ĠPositive"]


def test_special_tokens_stand_once_at_the_start(ask, tokenizer):
    ids = ask("a warm film").context
    assert ids[0] == tokenizer.bos_token_id
    assert ids.count(tokenizer.bos_token_id) == 1


def test_token_that_ends_every_text_does_not_stand_between_prompt_and_label(ask, word_pieces):
    query = ask("that film", word_pieces, prompt="{text}", labels=(" film", " that"))
    assert word_pieces.convert_ids_to_tokens(query.context) == ["[CLS]", "that", "film"]
    assert [word_pieces.convert_ids_to_tokens(ids) for ids in query.labels] == [["film"], ["that"]]


@pytest.mark.parametrize(
    "labels", [(" Positive", " Positive film"), (" Positive film", " Positive")]
)
def test_label_that_begins_with_the_other_is_refused(ask, labels):
    """Whatever is said after the longer one, the shorter one has been said as well."""
    with pytest.raises(InputError, match="begins with the other"):
        ask("a film", labels=labels)


def test_two_words_that_are_the_same_unknown_token_are_refused(ask, word_pieces):
    """A vocabulary with an unknown word gives every unknown label the same id."""
    with pytest.raises(InputError, match="same tokens"):
        ask("film", word_pieces, labels=(" Ω", " Ψ"))


@pytest.mark.parametrize("labels", [("\x01", " film"), (" film", "\x01")])
def test_label_that_adds_no_token_is_refused(ask, word_pieces, labels):
    """A control character, which BERT's tokenizers drop."""
    with pytest.raises(InputError, match="adds no token"):
        ask("film", word_pieces, labels=labels)


def test_prompt_without_a_token_before_the_label_is_refused(ask):
    """Where the tokenizer puts none at the start: another text's tokens would be read instead."""
    bare = Tokenizer(models.WordLevel({UNKNOWN: 0, "film": 1, "plot": 2}, unk_token=UNKNOWN))
    bare.pre_tokenizer = pre_tokenizers.Whitespace()
    tokenizer = PreTrainedTokenizerFast(tokenizer_object=bare, unk_token=UNKNOWN)
    assert ask("film", tokenizer, prompt="{text}", labels=(" film", " plot")).context == [1]
    with pytest.raises(InputError, match="no token"):
        ask("", tokenizer, prompt="{text}", labels=(" film", " plot"))


def test_examples_repeat_the_last_paragraph_with_their_labels_in_the_order_given(ask, tokenizer):
    pool = Shown(
        [Solved("a", "a dull plot", 0), Solved("b", "a warm film", 1), Solved("c", "no sense", 0)]
    )
    query = ask("so funny", pool=pool, prompt="Classify.\n\nThe text.\n\nText: {text}\nSentiment:")
    assert said(tokenizer, query) == (
        "Classify.\n\nThe text.\n\n"
        "Text: a dull plot\nSentiment: Negative\n\n"
        "Text: a warm film\nSentiment: Positive\n\n"
        "Text: no sense\nSentiment: Negative\n\n"
        "Text: so funny\nSentiment:"
    )
    assert [tokenizer.decode(ids) for ids in query.labels] == [" Negative", " Positive"]


@pytest.mark.parametrize("prompt", ["Text: {text}\nSentiment:", "Text: {text}\n\nSentiment:"])
def test_prompt_without_a_blank_line_before_the_text_is_repeated_whole(ask, tokenizer, prompt):
    query = ask("so funny", pool=Shown([Solved("b", "a warm film", 1)]), prompt=prompt)
    first, last = (prompt.replace("{text}", text) for text in ("a warm film", "so funny"))
    assert said(tokenizer, query) == f"{first} Positive\n\n{last}"


def test_long_example_is_cut_as_a_text_is(ask, tokenizer, sentences, cut):
    long = " ".join(sentences)
    query = ask(
        "so funny", pool=Shown([Solved("b", long, 1)]), prompt="Text: {text}\nS:", max_text_tokens=8
    )
    assert (
        said(tokenizer, query)
        == f"Text: {cut(tokenizer, long, 8)}\nS: Positive\n\nText: so funny\nS:"
    )
    assert query.n_cut == 0  # of the text itself


@pytest.fixture
def chat(tiny_llama):
    tokenizer = AutoTokenizer.from_pretrained(tiny_llama)
    tokenizer.chat_template = CHAT
    return tokenizer


def test_chat_is_the_models_own_template_with_its_special_tokens_once(ask, chat):
    query = ask("a film", chat, chat=True)
    rendered = (
        "[user]Please classify the sentiment of the following texts as either Negative or "
        "Positive.\n\n"
        "Text: a film\nSentiment:[end][assistant]"
    )
    assert chat.decode(query.context) == f"<s>{rendered}"
    assert query.context.count(chat.bos_token_id) == 1
    # A turn does not begin with a space.
    whole = [chat.encode(rendered + label) for label in ("Negative", "Positive")]
    assert [query.context + ids for ids in query.labels] == whole


def test_examples_in_a_chat_are_turns(ask, chat):
    pool = Shown([Solved("a", "a dull plot", 0), Solved("b", "a warm film", 1)])
    query = ask(
        "so funny", chat, pool=pool, chat=True, prompt="Classify.\n\nText: {text}\nSentiment:"
    )
    assert said(chat, query) == (
        "[user]Classify.\n\nText: a dull plot\nSentiment:[end][assistant]Negative[end]"
        "[user]Text: a warm film\nSentiment:[end][assistant]Positive[end]"
        "[user]Text: so funny\nSentiment:[end][assistant]"
    )


def test_text_at_the_limit_is_left_alone(ask, tokenizer, sentences):
    text = " ".join(sentences)
    limit = n_tokens(tokenizer, text)
    whole = ask(text, max_text_tokens=limit)
    assert f"Text: {text}\n" in said(tokenizer, whole)
    assert whole.n_cut == 0
    assert ask(text, max_text_tokens=limit - 1).n_cut == 1


@pytest.mark.parametrize("limit", [2, 7, 20])
def test_long_text_keeps_its_head_and_its_tail(ask, tokenizer, sentences, limit):
    text = " ".join(sentences)
    query = ask(text, max_text_tokens=limit, prompt="{text}\nSentiment:")
    head, tail = said(tokenizer, query).removesuffix("\nSentiment:").split(" ... ")
    assert text.startswith(head)
    assert text.endswith(tail)
    assert n_tokens(tokenizer, head) == limit // 2
    offsets = tokenizer(text, add_special_tokens=False, return_offsets_mapping=True)[
        "offset_mapping"
    ]
    assert tail == text[offsets[-(limit - limit // 2)][0] :]
    assert query.n_cut == len(offsets) - limit


def test_limit_of_one_token_cuts_too(ask, tokenizer, sentences):
    text = " ".join(sentences)
    query = ask(text, max_text_tokens=1)
    assert len(said(tokenizer, query)) < len(text)
    assert query.n_cut == n_tokens(tokenizer, text) - 1


def smallest_context(prompt: Prompt) -> int:
    def is_enough(context: int) -> bool:
        try:
            prompt.check(context)
        except InputError:
            return False
        return True

    return bisect_left(range(10_000), True, key=is_enough)


def longest(prompt: Prompt, texts: dict[str, str]) -> int:
    return max(len(query.context) + max(map(len, query.labels)) for query in prompt.queries(texts))


@pytest.mark.parametrize("limit", [2, 10, 21])
@pytest.mark.parametrize("text", LONG.values(), ids=LONG)
def test_no_prompt_exceeds_the_context_that_was_checked(tokenizer, tiny_teacher, text, limit):
    prompt = Prompt(tokenizer, tiny_teacher(max_text_tokens=limit), None)
    assert longest(prompt, {"": text}) <= smallest_context(prompt)


@pytest.fixture
def with_examples(tokenizer, tiny_teacher):
    """A prompt with some random examples, drawn from short and long reviews of each class."""

    def build(text: str, shots: int, limit: int) -> tuple[Prompt, pd.DataFrame]:
        drawn = [x for i in range(4) for x in (f"{i}", f"{i} {text}", f"{text} {i}")]
        train = pd.DataFrame(
            {"id": map(text_id, drawn), "text": drawn, "label": [i // 6 for i in range(12)]}
        )
        examples = params.Examples(count=shots, choice="random", seed=0)
        teacher = tiny_teacher(max_text_tokens=limit, examples=examples)
        return Prompt(tokenizer, teacher, Pool(train, examples)), train

    return build


@pytest.mark.parametrize("shots", [1, 4])
@pytest.mark.parametrize("text", LONG.values(), ids=LONG)
def test_no_prompt_with_examples_exceeds_the_context_that_was_checked(with_examples, text, shots):
    prompt, train = with_examples(text, shots, limit=10)
    assert longest(prompt, dict(zip(train["id"], train["text"], strict=True))) <= smallest_context(
        prompt
    )


def test_examples_count_once_against_the_context(with_examples):
    """Else a prompt is refused that would fit: 16 tokens per text are for what a cut may add."""
    prompt, train = with_examples(LONG["words"], 4, limit=30)
    needed = longest(prompt, dict(zip(train["id"], train["text"], strict=True)))
    assert smallest_context(prompt) <= needed + 5 * 16


def test_prompt_too_long_for_the_context_is_refused(tokenizer, tiny_teacher):
    Prompt(tokenizer, tiny_teacher(max_text_tokens=300), None).check(CONTEXT)
    with pytest.raises(InputError, match="context of 512: lower max_text_tokens"):
        Prompt(tokenizer, tiny_teacher(max_text_tokens=CONTEXT), None).check(CONTEXT)


def test_model_that_names_no_context_takes_any_prompt(tokenizer, tiny_teacher):
    Prompt(tokenizer, tiny_teacher(max_text_tokens=10**6), None).check(None)


@pytest.mark.parametrize("text", ["{x}", "{text}", "{0} and {", "100 % {}", r"\n{text!r}"])
def test_braces_in_a_text_and_in_an_example_survive(ask, tokenizer, text):
    query = ask(text, pool=Shown([Solved("a", text, 0)]), prompt="Say.\n\nText: {text}\nSentiment:")
    assert (
        said(tokenizer, query)
        == f"Say.\n\nText: {text}\nSentiment: Negative\n\nText: {text}\nSentiment:"
    )


def test_braces_in_the_prompt_survive(ask, tokenizer):
    query = ask("a {warm} film", prompt='{"task": {}}\nText: {text}\nSentiment:')
    assert said(tokenizer, query) == '{"task": {}}\nText: a {warm} film\nSentiment:'
