"""A text's score depends on the text alone, and each network computes what it says, by hand."""

import numpy as np
import pytest
import torch
from torch.nn import functional

from bias_transfer.students.bow import BagOfWords
from bias_transfer.students.cnn import WordCnn
from bias_transfer.students.student import SCORING_TOKENS, build
from bias_transfer.students.tokenizer import PAD_ID

KINDS = ["bow", "cnn", "tiny_encoder", "tiny_distilbert"]
LONG = "film " * 200


def roughen(network: torch.nn.Module, seed: int = 0) -> None:
    """Weights and biases far from 0, as after training, so that whatever leaks into a score shows."""
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for parameter in network.parameters():
            parameter.copy_(torch.randn(parameter.shape, generator=generator) / 2)
        network.embedding.weight[PAD_ID] = 0


@pytest.fixture(scope="module", params=KINDS)
def student(request, tiny_student, sentences):
    built = build(tiny_student(request.param), sentences, seed=0)
    if request.param in ("bow", "cnn"):
        roughen(built.network)
    built.network.eval()
    return built


@torch.inference_mode()
def probabilities(student, texts: list[str], extra_padding: int = 0) -> np.ndarray:
    """Scores of one batch, padded by hand to its longest text and ``extra_padding`` more."""
    encoded = student.encode(texts)
    width = max(map(len, encoded)) + extra_padding
    ids = torch.tensor(
        [tokens.tolist() + [student.pad_id] * (width - len(tokens)) for tokens in encoded],
        dtype=torch.long,
    )
    mask = torch.tensor(
        [[1] * len(tokens) + [0] * (width - len(tokens)) for tokens in encoded], dtype=torch.long
    )
    return student.network(ids, mask).double().softmax(-1).numpy()


def test_texts_differ_in_score(student, sentences):
    """Else the tests below would pass for a network that looks at nothing."""
    assert np.ptp(student.predict_proba(sentences)[:, 1]) > 0.05


def test_score_is_the_same_alone_and_beside_a_much_longer_text(student, sentences):
    for text in sentences:
        alone = student.predict_proba([text])
        np.testing.assert_allclose(
            student.predict_proba([LONG, text])[1:], alone, atol=1e-6, rtol=0
        )
        np.testing.assert_allclose(
            probabilities(student, [LONG, text])[1:], alone, atol=1e-6, rtol=0
        )


@pytest.mark.parametrize("extra", [1, 2, 7, 30])
def test_score_is_the_same_with_any_amount_of_padding(student, sentences, extra):
    texts = [sentences[0], "film", "a film"]
    expected = student.predict_proba(texts)
    np.testing.assert_allclose(probabilities(student, texts, extra), expected, atol=1e-6, rtol=0)


def test_order_of_texts_does_not_matter(student, sentences):
    texts = [" ".join(text.split()[:n]) for text in sentences for n in range(1, 9)]
    order = np.random.default_rng(0).permutation(len(texts))
    shuffled = student.predict_proba([texts[i] for i in order])
    np.testing.assert_allclose(shuffled, student.predict_proba(texts)[order], atol=1e-6, rtol=0)


def test_more_texts_than_a_scoring_batch_are_all_scored_in_place(student, sentences):
    n_words = sum(len(text.split()) for text in sentences)
    texts = (sentences * (2 * SCORING_TOKENS // n_words))[:-1]
    scores = student.predict_proba(texts)
    once = student.predict_proba(sentences)
    expected = np.array([once[i % len(sentences)] for i in range(len(texts))])
    np.testing.assert_allclose(scores, expected, atol=1e-6, rtol=0)


@pytest.mark.parametrize("text", ["", "zebra", "123 !?", "Ω"])
def test_text_without_a_known_word_is_scored_the_same_everywhere(student, text):
    alone = student.predict_proba([text])
    assert np.isfinite(alone).all()
    np.testing.assert_allclose(
        student.predict_proba([LONG, text, "film"])[1:2], alone, atol=1e-6, rtol=0
    )
    np.testing.assert_allclose(
        probabilities(student, [text, "film"], 5)[:1], alone, atol=1e-6, rtol=0
    )


def test_dropout_is_off_when_scoring(student, sentences):
    student.network.train()
    first = student.predict_proba(sentences)
    student.network.train()
    np.testing.assert_array_equal(student.predict_proba(sentences), first)


def weights(module: torch.nn.Module) -> np.ndarray:
    return module.weight.detach().double().numpy()


def bias(module: torch.nn.Module) -> np.ndarray:
    return module.bias.detach().double().numpy()


@pytest.fixture
def bow() -> BagOfWords:
    network = BagOfWords(vocabulary=7, embedding_dim=3, dropout=0.5).eval()
    roughen(network)
    return network


@pytest.fixture
def cnn() -> WordCnn:
    network = WordCnn(
        vocabulary=7, embedding_dim=3, filter_widths=(1, 2, 4), filters=5, dropout=0.5
    ).eval()
    roughen(network)
    return network


def logits(network, ids: list[int], padding: int) -> np.ndarray:
    padded = torch.tensor([ids + [PAD_ID] * padding])
    mask = torch.tensor([[1] * len(ids) + [0] * padding])
    return network(padded, mask).detach().numpy()[0]


@pytest.mark.parametrize("padding", [1, 4])
@pytest.mark.parametrize("ids", [[2], [1, 5, 5, 3], [6, 2, 4, 1, 3], [1, 1]])
def test_bow_is_the_mean_of_embeddings_then_linear(bow, ids, padding):
    mean = sum(weights(bow.embedding)[i] for i in ids) / len(ids)
    expected = weights(bow.output) @ mean + bias(bow.output)
    np.testing.assert_allclose(logits(bow, ids, padding), expected, atol=1e-5)


def test_bow_of_no_words_is_the_bias(bow):
    np.testing.assert_allclose(logits(bow, [], 3), bias(bow.output), atol=1e-6)


def windows_by_hand(cnn: WordCnn, ids: list[int]) -> np.ndarray:
    """For each filter, the largest ReLU over windows that start on a word; past the end they read zeros."""
    embeddings = weights(cnn.embedding)
    pooled = []
    for convolution in cnn.convolutions:
        for weight, constant in zip(
            weights(convolution), bias(convolution), strict=True
        ):  # weight: (dim, width)
            best = 0.0
            for start in range(len(ids)):
                total = constant
                for offset, word in enumerate(ids[start : start + weight.shape[1]]):
                    total += weight[:, offset] @ embeddings[word]
                best = max(best, total)
            pooled.append(best)
    return np.array(pooled)


@pytest.mark.parametrize("padding", [1, 6])
@pytest.mark.parametrize("ids", [[2], [1, 5, 5, 3], [6, 2, 4, 1, 3, 3, 5, 2], [1, 1], []])
def test_cnn_is_the_largest_window_of_each_filter_then_linear(cnn, ids, padding):
    expected = weights(cnn.output) @ windows_by_hand(cnn, ids) + bias(cnn.output)
    np.testing.assert_allclose(logits(cnn, ids, padding), expected, atol=1e-5)


def test_cnn_reads_word_order_and_bow_does_not(cnn, bow):
    assert abs(logits(cnn, [2, 3, 4], 0) - logits(cnn, [4, 3, 2], 0)).max() > 0.01
    np.testing.assert_allclose(logits(bow, [2, 3, 4], 0), logits(bow, [4, 3, 2], 0), atol=1e-6)


def test_gradients_of_the_cnn_are_those_of_every_window():
    """Plain layers, all windows kept, in float64; texts shorter than a filter and without words included."""
    torch.manual_seed(0)
    network = WordCnn(20, 5, (2, 4), 3, 0.0).double()
    lengths = torch.tensor([7, 3, 1, 0])
    ids = torch.randint(1, 20, (4, 7))
    mask = (torch.arange(7) < lengths[:, None]).long()
    ids = ids * mask
    pull = torch.randn(4, 2, dtype=torch.float64)

    (network(ids, mask) * pull).sum().backward()
    found = [parameter.grad.clone() for parameter in network.parameters()]
    network.zero_grad()
    words = network.embedding(ids).transpose(1, 2)
    pooled = []
    for conv in network.convolutions:
        windows = conv(functional.pad(words, (0, conv.kernel_size[0] - 1))).relu()
        pooled.append(windows.masked_fill(mask.unsqueeze(1) == 0, 0).amax(-1))
    (network.output(torch.cat(pooled, 1)) * pull).sum().backward()
    for gradient, parameter in zip(found, network.parameters(), strict=True):
        assert gradient.abs().max() > 0
        torch.testing.assert_close(gradient, parameter.grad)


def test_gradients_of_the_bag_of_words_are_those_of_the_plain_mean():
    """In float64; a word that stands twice in a text and a text without words included."""
    torch.manual_seed(0)
    network = BagOfWords(9, 5, 0.0).double()
    ids = torch.tensor([[3, 4, 3, 8], [3, 1, PAD_ID, PAD_ID], [PAD_ID] * 4])
    mask = (ids != PAD_ID).long()
    pull = torch.randn(3, 2, dtype=torch.float64)

    (network(ids, mask) * pull).sum().backward()
    found = [parameter.grad.clone() for parameter in network.parameters()]
    network.zero_grad()
    mean = network.embedding(ids).sum(1) / mask.sum(1, keepdim=True).clamp(min=1)
    (network.output(mean) * pull).sum().backward()
    for gradient, parameter in zip(found, network.parameters(), strict=True):
        assert gradient.abs().max() > 0
        torch.testing.assert_close(gradient, parameter.grad)


@pytest.mark.parametrize(
    ("kind", "attention", "elsewhere"),
    [
        ("tiny_encoder", "attention_probs_dropout_prob", "hidden_dropout_prob"),
        ("tiny_distilbert", "attention_dropout", "dropout"),
    ],
)
def test_nothing_is_dropped_from_attention_and_elsewhere_as_before(
    kind, attention, elsewhere, tiny_student
):
    network = build(tiny_student(kind), [], seed=0).network
    assert getattr(network.model.config, attention) == 0
    assert getattr(network.model.config, elsewhere) == 0.1
    rates = {module.p for module in network.modules() if isinstance(module, torch.nn.Dropout)}
    assert 0.1 in rates
