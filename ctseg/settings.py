"""Every environment variable of this project, with its default and what it does, and the folders they name.

Only this module reads ``CTSEG_*``. ``docs/settings.md`` is made from the list by ``make docs``.
"""

import os
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, kw_only=True)
class Setting:
    """One environment variable; it is read anew at each call.

    Attributes
    ----------
    name : of the variable; ``<NAME>`` in it stands for a part that differs
    default : text that counts where the variable is not set, or is empty
    about : what it does, one line for the docs
    unset : what happens by default, in words, where ``default`` itself says too little
    """

    name: str
    default: str = ""
    about: str
    unset: str = ""

    def text(self) -> str:
        """Return the value as text."""
        return os.environ.get(self.name) or self.default

    def folder(self) -> Path | None:
        """Return the folder or file that is named, or None."""
        named = self.text()
        return Path(named) if named else None

    def folders(self) -> list[Path]:
        """Return the folders that are named, apart as in ``PATH``."""
        return [Path(each) for each in self.text().split(os.pathsep) if each]

    def number(self) -> float:
        """Return the value as a number that is not negative; any other text counts as not set."""
        try:
            value = float(self.text())
        except ValueError:
            return float(self.default)
        return value if 0 <= value < float("inf") else float(self.default)


DATA = Setting(
    name="CTSEG_DATA",
    about="Folder with the datasets that are not part of ctseg, such as `ct-fewshot`.",
    unset="their boards and recipes cannot run",
)
CACHE = Setting(
    name="CTSEG_CACHE",
    about="Folder for what can be made again: phantom slices, downloads of boards, unfinished evaluations, "
    "locks of those that run.",
    unset="`ctseg` in the user's cache folder (`XDG_CACHE_HOME` or `~/.cache`)",
)
STORE = Setting(
    name="CTSEG_STORE",
    about="Folder that keeps submissions, owners' boards and what was hidden or closed.",
    unset="`ctseg/leaderboard` in the user's data folder (`XDG_DATA_HOME` or `~/.local/share`)",
)
STORE_MB = Setting(
    name="CTSEG_STORE_MB",
    default="4096",
    about="Size of that folder in MB (2^20 bytes); an entry that does not fit is refused.",
)
LEADERBOARD = Setting(
    name="CTSEG_LEADERBOARD",
    about="Folder with our own results.",
    unset="the `leaderboard` that comes with ctseg",
)
SUBMISSIONS_REPO = Setting(
    name="CTSEG_SUBMISSIONS_REPO",
    about="On a Space: the private dataset on the Hub (`owner/name`) that keeps submissions.",
    unset="a Space takes no submissions",
)
REQUIRE_LOGIN = Setting(
    name="CTSEG_REQUIRE_LOGIN",
    about="Any text: boards with kept labels take entries only from users who are logged in, on a Space.",
    unset="without a login all visitors share one quota",
)
BOARD_SEED = Setting(
    name="CTSEG_BOARD_SEED",
    about="The secret that draws `phantom-sealed`, from `ctseg board create`.",
    unset="the board cannot score",
)
BOARD_FOLDER = Setting(
    name="CTSEG_BOARD_FOLDER_<NAME>",
    about="Folder with the images and labels of an owner's sealed board; `-` in its name becomes `_`.",
    unset="the board cannot score",
)
WEIGHTS = Setting(
    name="CTSEG_WEIGHTS",
    default="embedded",
    about="`embedded`: the files that come with ctseg, else the Hub's; `hub`: only what the Hub publishes.",
)
WEIGHTS_FOLDER = Setting(
    name="CTSEG_WEIGHTS_FOLDER",
    about="Folder with `manifest.toml` and the embedded weights.",
    unset="the `weights` that come with ctseg",
)
HUB_OWNER = Setting(
    name="CTSEG_HUB_OWNER",
    about="Account on the Hub that publishes the weights.",
    unset="`owner` in the manifest",
)
SAM_VIT_B_FILE = Setting(
    name="CTSEG_SAM_VIT_B_FILE",
    about="Meta's checkpoint of `sam-vit-b`, where it is on this computer already.",
    unset="it is fetched",
)
SAM_VIT_B_REPO = Setting(
    name="CTSEG_SAM_VIT_B_REPO",
    about="Repository on the Hub to fetch that checkpoint from.",
    unset="the manifest's",
)
SAM_VIT_B_REVISION = Setting(
    name="CTSEG_SAM_VIT_B_REVISION",
    default="main",
    about="Branch, tag or commit there; the file's sha256 is checked in any case.",
)
RUNS = Setting(
    name="CTSEG_RUNS",
    about="Run folders of `ctseg train`, apart as in `PATH`, that this app and `ctseg methods` offer too.",
    unset="only the methods that come with ctseg or with another package",
)
THREADS = Setting(
    name="CTSEG_THREADS",
    default="2",
    about="Processor threads that a network of ours or Segment Anything uses; `ctseg batch` sets it for its "
    "workers.",
)
DECODE_SECONDS = Setting(
    name="CTSEG_DECODE_SECONDS",
    default="9.5",
    about="Time in seconds after which reading an uploaded file is given up; more on a busy machine.",
)
UPLOAD_MB = Setting(
    name="CTSEG_UPLOAD_MB",
    default="64",
    about="The most MB (2^20 bytes) that one upload of slices may have, 512 at most.",
)
WAITING_MB = Setting(
    name="CTSEG_WAITING_MB",
    default="3072",
    about="MB (2^20 bytes) of all uploads that wait on the server's disk; a visitor may hold a third of it, "
    "an address two thirds.",
)
DECODED_MB = Setting(
    name="CTSEG_DECODED_MB",
    default="2048",
    about="MB (2^20 bytes) of decoded slices and label maps that all open pages hold together.",
)
FREE_MB = Setting(
    name="CTSEG_FREE_MB",
    default="256",
    about="MB (2^20 bytes) that an upload must leave free on the disk; less, and it is refused.",
)
TRUSTED_HOPS = Setting(
    name="CTSEG_TRUSTED_HOPS",
    default="0",
    about="Number of proxies in front of the app whose `X-Forwarded-For` tells the visitor's address.",
)

SETTINGS = (
    DATA,
    CACHE,
    STORE,
    STORE_MB,
    LEADERBOARD,
    SUBMISSIONS_REPO,
    REQUIRE_LOGIN,
    BOARD_SEED,
    BOARD_FOLDER,
    WEIGHTS,
    WEIGHTS_FOLDER,
    HUB_OWNER,
    SAM_VIT_B_FILE,
    SAM_VIT_B_REPO,
    SAM_VIT_B_REVISION,
    RUNS,
    THREADS,
    DECODE_SECONDS,
    UPLOAD_MB,
    WAITING_MB,
    DECODED_MB,
    FREE_MB,
    TRUSTED_HOPS,
)
"""All of them, in the order of the docs."""


def cache_folder() -> Path:
    """Return the folder for what can be made again; it is not made. See ``CACHE``."""
    return CACHE.folder() or _user_folder("XDG_CACHE_HOME", ".cache") / "ctseg"


def user_data_folder() -> Path:
    """Return the folder for what must stay, among the user's data; it is not made."""
    return _user_folder("XDG_DATA_HOME", ".local/share") / "ctseg"


def hub_folder() -> Path:
    """Return where files of the Hub are cached, by the Hub's own rule: ``HF_HOME``, else the user's cache.

    It is worked out here, because it is also asked for where ``huggingface_hub`` is not installed.
    """
    named = os.environ.get("HF_HOME")
    return Path(named).expanduser() if named else _user_folder("XDG_CACHE_HOME", ".cache") / "huggingface"


def packaged_folder(name: str) -> Path:
    """Return a folder that comes with ctseg: inside an installed package, else beside the package."""
    package = Path(__file__).resolve().parent
    installed = package / f"_{name}"
    return installed if installed.is_dir() else package.parent / name


def _user_folder(variable: str, default: str) -> Path:
    named = os.environ.get(variable)
    return Path(named).expanduser() if named else Path.home() / default
