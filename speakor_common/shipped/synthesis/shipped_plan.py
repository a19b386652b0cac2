"""Is a plan the one whose clips are shipped?

The plan follows from the seed and the texts, but sentences are conjugated by Kiwi, and another
version of it may conjugate otherwise. Then texts move from clip to clip, and nothing fails: the
sample would be another one under the same name. So the hash of the shipped plan stands here, with
the versions it was made with.
"""

from __future__ import annotations

from collections.abc import Iterable
from hashlib import sha256
from importlib.metadata import PackageNotFoundError, version

from speakor_common.shipped.synthesis.plan import PlannedClip

# To be renewed together, when the sample is made anew on purpose.
SHIPPED_HASH = "72183165d517062e59d8d6436e487107668f7b7dcb2689d098daa7d3d75e434e"
MADE_WITH = {"kiwipiepy": "0.24.1", "kiwipiepy_model": "0.24.0"}


def plan_hash(clips: Iterable[PlannedClip]) -> str:
    """sha256 of all that a plan decides: names, splits, texts, labels, deviations and sounds."""
    digest = sha256()
    for clip in clips:
        deviations = [deviation.to_label() for deviation in clip.deviations]
        decided = (
            clip.stem,
            clip.script,
            clip.label,
            clip.level,
            clip.official_split,
            clip.prompt.question,
            clip.sound_hash,
            deviations,
        )
        digest.update(repr(decided).encode())
    return digest.hexdigest()


def unlike_shipped(clips: Iterable[PlannedClip]) -> str:
    """What to say of a whole plan that is not the shipped one; ``""`` of the shipped one."""
    found = plan_hash(clips)
    if found == SHIPPED_HASH:
        return ""

    # Kiwi is the likely reason; with the same Kiwi it is the code.
    others = {
        package: installed
        for package, wanted in MADE_WITH.items()
        if (installed := _installed(package)) != wanted
    }
    pinned = " ".join(f"{package}=={wanted}" for package, wanted in MADE_WITH.items())
    here = " ".join(f"{package}=={installed}" for package, installed in others.items())
    reason = f"here is {here}; install {pinned} for the shipped one"
    if not others:
        reason = f"{pinned} is here as it was there, so texts, voices or rules were changed"
    return (
        f"this plan is not the shipped sample's: its hash is {found[:12]}, not "
        f"{SHIPPED_HASH[:12]}. The clips will be other ones, with other texts and labels: {reason}"
    )


def _installed(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "not installed"
