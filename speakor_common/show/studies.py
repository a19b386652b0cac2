"""What a study of several seeds found, for notebook 03."""

from __future__ import annotations

import pandas as pd
from IPython.display import Markdown, display
from matplotlib.axes import Axes

from speakor_common import paths
from speakor_common.show import plots


def show(study: str, profile: str) -> None:
    """Display figure, verdicts and a finding, or say how to measure what is not there."""
    runs, verdicts = (
        paths.results(profile) / f"{name}.csv" for name in (study, f"{study}_verdicts")
    )
    if not (runs.is_file() and verdicts.is_file()):
        display(
            Markdown(f"Not measured in this profile; `make {study} PROFILE={profile}` does it.")
        )
        return
    table, found = pd.read_csv(runs), pd.read_csv(verdicts)
    plots.show(by_variant(table), paths.results(profile) / "figures" / f"{study}.png")
    display(found.round(4))
    display(Markdown(finding(table, found)))


def by_variant(table: pd.DataFrame, ax: Axes | None = None) -> Axes:
    """Test WER of every run, a dot a seed and a bar at the mean, in the order of the ladder."""
    trained = table.dropna(subset=["wer"])
    names = list(dict.fromkeys(table["variant"]))
    ax = plots.ensure_axes(ax, 9)
    for position, name in enumerate(names):
        rates = trained.loc[trained["variant"] == name, "wer"]
        ax.plot([position] * len(rates), rates, "o", color=plots.COLORS[0], alpha=0.7)
        if len(rates):
            ax.hlines(
                rates.mean(), position - 0.25, position + 0.25, color=plots.COLORS[3], linewidth=2.5
            )
        else:
            ax.text(position, 0.02, "stopped by\nthe loss guard", ha="center", fontsize=8)
    ax.set_xticks(range(len(names)), names)
    seeds, n = table["seed"].nunique(), int(trained["n"].iloc[0]) if len(trained) else 0
    ax.set(
        ylabel="WER on the test split",
        ylim=(0, 1.1 * trained["wer"].max() if len(trained) else 1),
        title=f"Seeds 1-{seeds}, n = {n} test clips each",
    )
    return ax


def finding(table: pd.DataFrame, verdicts: pd.DataFrame) -> str:
    """One sentence a claim: did it help, and how sure is that."""
    lines = ["**Finding.**"]
    for row in verdicts.itertuples():
        verdict = (
            "no significant difference"
            if not row.significant
            else ("it helped" if row.difference < 0 else "it hurt")
        )
        lines.append(
            f"- **{row.variant}** against {row.against}: WER {row.difference:+.3f} [{row.low:+.3f}, {row.high:+.3f}]; {verdict} "
            f"({row.seeds} seeds, n = {row.n}). {row.claim}"
        )
    for name, rows in table[table["lowest_train_loss"] < 0].groupby("variant"):
        lines.append(
            f"- **{name}**: the training loss fell to {rows['lowest_train_loss'].min():.3f}; a correct one cannot."
        )
    for name, rows in table.dropna(subset=["stopped"]).groupby("variant"):
        lines.append(f"- **{name}**: training stopped, {rows['stopped'].iloc[0].split(';')[0]}.")
    return "\n".join(lines)
