"""The growth of a step's cost with the size of its input: plots, and the exponent.

Processor time is taken, not elapsed time: it is what a client's own work costs. A cost has a fixed part, which rules
the small sizes, and a part that grows; the exponent is that of the last decade, where the second shows.
"""

import math
import os
import statistics as st

# series: the case, the option that varies, its values, (name of x, name of y), and n for a value
SERIES = {
    "in-flight": ("conc", "--conc", [1, 10, 100, 1000], ("requests in flight", "CPU us per request"), lambda x: 5000),
    "event-size": (
        "asse",
        "--size",
        [10, 100, 1000, 10_000, 100_000, 1_000_000],
        ("bytes in an event", "CPU us per event"),
        lambda x: max(40, min(20_000, 200_000_000 // (x + 10_000))),
    ),
    "rows": (
        "json",
        "--rows",
        [10, 100, 1000, 10_000, 100_000],
        ("rows in a reply", "CPU us per reply"),
        lambda x: max(3, min(1000, 100_000 // x)),
    ),
}
ABOUT = [
    "Processor time of a step, in microseconds, at each size of its input. The exponent is that of the last two sizes:",
    "0 means that a step costs the same at any size, 1 that its cost is proportional.",
]
COLOURS = ["#0b6e99", "#c0392b", "#6a994e", "#8e5ea2", "#b5651d", "#555555"]


def slope(points):
    """The exponent of the last decade: of the line through the last two points on logarithmic axes."""
    (x0, y0), (x1, y1) = points[-2:]
    return math.log(y1 / y0) / math.log(x1 / x0)


def run(bench, drivers, folder, about):
    os.makedirs(folder, exist_ok=True)
    lines = ["# Growth", "", f"Written by `make bench-growth`. {about}", "", *ABOUT]
    for series, (case, option, sizes, names, number) in SERIES.items():
        found = {}
        lines += ["", f"## {names[0].capitalize()}", "", f"![The costs, as a plot](growth-{series}.svg)", ""]
        lines.append(f"| {names[1]} | {' | '.join(f'{x:,}' for x in sizes)} | exponent |")
        lines.append("| --- |" + " ---: |" * (len(sizes) + 1))
        for driver in drivers:
            kind = driver[1]
            own = "sse" if kind == "rust" and case == "asse" else case
            points = []
            for x in sizes:
                costs = []
                for _ in range(bench.a.reps):
                    o, _ = bench.once(driver, own, number(x), [option, str(x)])
                    if o is None or o.get("skip"):
                        break
                    costs.append(o["cpu_s"] / o["n"] * 1e6)
                if not costs:
                    break
                points.append((x, st.median(costs)))
                label = o["client"]
            if len(points) > 1:
                found[label] = points
                shown = [f"{y:,.1f}" for _, y in points] + [""] * (len(sizes) - len(points))
                lines.append(f"| {label} | {' | '.join(shown)} | {slope(points):.2f} |")
                print(lines[-1], flush=True)
        with open(os.path.join(folder, f"growth-{series}.svg"), "w") as f:
            f.write(plot(found, *names))
    with open(os.path.join(folder, "growth.md"), "w") as f:
        f.write("\n".join(lines) + "\n")


def plot(found, x_name, y_name):
    """An SVG with one line for each client, both axes logarithmic."""
    width, height, left, right, top, bottom = 640, 400, 70, 190, 20, 50
    xs = [x for points in found.values() for x, _ in points] or [1]
    ys = [y for points in found.values() for _, y in points] or [1]
    x_low, x_high = math.floor(math.log10(min(xs))), math.ceil(math.log10(max(xs)))
    y_low, y_high = math.floor(math.log10(min(ys))), math.ceil(math.log10(max(ys)))

    def at(x, y):
        return (
            left + (math.log10(x) - x_low) / max(x_high - x_low, 1) * (width - left - right),
            height - bottom - (math.log10(y) - y_low) / max(y_high - y_low, 1) * (height - top - bottom),
        )

    out = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" '
        'font-family="sans-serif" font-size="12">',
        f'<rect width="{width}" height="{height}" fill="white"/>',
    ]
    for power in range(x_low, x_high + 1):
        x, y = at(10**power, 10**y_low)
        out.append(f'<path d="M{x:.1f} {top}V{y:.1f}" stroke="#dddddd"/>')
        out.append(f'<text x="{x:.1f}" y="{y + 16:.1f}" text-anchor="middle">{10**power:,}</text>')
    for power in range(y_low, y_high + 1):
        x, y = at(10**x_low, 10**power)
        out.append(f'<path d="M{x:.1f} {y:.1f}H{width - right}" stroke="#dddddd"/>')
        out.append(f'<text x="{x - 6:.1f}" y="{y + 4:.1f}" text-anchor="end">{10.0**power:,g}</text>')
    out.append(f'<text x="{(left + width - right) / 2}" y="{height - 12}" text-anchor="middle">{x_name}</text>')
    middle = (top + height - bottom) / 2
    out.append(f'<text x="16" y="{middle}" text-anchor="middle" transform="rotate(-90 16 {middle})">{y_name}</text>')
    for (name, points), colour in zip(found.items(), COLOURS * 4, strict=False):
        places = [at(*point) for point in points]
        path = "M" + "L".join(f"{x:.1f} {y:.1f}" for x, y in places)
        out.append(f'<path d="{path}" fill="none" stroke="{colour}" stroke-width="2"/>')
        out += [f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3" fill="{colour}"/>' for x, y in places]
        label = top + 14 + 18 * list(found).index(name)
        out.append(f'<path d="M{width - right + 12} {label - 4}h18" stroke="{colour}" stroke-width="2"/>')
        out.append(f'<text x="{width - right + 36}" y="{label}">{name}</text>')
    return "\n".join([*out, "</svg>"]) + "\n"
