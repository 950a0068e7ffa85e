"""Pictures as SVG, with axes, units and spread."""
import html
import math

COLORS = ["#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#6a3d9a", "#8c564b", "#7f7f7f", "#b2182b", "#444444"]
FONT = 'font-family="system-ui, sans-serif"'


def text(x, y, words, size=13, anchor="start", extra=""):
    return f'<text x="{x:.1f}" y="{y:.1f}" font-size="{size}" text-anchor="{anchor}" {FONT} {extra}>{html.escape(words)}</text>'


def page(width, height, parts, title):
    return (f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}" role="img" '
            f'aria-label="{html.escape(title)}"><rect width="100%" height="100%" fill="white"/>{"".join(parts)}</svg>\n')


def ticks(low, high, count=5):
    step = 10 ** math.floor(math.log10((high - low) / count))
    step *= next(m for m in (1, 2, 2.5, 5, 10) if (high - low) / (step * m) <= count)
    first = math.ceil(low / step - 1e-9)
    return [i * step for i in range(first, math.floor(high / step + 1e-9) + 1)]


def curves(title, series, sizes, unit="test accuracy"):
    """series: (label, {size: (mean, low, high)}). The number of labels is on a logarithmic scale."""
    values = [v for _, points in series for point in points.values() for v in point]
    low, high = min(values) - 0.01, max(values) + 0.01
    left, top, width, height = 64, 48, 480, 360
    pad = 20 + 2 * len(series)

    def x(size):
        first, last = math.log(min(sizes)), math.log(max(sizes))
        return left + pad + (width - 2 * pad) * ((math.log(size) - first) / (last - first) if last > first else 0.5)

    def y(value):
        return top + height * (high - value) / (high - low)

    parts = [text(left, 26, title, 16, extra='font-weight="600"')]
    for tick in ticks(low, high):
        parts.append(f'<line x1="{left}" x2="{left + width}" y1="{y(tick):.1f}" y2="{y(tick):.1f}" stroke="#ddd"/>')
        parts.append(text(left - 8, y(tick) + 4, f"{tick:.2f}", 12, "end"))
    for size in sizes:
        parts.append(text(x(size), top + height + 20, f"{size:,}", 12, "middle"))
    parts.append(text(left + width / 2, top + height + 42, "labels (logarithmic scale)", 13, "middle"))
    parts.append(text(16, top + height / 2, unit, 13, "middle", f'transform="rotate(-90 16 {top + height / 2})"'))
    for i, (label, points) in enumerate(series):
        color = COLORS[i % len(COLORS)]
        shift = 3 * (i - (len(series) - 1) / 2)
        line = " ".join(f"{x(s) + shift:.1f},{y(points[s][0]):.1f}" for s in sizes if s in points)
        parts.append(f'<polyline points="{line}" fill="none" stroke="{color}" stroke-width="2"/>')
        for size, (mean, below, above) in points.items():
            at = x(size) + shift
            parts.append(f'<line x1="{at:.1f}" x2="{at:.1f}" y1="{y(below):.1f}" y2="{y(above):.1f}" stroke="{color}"/>')
            parts.append(f'<circle cx="{at:.1f}" cy="{y(mean):.1f}" r="4" fill="{color}"/>')
        parts.append(f'<rect x="{left + width + 24}" y="{top + 22 * i}" width="12" height="12" fill="{color}"/>')
        parts.append(text(left + width + 42, top + 22 * i + 11, label))
    parts.append(text(left, top + height + 64, "Bars: 95 % intervals over seeds and test texts.", 12, extra='fill="#555"'))
    return page(left + width + 330, max(top + height + 80, top + 22 * len(series) + 20), parts, title)


def heat(title, rows, columns, values, note):
    """values: {(row, column): points}; blue is a gain, red a loss."""
    cell, left, top = 64, 140, 150
    limit = max((abs(v) for v in values.values()), default=1) or 1
    parts = [text(16, 26, title, 16, extra='font-weight="600"')]
    for j, column in enumerate(columns):
        at = left + cell * j + cell / 2
        parts.append(text(at, top - 10, column, 13, "start", f'transform="rotate(-45 {at} {top - 10})"'))
    for i, row in enumerate(rows):
        parts.append(text(left - 8, top + cell * i + cell / 2 + 4, row, 13, "end"))
        for j, column in enumerate(columns):
            value = values.get((row, column))
            color = "#f2f2f2"
            if value is not None:
                share = min(1, abs(value) / limit)
                other = round(255 - 150 * share)
                color = f"rgb({other},{other},255)" if value >= 0 else f"rgb(255,{other},{other})"
            parts.append(f'<rect x="{left + cell * j}" y="{top + cell * i}" width="{cell - 2}" height="{cell - 2}" fill="{color}"/>')
            if value is not None:
                parts.append(text(left + cell * j + cell / 2, top + cell * i + cell / 2 + 5, f"{value:+.1f}", 13, "middle"))
    bottom = top + cell * len(rows)
    parts.append(text(left, bottom + 24, note, 12, extra='fill="#555"'))
    return page(left + cell * len(columns) + 90, bottom + 48, parts, title)
