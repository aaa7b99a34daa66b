"""Reviews written once about women and once about men, and the placebo that changes other words.

``wordlist`` reads the closed lists, ``matching`` finds their words in a text, ``tagger`` tells
ambiguous ones apart, ``edits`` keeps what was found as offsets and writes both versions,
``passages`` cuts a long review first, ``pairs`` makes a file for ``audit --corpus``, and
``held_out`` what a study is measured on.
"""
