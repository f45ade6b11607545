"""Finds methods by name, here and in other packages."""

import importlib
import logging
import pkgutil
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib.metadata import entry_points
from types import MappingProxyType, ModuleType

from ctseg.errors import UserError
from ctseg.methods.base.card import Card
from ctseg.methods.base.method import Method
from ctseg.weights import bytes_to_fetch, manifest

ENTRY_POINT_GROUP = "ctseg.methods"
METHOD_PACKAGES = ("classical", "networks", "sam", "own")


@dataclass(frozen=True)
class _Added:
    """Stands where a method's module does, for a method that was added while running."""

    load: Callable[[], Method]


_logger = logging.getLogger(__name__)
_loaded: dict[str, Method] = {}
_loading = threading.RLock()
"""A method may stand on others, which it loads while it is loaded itself."""


def _built_in_modules() -> list[ModuleType]:
    modules = []
    for folder in METHOD_PACKAGES:
        package = importlib.import_module(f"ctseg.methods.{folder}")
        names = (module.name for module in pkgutil.iter_modules(package.__path__) if not module.ispkg)
        modules += [importlib.import_module(f"{package.__name__}.{name}") for name in names]
    # By name, as every list of methods stands, whatever the folder.
    return sorted(modules, key=lambda module: module.__name__.rsplit(".", 1)[1])


def _outside_modules() -> list[ModuleType]:
    modules = []
    for point in entry_points(group=ENTRY_POINT_GROUP):
        try:
            modules.append(point.load())
        except Exception:  # another package's fault must not take the app down
            _logger.exception("The method package %s cannot be imported and is left out.", point.value)
    return modules


def _find() -> tuple[dict[str, Card], dict[str, ModuleType | _Added]]:
    cards: dict[str, Card] = {}
    modules: dict[str, ModuleType | _Added] = {}
    for module in _built_in_modules() + _outside_modules():
        for card in getattr(module, "CARDS", None) or [getattr(module, "CARD", None)]:
            if not isinstance(card, Card):
                continue
            if card.name in cards:
                _logger.warning("A second method named %s is left out.", card.name)
                continue
            cards[card.name] = card
            modules[card.name] = module
    return cards, modules


_cards, _modules = _find()

CARDS: Mapping[str, Card] = MappingProxyType(_cards)
"""Cards of all methods by name, planned ones included (``card.trained`` is False)."""

METHODS = CARDS
"""The name under which other code was told to import ``CARDS``."""


class MethodError(UserError):
    """There is no such method, or it cannot be run; the message is one sentence."""


def add(card: Card, loading: Callable[[], Method]) -> None:
    """Make a method known to this process, in place of an earlier one that was added under its name.

    Raises
    ------
    MethodError
        If a method that comes with ctseg or with another package has that name.
    """
    with _loading:
        if isinstance(_modules.get(card.name, _Added(loading)), ModuleType):
            raise MethodError(f"There is a method {card.name} already; choose another name.")
        if _cards.get(card.name) == card:
            return
        _cards[card.name], _modules[card.name] = card, _Added(loading)
        _loaded.pop(card.name, None)


def remove(name: str) -> None:
    """Forget a method that was added by :func:`add`; any other stays."""
    with _loading:
        if isinstance(_modules.get(name), _Added):
            del _cards[name], _modules[name]
            _loaded.pop(name, None)


def load(name: str) -> Method:
    """Return the method of this name, ready to segment; a second call returns the same object.

    Raises
    ------
    MethodError
        If there is no method of this name, or it is planned and not trained yet.
    """
    if name not in CARDS:
        raise MethodError(f"There is no method {name!r}; choose one of {', '.join(CARDS)}.")
    if not CARDS[name].trained:
        raise MethodError(f"The method {name} is not trained yet; choose another.")
    with _loading:
        if name not in _loaded:
            _loaded[name] = _modules[name].load()
        return _loaded[name]


def loaded() -> tuple[str, ...]:
    """Return the names of the methods that this process has in memory, in the order in which they came."""
    return tuple(_loaded)


def download_bytes(name: str) -> int | None:
    """Return how many bytes the method would fetch over the network at its first run; None if it is ready.

    A method module may answer by a function ``download_bytes()`` of its own; else the files its card names
    are looked up in the manifest. The card of another package may name files that only that package knows.
    """
    own = getattr(_modules[name], "download_bytes", None)
    if own is not None:
        wanted: int | None = own()
        return wanted
    known = manifest()
    return bytes_to_fetch(file for file in CARDS[name].weights if file in known)
