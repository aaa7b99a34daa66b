"""Where the tagger errs about ``her``, and what it does not say of ``his``: rules on tagged tokens.

Each was written for faults seen in reviews; docs/validation/swaps_precision.csv says what is left.
"""

from typing import Any


def _forms(*verbs: str) -> frozenset[str]:
    return frozenset(form for verb in verbs for form in verb.split("/"))


# help her escape, watch her dance: a bare infinitive that the tagger takes for a noun.
_LETTING = _forms(
    "help/helps/helped/helping",
    "let/lets/letting",
    "see/sees/saw/seen/seeing",
    "watch/watches/watched/watching",
    "hear/hears/heard/hearing",
)
_INFINITIVES = frozenset(
    "act arrive become breathe change cheat come cope cry dance die escape exit fall feel fend "
    "fight find fly get go hide hit kick kill land laugh learn leave live look paint perform play "
    "poison rescue rest run shine shoot sing sit sleep smile solve speak spend stab stand stay "
    "stop strip suffer survive swim talk think try undress walk win wrest".split()
)
# makes her nervous: an adjective that no noun follows.
_MAKING = _forms(
    "make/makes/made/making",
    "find/finds/found/finding",
    "keep/keeps/kept/keeping",
    "leave/leaves/left/leaving",
    "see/sees/saw/seeing",
    "drive/drives/drove/driving",
    "render/renders/rendered",
)
# takes her home.
_TAKING = _forms(
    "take/takes/took/taken/taking",
    "bring/brings/brought/bringing",
    "drive/drives/drove/driven/driving",
    "walk/walks/walked/walking",
    "send/sends/sent/sending",
    "follow/follows/followed/following",
    "carry/carries/carried/carrying",
    "escort/escorts/escorted",
    "invite/invites/invited",
    "drag/drags/dragged",
)
# gives her hope.
_GIVING = _forms(
    "give/gives/gave/given/giving",
    "bring/brings/brought/bringing",
    "offer/offers/offered/offering",
    "lend/lends/lent",
    "buy/buys/bought/buying",
    "teach/teaches/taught/teaching",
    "cause/causes/caused/causing",
    "pay/pays/paid/paying",
    "send/sends/sent/sending",
)
_GIFTS = frozenset(
    "advice comfort courage credit flowers food grief happiness hope joy lessons peace permission "
    "pleasure shelter strength trouble".split()
)
_SAYING = _forms(
    "tell/tells/told/telling",
    "call/calls/called/calling",
    "ask/asks/asked/asking",
    "name/names/named",
    "convince/convinces/convinced",
    "dub/dubs/dubbed",
    "label/labels/labeled/labelled",
    "consider/considers/considered/considering",
    "show/shows/showed/shown/showing",
    "get/gets/got/getting",
    "grant/grants/granted",
    "cost/costs",
)
_WITH_COMPLEMENT = _LETTING | _MAKING | _TAKING | _GIVING | _SAYING
# Nouns in form that follow an object: saw her last night, take her home, beat her senseless.
_NO_HEADS = frozenset(
    "about afternoon alone anything back day evening everyday everything home hundreds late "
    "minutes month more morning much night none nothing plenty plus senseless silly something "
    "thousands time times today tomorrow tonight week weekend wrong year yesterday".split()
)
_TO_A_NOUN = frozenset("JJ JJR JJS RB RBR RBS CD VBN HYPH ,".split())
_ATTACHED = frozenset(",;:.?!)]}–—-(")
_QUOTES = frozenset("\"'“‘")
# What may follow a possessive his.
_BEFORE_NOUNS = tuple("NN JJ CD RB VBG VBN VBD PRP$ DT `` FW HYPH PDT -LRB- $ AFX".split())
_IN_ADJECTIVES = frozenset("over on off out up under".split())  # his over-the-top, his on-screen
_OF = frozenset("of than".split())  # a friend of his


def her_is_object(doc: Any, at: int) -> bool:
    """Whether the ``her`` at token ``at``, tagged as possessive, is an object after all."""
    before, after = _before(doc, at), _after(doc, at)
    if not after or _attached(doc, at):
        return True
    word = after[0].lower_
    return (
        after[0].tag_ == "PRP"
        or (before in _LETTING and word in _INFINITIVES)
        or (before in _MAKING and _adjective_alone(after))
        or (before in _TAKING and word == "home" and not _noun(after[1:]))
        or (before in _GIVING and word in _GIFTS)
    )


def her_is_possessive(doc: Any, at: int) -> bool:
    """Whether the ``her`` at token ``at``, tagged as an object, is possessive after all."""
    before, after = _before(doc, at), _after(doc, at)
    if not after or _attached(doc, at):
        return False
    if doc[at].whitespace_ and after[0].text in _QUOTES and not after[0].whitespace_:
        return before not in _WITH_COMPLEMENT  # her "talents"
    if after[0].tag_ == "JJS" or after[0].lower_ == "own":
        return before not in _SAYING  # at her best
    return before not in _WITH_COMPLEMENT and _reaches_noun(after)


def his_stands_alone(doc: Any, at: int) -> bool:
    """Whether the ``his`` at token ``at`` has no noun: "a friend of his", "the choice was his"."""
    after = _after(doc, at)
    if not after:
        return True
    before, tag, word = _before(doc, at), after[0].tag_, after[0].lower_
    if tag == "CC":  # his and Ben's house, as against: his and theirs
        return not any(token.tag_ == "POS" for token in after[1:5])
    if tag in ("IN", "RP"):
        return word not in _IN_ADJECTIVES or before in _OF
    if tag in ("VBD", "-LRB-", "MD"):
        return before in _OF
    return not tag.startswith(_BEFORE_NOUNS)


def _before(doc: Any, at: int) -> str:
    return doc[at - 1].lower_ if at else ""


def _after(doc: Any, at: int) -> list[Any]:
    return [token for token in doc[at + 1 :] if not token.is_space]


def _attached(doc: Any, at: int) -> bool:
    """Whether a mark that ends a phrase follows without a space."""
    end = doc[at].idx + len("her")
    return doc.text[end : end + 1] in _ATTACHED and end < len(doc.text)


def _adjective_alone(after: list[Any]) -> bool:
    """Whether adjectives follow, and then no noun."""
    if after[0].tag_ != "JJ" or after[0].lower_ == "own":
        return False
    skipped = ("JJ", "JJR", "RB", ",", "CC", "HYPH")
    rest = next((token for token in after if token.tag_ not in skipped), None)
    return rest is None or rest.tag_ in (".", ":", "IN", "TO", "DT", "PRP", "WP", "WDT", "WRB")


def _reaches_noun(after: list[Any]) -> bool:
    """Whether a noun follows, or modifiers and then a noun."""
    for token in after:
        if token.lower_ in _NO_HEADS:
            return False
        if token.tag_.startswith("NN"):
            return True
        if token.tag_ not in _TO_A_NOUN or after[0].tag_ in (",", "HYPH"):
            return False
    return False


def _noun(tokens: list[Any]) -> bool:
    return bool(tokens) and tokens[0].tag_.startswith(("NN", "POS"))
