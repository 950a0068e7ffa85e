#!/usr/bin/env python3
"""Writes UnicodeData.swift, FormData.swift and LetterData.swift in Sources/Text/Unicode: how the `tokenizers` library
classifies each scalar.

The library mixes Unicode versions (categories 8, normalization 9, lower-casing that of its compiler), so neither
Swift's own properties nor one version's data files give the same answers. The library itself is asked instead, scalar
by scalar; the result does not depend on the Unicode version of the Swift runtime either.

    pip install tokenizers==0.23.3
    python3 Tests/Golden/unicode_tables.py Sources/Text/Unicode/UnicodeData.swift Sources/Text/Unicode/FormData.swift \
        Sources/Text/Unicode/LetterData.swift

A file named - is not written.
"""
import sys
import unicodedata

import tokenizers
from tokenizers import normalizers, pre_tokenizers

SCALARS = [c for c in range(0x110000) if not 0xD800 <= c < 0xE000]


def runs(scalars):
    out = []
    for c in scalars:
        if out and out[-1][1] == c - 1:
            out[-1][1] = c
        else:
            out.append([c, c])
    return ["%X" % a if a == b else "%X-%X" % (a, b) for a, b in out]


def clean_classes():
    clean = normalizers.BertNormalizer(True, False, False, False)
    result = {c: clean.normalize_str(chr(c)) for c in SCALARS}
    assert all(t in ("", " ", chr(c)) for c, t in result.items())
    return [c for c in SCALARS if result[c] == ""]


def decompositions():
    nfd = normalizers.NFD()
    result = {c: nfd.normalize_str(chr(c)) for c in SCALARS if not 0xAC00 <= c < 0xD7A4}
    return {c: t for c, t in result.items() if t != chr(c)}


def nonspacing(decomposed):
    strip = normalizers.BertNormalizer(False, False, True, False)
    return [c for c in SCALARS if c not in decomposed and strip.normalize_str(chr(c)) == ""]


def combining_classes(decomposed):
    """By the order that NFD gives a scalar among marks whose class is known (and once assigned never changes)."""
    nfd = normalizers.NFD()
    last = "\u0345"  # alone in the highest class, 240

    def stays(mark, c):
        return mark == chr(c) or nfd.normalize_str("a" + mark + chr(c))[1] != chr(c)

    movable = [c for c in SCALARS if c not in decomposed and not 0xAC00 <= c < 0xD7A4 and not stays(last, c)]
    marks = {240: last}
    for c in movable:
        marks.setdefault(unicodedata.combining(chr(c)), chr(c))
    classes = sorted(k for k in marks if k)
    found = {c: max(k for k in classes if stays(marks[k], c)) for c in movable}
    found[ord(last)] = 240
    assert all(found[c] == unicodedata.combining(chr(c)) for c in found)
    out = []
    for c, k in sorted(found.items()):
        if out and out[-1][1] == c - 1 and out[-1][2] == k:
            out[-1][1] = c
        else:
            out.append([c, c, k])
    return ["%X:%X" % (a, k) if a == b else "%X-%X:%X" % (a, b, k) for a, b, k in out]


def decomposition_words(decomposed):
    """`from:to.to` or, where `from` is one more than the last, `to.to`."""
    words, last = [], None
    for c in sorted(decomposed):
        to = ".".join("%X" % ord(x) for x in decomposed[c])
        words.append(to if last == c - 1 else "%X:%s" % (c, to))
        last = c
    return words


def lowercase_words():
    """`first-last/step:to`: every step-th scalar moves by the distance from `first` to `to`."""
    lower = normalizers.BertNormalizer(False, False, False, True)
    result = {c: lower.normalize_str(chr(c)) for c in SCALARS}
    single = {c: ord(t) for c, t in result.items() if t != chr(c) and len(t) == 1}
    several = {c: t for c, t in result.items() if len(t) > 1}
    assert list(several) == [0x130] and several[0x130] == "i\u0307"  # the one special case; it stands in the code
    out = []
    for c, t in sorted(single.items()):
        if out:
            run = out[-1]
            step = c - run[1]
            if t - c == run[3] and step <= 2 and run[2] in (0, step):
                run[1], run[2] = c, step
                continue
        out.append([c, c, 0, t - c])
    return ["%X-%X/%X:%X" % (a, b, step or 1, a + d) for a, b, step, d in out]


def split_classes():
    bert = pre_tokenizers.BertPreTokenizer()
    spaces, punctuation = [], []
    for c in SCALARS:
        parts = len(bert.pre_tokenize_str("a" + chr(c) + "b"))
        if parts == 3:
            punctuation.append(c)
        elif parts == 2:
            spaces.append(c)
    return spaces, punctuation


def literal(name, comment, words):
    lines, line = [], ""
    for word in words:
        if len(line) + len(word) + 1 > 108:
            lines.append(line)
            line = ""
        line = (line + " " + word).strip()
    lines.append(line)
    text = " \\\n".join("        " + l for l in lines)
    return f'    /// {comment}\n    static let {name} = """\n{text}\n        """\n'


HEAD = "// Made by Tests/Golden/unicode_tables.py, which asked tokenizers " + tokenizers.__version__ \
    + " about every scalar; do not edit.\n\n"


def compatible(decomposed):
    nfkd = normalizers.NFKD()
    result = {c: nfkd.normalize_str(chr(c)) for c in SCALARS if not 0xAC00 <= c < 0xD7A4}
    return {c: t for c, t in result.items() if t != decomposed.get(c, chr(c))}


def write_forms(path):
    decomposed = decompositions()
    nfc, accents = normalizers.NFC(), normalizers.StripAccents()
    excluded = [c for c in decomposed if len(decomposed[c]) > 1 and nfc.normalize_str(chr(c)) != chr(c)]
    words = pre_tokenizers.Whitespace()
    digits = pre_tokenizers.Digits()
    parts = [
        literal("compatibility",
                "Full compatibility decompositions where they differ from the canonical ones; as in `UnicodeData`.",
                decomposition_words(compatible(decomposed))),
        literal("excluded", "Scalars that decompose into several and are never composed again.", runs(excluded)),
        literal("marks", "What `StripAccents` drops (categories Mn, Mc and Me).",
                runs([c for c in SCALARS if accents.normalize_str(chr(c)) == ""])),
        literal("words", "What belongs to a word (`\\w`) for the Whitespace pre-tokenizer.",
                runs([c for c in SCALARS if len(words.pre_tokenize_str("a" + chr(c) + "b")) == 1])),
        literal("numbers", "What the Digits pre-tokenizer takes for a digit.",
                runs([c for c in SCALARS if len(digits.pre_tokenize_str("a" + chr(c))) == 2])),
    ]
    with open(path, "w") as out:
        out.write(HEAD + "/// What the normal forms and the splitters by class need of each scalar; read by `FormTable`.\n"
                  + "enum FormData {\n" + "\n".join(parts) + "}\n")


def write_letters(path):
    """The classes of the byte-level pre-tokenizer's regular expression. Its \\p{N} is not the Digits pre-tokenizer's."""
    split = pre_tokenizers.ByteLevel(add_prefix_space=False)
    letters, numbers, others = ([c for c in SCALARS if len(split.pre_tokenize_str(first + chr(c))) == 1]
                                for first in "a1!")
    spaces = sorted(set(SCALARS) - set(letters) - set(numbers) - set(others))
    assert spaces == split_classes()[0]
    parts = [literal("letters", "`\\p{L}`", runs(letters)), literal("numbers", "`\\p{N}`", runs(numbers))]
    with open(path, "w") as out:
        out.write(HEAD + "/// The classes of scalars in the regular expression of byte-level tokenizers; read by `LetterTable`.\n"
                  + "enum LetterData {\n" + "\n".join(parts) + "}\n")


def main():
    decomposed = decompositions()
    spaces, punctuation = split_classes()
    parts = [
        literal("removed", "Scalars that `clean_text` drops: controls, formats, private use, U+FFFD.",
                runs(clean_classes())),
        literal("spaces", "White space.", runs(spaces)),
        literal("punctuation", "What the BERT pre-tokenizer isolates.", runs(punctuation)),
        literal("nonspacing", "Marks that `strip_accents` drops (category Mn).", runs(nonspacing(decomposed))),
        literal("combining", "Canonical combining classes other than 0: `first-last:class`.",
                combining_classes(decomposed)),
        literal("lowercase", "`first-last/step:to`, the lower case of `first`; the others lie as far from theirs.",
                lowercase_words()),
        literal("decompositions",
                "Full canonical decompositions but for Hangul: `from:to.to`, or `to.to` for the scalar after the last.",
                decomposition_words(decomposed)),
    ]
    with open(sys.argv[1], "w") as out:
        out.write(HEAD
                  + "/// What Hugging Face's `tokenizers` takes each scalar for, in hexadecimal; read by `ScalarTable`.\n"
                  + "enum UnicodeData {\n" + "\n".join(parts) + "}\n")


if sys.argv[1] != "-":
    main()
if sys.argv[2] != "-":
    write_forms(sys.argv[2])
if len(sys.argv) > 3 and sys.argv[3] != "-":
    write_letters(sys.argv[3])
