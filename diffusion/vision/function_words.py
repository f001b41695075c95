"""Function words of English and German: words that hold a sentence together and show nothing.

They are the closed classes of Universal Dependencies (universaldependencies.org/u/pos): articles
and other determiners, pronouns, conjunctions, prepositions, auxiliary verbs and particles. Left out
are those that change the picture: negations (`no`, `without`), numbers, and prepositions that say
where something is (`under`, `behind`), and those that also name things (`can`, `mine`). Pure.
"""

import re
from collections.abc import Sequence

_ENGLISH = """
a an the this that these those each every some any all both such
and or but nor so yet as if than because although though while whereas until unless whether
i me my myself you your yours yourself he him his himself she her hers herself it its itself
we us our ours ourselves they them their theirs themselves who whom whose which what
am is are was were be been being have has had having do does did doing would should could shall
of to for from with by at in on into onto via about there
"""

_GERMAN = """
der das dem des ein eine einen einem einer eines dieser diese dieses diesen diesem jener jene
jenes jeder jede jedes jeden jedem alle alles beide solche manche
und oder aber denn doch sondern sowie als wie wenn weil dass ob obwohl während damit bis
ich mich mir mein meine meinen meinem du dich dir dein deine er ihn ihm sie es ihr ihre ihren
ihrem wir uns unser unsere euch euer sein seinen seinem seiner sich wer wen wem wessen welche
welcher welches ist sind waren wäre wird werden wurde wurden habe haben hatte hatten
von vom zu zum zur für mit bei beim am an im in ins auf aus nach um durch
"""

ENGLISH, GERMAN = frozenset(_ENGLISH.split()), frozenset(_GERMAN.split())

AMBIGUOUS = frozenset(("also", "bin", "den", "die", "hat", "man", "seine", "war"))
"""German function words that are, or could be, other words in English, such as a fox's den."""

_NO_LETTERS = re.compile(r"[\W\d_]+")


def function_words(words: Sequence[str]) -> list[bool]:
    """Whether each word of a prompt is one. Case, punctuation and emphasis make no difference.

    A word that may be German counts only if the prompt has others that are clearly German.
    """
    bare = [_NO_LETTERS.sub("", word).lower() for word in words]
    is_german = any(word in GERMAN and word not in ENGLISH for word in bare)
    known = ENGLISH | GERMAN | (AMBIGUOUS if is_german else frozenset())
    return [word in known for word in bare]
