"""Which rows look as if they were made for one index at the cost of the other."""

from collections.abc import Mapping

HIGH_FG_ARI = 0.5
NEAR_ZERO_ARI = 0.2
GAMED = (
    "fg_ari is high while ari is near 0: regions grown over the background do that, so never read fg_ari "
    "alone."
)


def looks_gamed(means: Mapping[str, float | int | None]) -> str:
    """Return a warning of one sentence for means with a high ``fg_ari`` and an ``ari`` near 0, else ""."""
    ari, fg_ari = means.get("ari"), means.get("fg_ari")
    if ari is None or fg_ari is None:
        return ""
    return GAMED if fg_ari >= HIGH_FG_ARI and ari < NEAR_ZERO_ARI else ""
