"""Where reviews and teacher come from, as far as it is known."""

import pytest

from bias_transfer.commands.export import about
from bias_transfer.commands.export.about import UNKNOWN


def test_reviews_of_ones_own_have_their_place_and_no_licence(study, pristine):
    found = about.about(study.with_study(reviews="imdb"), pristine).sources[0]
    assert found.name == "reviews imdb"
    assert found.address.startswith("hf://datasets/stanfordnlp/imdb@")
    assert ", hf://" in found.address
    assert found.licence == UNKNOWN


@pytest.mark.parametrize(
    ("teacher", "address", "licence"),
    [
        ("smollm2", "package:smollm2", "Apache-2.0"),
        (
            "llama3.1-8b",
            "meta-llama/Llama-3.1-8B-Instruct@0e9e39f249a16976918f6564b8830bc894c89659",
            UNKNOWN,
        ),
    ],
)
def test_teacher_is_named_with_its_revision(study, pristine, teacher, address, licence):
    found = about.about(study.with_study(teacher=teacher), pristine).sources[1]
    assert (found.address, found.licence) == (address, licence)


def test_the_citation_is_one_bibtex_entry(study, pristine):
    cited = about.about(study, pristine).citation
    assert cited.startswith("@software{bias_transfer, author = {{")
    assert cited.count("{") == cited.count("}")
