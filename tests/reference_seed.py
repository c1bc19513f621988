"""The seed answer by ordinary pseudo-random Monte Carlo: plain NumPy, nothing of the project imported.

It is written from the evidence on wording alone (the regression of hedge widths by Ferson et al. 2015, the
recommended lexicon, and the fit to headline pairs), so that the project's own sampler has something independent to
agree with.
Run it to see the hand values, quantiles of single readings, and the seed answer with Monte Carlo errors.
"""

import numpy as np

LEVELS = (0.025, 0.05, 0.10, 0.25, 0.50, 0.75, 0.90, 0.95, 0.975)
THRESHOLDS = (0.05, 0.10, 0.20, 0.33)
RATIOS = ("killed_ratio", "wounded_ratio", "casualties_ratio")

# A B C D E F G H and the residual sd (log10) of the width regression, one row a hedge.
FERSON = {
    "about": (-0.2085, 0.4285, 0.2807, 0.0940, 0.0147, -0.0640, -0.0102, 0.0404, 0.5837),
    "approximately": (-0.3171, 0.4993, 0.2540, 0.6410, 0.0177, -0.2835, 0.1025, 0.0169, 0.6192),
    "around": (-0.1018, 0.3429, 0.3169, 0.0951, 0.0381, -0.0005, 0.0174, -0.0029, 0.5261),
    "at least": (-0.1128, 0.3624, 0.3829, 0.3188, 0.0087, -0.1404, 0.0069, 0.0409, 0.5927),
    "over": (-0.0668, 0.3793, 0.2490, -0.1635, 0.0344, 0.1353, -0.0068, -0.0176, 0.6666),
    "nearly": (-0.2716, 0.3420, 0.2722, 0.0923, 0.0440, 0.0196, 0.0386, -0.0270, 0.5969),
}
HAND = (  # hedge, N, the width worked out by hand
    ("about", 1000, 112.6),
    ("around", 10000, 1402.8),
    ("over", 3000, 228.0),
    ("at least", 100, 25.9),
    ("nearly", 40, 4.2),
)


def zeros(number: int) -> int:
    """Trailing zeros of a whole number: 12000 has three."""
    return len(str(number)) - len(str(number).rstrip("0"))


def width(hedge: str, number: int) -> float:
    """Total width that the median listener gives to "hedge number"."""
    a, b, c, d, e, f, g, h, _ = FERSON[hedge]
    z, r = np.log10(number), zeros(number)
    five = str(number).rstrip("0").endswith("5")  # the last significant digit is a 5
    return float(10 ** (a + b * z + c * r + d * five + e * z * r + f * z * five + (g + h * z) * r * five))


def lognormal(n, rng, median, sd):
    return median * np.exp(sd * rng.standard_normal(n))


def truncated(n, rng, median, sd, low, high):
    """Lognormal kept inside [low, high] by drawing again."""
    x = lognormal(n, rng, median, sd)
    while (bad := (x < low) | (x > high)).any():
        x[bad] = lognormal(bad.sum(), rng, median, sd)
    return x


def about(n, rng, hedge, number):
    """N + h U(-1, 1); a half-width h for each reporter, clipped to .1 and 6 times the median one."""
    spread = np.clip(10 ** (FERSON[hedge][-1] * rng.standard_normal(n)), 0.1, 6)
    return number + width(hedge, number) / 2 * spread * rng.uniform(-1, 1, n)


def nearly(n, rng, number):
    """N - h Beta(1, 2), h at most .3 N; with probability .02 the same distance above N instead of below."""
    h = np.minimum(width("nearly", number) * 10 ** (FERSON["nearly"][-1] * rng.standard_normal(n)), 0.3 * number)
    return number - np.where(rng.random(n) < 0.02, -1, 1) * h * rng.beta(1, 2, n)


def more_than(n, rng, number):
    """N + exponential whose 90 % point is g, and the excess cut off at 2 g."""
    one_digit = len(str(number).rstrip("0")) == 1
    g = 10 ** (len(str(number)) - 1) / 2 if one_digit else 10 ** zeros(number)
    return number + np.minimum(rng.exponential(g / np.log(10), n), 2 * g)


def at_least(n, rng, number, breaking=True):
    """
    Below N (first-day news only), exactly N, or above it.

    First-day news: evenly on the log scale from N / 3, and N plus an exponential of mean .52 N; else N times a
    Pareto variable that starts at 1.
    """
    which = rng.random(n)
    if breaking:
        floor, above = number * 3 ** (rng.random(n) - 1), number * (1 + rng.exponential(0.52, n))
        return np.where(which < 0.19, floor, np.where(which < 0.19 + 0.24, number, above))
    return np.where(which < 0.25, number, number * (1 + rng.pareto(5, n)))  # NumPy's Pareto starts at 0


def pert(n, rng, low, mode, high):
    rise = (mode - low) / (high - low)
    return low + (high - low) * rng.beta(1 + 4 * rise, 1 + 4 * (1 - rise), n)


def up_to(n, rng, number):
    leak = rng.random(n) < 0.05
    return np.where(leak, rng.uniform(number, 1.1 * number, n), pert(n, rng, number / 2, 0.8 * number, number))


def between(n, rng, low, high):
    """Flat with probability .9, and 5 % in an exponential tail on either side."""
    which, tail = rng.random(n), rng.exponential((high - low) / 2, n)
    return np.where(which < 0.05, low - tail, np.where(which < 0.95, rng.uniform(low, high, n), high + tail))


def bare(n, rng, number):
    """A round number without a hedge: .6 exact, .3 within u/20, .1 within u/2 (no wider than .15 N)."""
    u = 10 ** zeros(number)
    half = rng.choice([0.0, u / 20, min(u / 2, 0.15 * number)], n, p=[0.6, 0.3, 0.1])
    return number + half * rng.uniform(-1, 1, n)


def readings(n: int, rng: np.random.Generator) -> dict[str, np.ndarray]:
    """Draws of single worded figures, wording layer only, not rounded to whole numbers."""
    return {
        "about 100": about(n, rng, "about", 100),
        "about 1,000": about(n, rng, "about", 1000),
        "around 10,000": about(n, rng, "around", 10000),
        "approximately 1,000": about(n, rng, "approximately", 1000),
        "nearly 1,000": nearly(n, rng, 1000),
        "more than 100": more_than(n, rng, 100),
        "over 3,000": more_than(n, rng, 3000),
        "at least 100 (breaking)": at_least(n, rng, 100),
        "at least 100 (settled)": at_least(n, rng, 100, breaking=False),
        "up to 12,000": up_to(n, rng, 12000),
        "no more than 10,000": pert(n, rng, 7000, 9300, 10000),
        "between 10,000 and 12,000": between(n, rng, 10000, 12000),
        "a couple": rng.choice([2.0, 3.0], n, p=[0.85, 0.15]),
        "a few": truncated(n, rng, 3.4, 0.29, 2, 8),
        "several": truncated(n, rng, 5, 0.40, 2, 12),
        "dozens": truncated(n, rng, 30, 0.55, 12, 120),
        "scores": truncated(n, rng, 60, 0.60, 20, 300),
        "hundreds": truncated(n, rng, 300, 0.50, 100, 999),
        "several hundred": truncated(n, rng, 500, 0.36, 200, 999),
        "thousands": truncated(n, rng, 3000, 0.50, 1000, 9990),
        "1,000": bare(n, rng, 1000),
    }


def nis(n, rng):
    """At least 100 killed (its reading holds the reporting layer already), approximately 1,000 wounded."""
    return at_least(n, rng, 100), about(n, rng, "approximately", 1000) / lognormal(n, rng, 1.0, 0.25)


def us(n, rng):
    """Several hundred casualties, split by the wounded per killed."""
    total = truncated(n, rng, 500, 0.36, 200, 999) / lognormal(n, rng, 1.0, 0.25)
    killed = total / (1 + lognormal(n, rng, 3.0, 0.5))
    return killed, total - killed


def origin(n, rng, claim) -> dict[str, np.ndarray]:
    """Accepted draws of one origin; a draw with more casualties than force is drawn again as a whole.

    Casualties are positive, so this also keeps the force above zero.
    """
    rows = np.empty((3, 0))
    while (missing := n - rows.shape[1]) > 0:
        killed, wounded = claim(missing, rng)
        force = about(missing, rng, "around", 10000)
        rows = np.hstack([rows, np.stack([killed, wounded, force])[:, killed + wounded <= force]])
    killed, wounded, force = rows
    draws = {"killed": killed, "wounded": wounded, "casualties": killed + wounded, "force": force}
    draws |= {name: draws[name.removesuffix("_ratio")] / force for name in RATIOS}
    return draws | {"wounded_per_killed": wounded / killed, "killed_share": killed / draws["casualties"]}


def reference(draws_per_batch: int, batches: int, seed: int) -> dict:
    """{pool, NIS, US: {quantity: mean, quantiles, exceedance}}, each number as (value, Monte Carlo error).

    A batch holds draws_per_batch draws of each origin; the pool is both together, so each weighs a half.
    The value is the mean over batches, its error their standard deviation over the root of their number.
    """
    found: dict[tuple, list] = {}
    for rng in np.random.default_rng(seed).spawn(batches):
        groups = {"NIS": origin(draws_per_batch, rng, nis), "US": origin(draws_per_batch, rng, us)}
        groups["pool"] = {name: np.concatenate([g[name] for g in groups.values()]) for name in groups["US"]}
        for group, draws in groups.items():
            for name, x in draws.items():
                row = [x.mean(), *np.quantile(x, LEVELS), *((x > limit).mean() for limit in THRESHOLDS)]
                found.setdefault((group, name), []).append(row)
    answer: dict = {"pool": {}, "NIS": {}, "US": {}}
    for (group, name), rows in found.items():
        error = np.std(rows, axis=0, ddof=1) / np.sqrt(batches)
        pairs = list(zip(np.mean(rows, axis=0).tolist(), error.tolist(), strict=True))
        entry = {"mean": pairs[0], "quantiles": dict(zip(LEVELS, pairs[1:10], strict=True))}
        if name in RATIOS:
            entry["exceedance"] = dict(zip(THRESHOLDS, pairs[10:], strict=True))
        answer[group][name] = entry
    return answer


def main(draws_per_batch: int = 200_000, batches: int = 32, seed: int = 20241219) -> None:
    print("Width of the median listener: computed, by hand")
    for hedge, number, by_hand in HAND:
        print(f"  {hedge + ' ' + format(number, ','):20}{width(hedge, number):10.1f}{by_hand:10.1f}")
    print("\nSingle readings: 5, 25, 50, 75, 90, 95 %")
    for wording, x in readings(1_000_000, np.random.default_rng(seed)).items():
        print(f"  {wording:27}" + "".join(f"{q:11.5g}" for q in np.quantile(x, (0.05, 0.25, 0.5, 0.75, 0.9, 0.95))))
    print(f"\nSeed answer, {batches} batches of {draws_per_batch:,} draws an origin; errors on the line below")
    for group, quantities in reference(draws_per_batch, batches, seed).items():
        print(f"\n{group:19}{'mean':>10}" + "".join(f"{level:10.1%}" for level in LEVELS))
        for name, entry in quantities.items():
            pairs = [entry["mean"], *entry["quantiles"].values()]
            print(f"{name:19}" + "".join(f"{value:10.5g}" for value, _ in pairs))
            print(" " * 19 + "".join(f"{error:10.1e}" for _, error in pairs))
        for name in RATIOS:
            chances = quantities[name]["exceedance"].items()
            print(f"{name:19}" + "  ".join(f"P(>{t:.0%}) {p:.5f} ({e:.0e})" for t, (p, e) in chances))


if __name__ == "__main__":
    main()
