"""What an entry says about itself: text of strangers, brought into a form that can be shown anywhere."""

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import urlsplit

from ctseg.leaderboard.submissions import SubmissionError
from ctseg.methods.base.card import TRAINING_SAW

MAX_NAME = 40
MAX_LINK = 200
MAX_CONTACT = 200
_PUNCTUATION = frozenset(" .,()+-_")
_MAX_TYPED = 10 * MAX_NAME
_HOST = re.compile(r"(?=.{1,253}$)([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]([a-z0-9-]{0,61}[a-z0-9])?")
_REST = re.compile(r"[A-Za-z0-9._~/?#@!$&()*+,;=%:-]*")


@dataclass(frozen=True, kw_only=True)
class EntryDetails:
    """The checked details of an entry; make them with ``from_text``. None of them is ever used as a path.

    Attributes
    ----------
    name, family : at most 40 letters, digits and `` .,()+-_``, normalised (NFKC), a letter or digit first.
    link : https address of the code or paper, or "".
    saw : what training saw, keys of ``TRAINING_SAW``.
    contact : how the owner reaches the submitter; never part of a result.
    """

    name: str
    family: str
    link: str
    saw: tuple[str, ...]
    contact: str

    @classmethod
    def from_text(
        cls, *, name: str, family: str = "", link: str = "", saw: Iterable[str] = (), contact: str = ""
    ) -> "EntryDetails":
        """Check and normalise what was typed.

        Raises
        ------
        SubmissionError
            If something is missing, too long, or holds what may not be shown: one sentence.
        """
        if not name.strip():
            raise SubmissionError("The entry has no name; give the name of the method.")
        return cls(
            name=_plain_name(name, "name"),
            family=_plain_name(family, "family") if family.strip() else "not told",
            link=_https_link(link.strip()),
            saw=_known(saw),
            contact=_one_line(contact.strip()),
        )


def _plain_name(text: str, which: str) -> str:
    # Looked at before anything else is done with it; NFKC can make text eighteen times as long.
    if len(text) > _MAX_TYPED:
        raise SubmissionError(f"The {which} has {len(text)} characters; {MAX_NAME} is the most.")
    normal = " ".join(unicodedata.normalize("NFKC", text).split())
    if len(normal) > MAX_NAME:
        raise SubmissionError(f"The {which} has {len(normal)} characters; {MAX_NAME} is the most.")
    wrong = next((sign for sign in normal if not _allowed(sign)), None)
    if wrong is not None:
        raise SubmissionError(
            f"The {which} holds the character {_quoted(wrong)}; use letters, digits, spaces and "
            ". , ( ) + - _ only."
        )
    if not normal[0].isalnum():
        raise SubmissionError(f"The {which} begins with {normal[0]!r}; let a letter or a digit come first.")
    return normal


def _allowed(sign: str) -> bool:
    return sign in _PUNCTUATION or sign.isalpha() or sign.isdecimal()


def _quoted(sign: str) -> str:
    return repr(sign) if sign.isprintable() else f"U+{ord(sign):04X}"


def _https_link(text: str) -> str:
    if not text:
        return ""
    if len(text) > MAX_LINK:
        raise SubmissionError(f"The link has {len(text)} characters; {MAX_LINK} is the most.")
    if not text.lower().startswith("https://"):
        raise SubmissionError("The link must begin with https://; give the address of the code or paper.")
    rest = text[len("https://") :]
    host = re.split(r"[/?#]", rest, maxsplit=1)[0]
    try:
        agreed = urlsplit(text).netloc == host
    except ValueError:
        agreed = False
    if not (agreed and _HOST.fullmatch(host.lower()) and _REST.fullmatch(rest)):
        raise SubmissionError("The link is no plain web address; copy it from the browser's address bar.")
    return "https://" + host.lower() + rest[len(host) :]


def _known(saw: Iterable[str]) -> tuple[str, ...]:
    chosen = tuple(saw)
    if not set(chosen) <= TRAINING_SAW.keys():
        raise SubmissionError(f"What training saw must be chosen from {', '.join(TRAINING_SAW)}.")
    if "nothing" in chosen and len(set(chosen)) > 1:
        raise SubmissionError("Training saw either nothing or something; choose one of both.")
    return tuple(word for word in TRAINING_SAW if word in chosen)


def _one_line(text: str) -> str:
    if len(text) > MAX_CONTACT:
        raise SubmissionError(f"The contact has {len(text)} characters; {MAX_CONTACT} is the most.")
    if not text.isprintable():
        raise SubmissionError("The contact holds characters that cannot be seen; give an e-mail address.")
    return text
