"""The cases, what a run's line means in each, and the tables."""

import statistics as st

# case: (n, what to show, and where it differs: the driver's own case, options, environment, seconds allowed)
CASES = {
    "lat": (2000, "sync, one connection, small GET", {}),
    "chat": (1500, "sync, one connection, small POST", {}),
    "rpc": (1500, "sync, HMAC-signed GET", {}),
    "alat": (1500, "async, one at a time, small GET", {}),
    "conc10": (10000, "async, 10 in flight", {"case": "conc", "options": ["--conc", "10"]}),
    "conc": (10000, "async, 100 in flight", {}),
    "json": (20, "sync, 1.07 MB JSON list to objects", {}),
    "ajson": (20, "async, 1.07 MB JSON list to objects", {}),
    "sse": (100000, "sync, SSE flood", {}),
    "asse": (100000, "async, SSE flood", {}),
    "pace": (1000, "sync, one event each 1 ms", {}),
    "apace": (1000, "async, one event each 1 ms", {}),
    "mem": (100, "import and 100 requests", {}),
    "hmac": (100000, "one signature", {}),
    "hold": (1000, "1,000 streams open at once", {}),
    "hold9900": (9900, "9,900 streams open at once", {"case": "hold", "seconds": 120}),
    "busy": (20, "async, lateness of another task while 1 MB replies are decoded", {}),
    "threads": (8000, "8 threads, one client, small GET", {}),
    "arenas": (160, "8 threads decode 1 MB replies: memory kept", {}),
    "arenas1": (160, "the same with MALLOC_ARENA_MAX=1", {"case": "arenas", "env": {"MALLOC_ARENA_MAX": "1"}}),
    "upload": (500, "a bundle of 500 MB goes out: peak memory", {"seconds": 300}),
    "tls": (2000, "sync, one TLS connection, small GET", {"case": "lat", "tls": True}),
    "tlsmem": (100, "TLS: import and 100 requests", {"case": "mem", "tls": True}),
    "tlsconc": (10000, "async, TLS, 100 in flight", {"case": "conc", "tls": True}),
    "tlshold": (1000, "1,000 TLS streams open at once", {"case": "hold", "tls": True, "seconds": 120}),
    "h2": (2000, "HTTP/2, small GET", {"case": "lat", "tls": True, "http2": True}),
    "h2conc": (10000, "async, HTTP/2, 100 in flight", {"case": "conc", "tls": True, "http2": True}),
    "h2hold": (1000, "1,000 HTTP/2 streams open at once", {"case": "hold", "tls": True, "http2": True}),
}
DEFAULT = "lat,chat,rpc,alat,conc10,conc,json,ajson,sse,asse,pace,apace,mem,hmac,hold"
MORE = "hold9900,busy,threads,arenas,arenas1,upload,tls,tlsmem,tlsconc,tlshold,h2,h2conc,h2hold"
# Those whose figures depend on whether the server has a core of its own.
TIMED = "lat,chat,rpc,alat,conc10,conc,json,ajson,sse,asse,pace,apace,threads,tls,tlsconc,h2,h2conc"
ASYNC = {"alat", "conc", "ajson", "asse", "apace", "hold", "busy"}
# Clients that speak HTTP/2, by file and language; the others have no such case.
HTTP2 = {("muxi_client", "rust")}
BASES = {"py": "muxi_official", "rust": "muxi_rust"}
# Clients that are too slow for the common n in a case, or whose connections are limited.
FEWER = {
    ("muxi_official", "hold"): 100,
    ("httpr_client", "hold"): 50,
    ("httpx_client", "conc"): 500,
    ("muxi_official", "conc"): 1000,
    ("primp_client", "asse"): 20000,
    ("rnet_client", "asse"): 20000,
    ("httpr_client", "asse"): 20000,
    ("muxi_official", "hmac"): 50000,
}
FASTER = {"rust": {"conc": 50000, "sse": 1000000, "lat": 10000, "alat": 10000, "rpc": 5000}}


def own_case(case):
    """The driver's name for a case."""
    return CASES[case][2].get("case", case)


def number(case, name, kind):
    """The n for a client in a case."""
    key = own_case(case)
    return FASTER.get(kind, {}).get(key) or FEWER.get((name.split("@")[0], key)) or CASES[case][0]


# The rows of the short table: case, figure, words for it, and the aims in Python and in Rust, for two cores and for one
# or for both.
GLANCE = [
    ("lat", "main", "small GET, latency", ("14x", "`hyper` + 10%"), "1.3x"),
    ("chat", "main", "small POST, latency", "", ""),
    ("rpc", "main", "signed GET, latency", "", ""),
    ("alat", "main", "small GET awaited, latency", ("17x", "35x"), ""),
    ("conc10", "main", "10 in flight, throughput", "45x", ("1.2x", "1.3x")),
    ("conc", "main", "100 in flight, throughput", ("150x", "200x"), ("1.3x", "1.5x")),
    ("lat", "cpu_s_per_100k", "small GET, processor time", "20x", ""),
    ("conc", "cpu_s_per_100k", "100 in flight, processor time", "100x", ""),
    ("json", "main", "1.07 MB list, throughput", "2.5x", "1.8x"),
    ("ajson", "main", "1.07 MB list awaited, throughput", "2.5x", ""),
    ("sse", "main", "flood of events, throughput", "9x", "1.8x"),
    ("asse", "main", "flood of events, async, throughput", "9x", ""),
    ("pace", "main", "an event's added latency", "bare socket + 10 us", ""),
    ("apace", "main", "an event's added latency, async", ("45 us", ""), ""),
    ("mem", "main", "import", "10 ms", ""),
    ("mem", "rss_more", "memory of import and 100 requests", "3.5 MB", ""),
    ("hmac", "main", "one signature", "", ""),
    ("hold", "main", "memory of an open stream", "20 KB", "18.5 KB"),
    ("hold9900", "main", "the same, 9,900 open", "20 KB", "18.5 KB"),
    ("hold", "open_ms", "opening a stream, one of 1,000", "", "500x"),
    ("upload", "main", "peak memory of a 500 MB upload", "20 MB", ""),
    ("threads", "main", "8 threads, throughput", "", ""),
    ("tls", "main", "TLS, small GET, latency", "8x", ""),
    ("tlsconc", "main", "TLS, 100 in flight, throughput", "", ""),
    ("tlshold", "main", "TLS, memory of an open stream", "28 KB", "28 KB"),
]
OURS = {"py": "muxi_client", "rust": "muxi_client.rs"}
# They take every answer as well formed: no clients.
FLOORS = ("rawsock_client", "raw_socket")


def glance(rows, layout):
    """Markdown: what one run comes to, for each figure and language."""
    lines = ["| figure | Python | to `muxi` | aim | best other | Rust | to `muxi-rust` | aim | best other |"]
    lines.append("| --- | ---: | ---: | --- | --- | ---: | ---: | --- | --- |")
    for case, key, words, *aims in GLANCE:
        cells = []
        for kind, aim in zip(OURS, aims, strict=True):
            own, ratio, best = glance_cells(rows, case, key, kind)
            aim = aim if isinstance(aim, str) else aim[layout == "same"]
            cells += [own, ratio, own and aim, best]
        if any(cells):
            lines.append(f"| {words} | {' | '.join(cells)} |")
    return lines


def glance_cells(rows, case, key, kind):
    """Our figure, its ratio to the official SDK's, and the best ratio of another client."""
    own = rows.get((case, OURS[kind]))
    base = dict(rows.get((case, BASES[kind])) or [])
    if not own or key not in own[0][1]:
        return ["", "", ""]
    up = key == "main" and own[0][1]["up"]
    unit = {"main": own[0][1]["unit"], "cpu_s_per_100k": "s per 100k", "rss_more": "KB", "open_ms": "ms"}[key]

    def better(got):
        pairs = [(f[key], base[rep][key]) for rep, f in got or () if rep in base]
        ratios = [a / b if up else b / a for a, b in pairs if a and b]
        return st.median(ratios) if ratios else 0

    def shown(value):
        return f"{value:,.0f} {unit}" if value >= 100 else f"{value:.2f} {unit}"

    value = st.median(f[key] for _, f in own)
    if not value:
        return ["", "", ""]
    peers = {
        got[0][1]["name"].split(":")[1]: got
        for (c, name), got in rows.items()
        if c == case
        and got
        and got[0][1]["name"].startswith(f"{kind}:")
        and name.split("@")[0] not in (*FLOORS, BASES[kind], "muxi_client", "muxi_client.rs")
    }
    ratios = {name: better(got) for name, got in peers.items()}
    best = max(ratios, key=ratios.get, default=None)
    ours = better(own)
    if best and ratios[best]:
        others = f"{ratios[best]:.1f}x {best}"
    else:
        # Where the official package has no such figure, the other's own.
        medians = {name: st.median(f[key] for _, f in got) for name, got in peers.items() if key in got[0][1]}
        best = (max if up else min)(medians, key=medians.get, default=None)
        others = f"{shown(medians[best])} {best}" if best else ""
    return [shown(value), f"{ours:.1f}x" if ours else "", others]


def derive(case, o):
    """The figures of one run: main value, unit, whether higher is better, then the rest."""
    n, w, c = o["n"], o["wall_s"], o["cpu_s"]
    r = {"cpu_s_per_100k": c / n * 1e5 if n else 0}
    if case in ("lat", "chat", "rpc", "alat"):
        r.update(main=o["p50_us"], p99=o["p99_us"], rps=n / w, unit="us p50", up=False)
    elif case in ("conc", "threads"):
        r.update(main=n / w, unit="req/s", up=True)
    elif case in ("json", "ajson"):
        r.update(main=n * o["bytes"] / w / 1e6, unit="MB/s", up=True, cpu_mbs=n * o["bytes"] / max(c, 1e-9) / 1e6)
    elif case in ("sse", "asse"):
        r.update(main=n / w, unit="events/s", up=True)
    elif case in ("pace", "apace"):
        r.update(main=o["p50_us"], p99=o["p99_us"], unit="us p50", up=False)
    elif case == "busy":
        r.update(main=o["p99_us"], p50=o["p50_us"], max=o["max_us"], unit="us p99", up=False)
    elif case == "arenas":
        r.update(main=o["kept_mb"], peak_mb=o["peak_mb"], unit="MB kept", up=False)
    elif case == "upload":
        r.update(main=o["peak_mb"], wall_s=w, cpu_s=c, unit="MB more at the peak", up=False)
    elif case == "mem":
        r.update(
            main=o["import_ms"],
            unit="ms import",
            up=False,
            rss0=o.get("rss0_kb", 0),
            rss_import=o["rss_import_kb"],
            rss_100=o["rss_100_kb"],
            rss_more=o["rss_100_kb"] - o.get("rss0_kb", 0),
            cpu_s=c,
        )
    elif case == "hmac":
        r.update(main=w / n * 1e9, unit="ns", up=False)
    elif case == "hold":
        r.update(
            main=o["kb_per_stream"],
            unit="KB/stream",
            up=False,
            opened=o.get("opened", n),
            got=o["got"],
            open_s=o["open_s"],
            open_ms=o["open_s"] / o.get("opened", n) * 1e3,
            bcast_s=o["bcast_s"],
            cpu_ms_per_stream=c / n * 1e3,
            errors=o.get("errors"),
        )
    if "handshakes" in o:
        r.update(handshakes=o["handshakes"], resumed=o["resumed"])
    return r


EXTRA = (
    "p50",
    "p99",
    "max",
    "rps",
    "cpu_mbs",
    "rss0",
    "rss_import",
    "rss_100",
    "peak_mb",
    "wall_s",
    "cpu_s",
    "opened",
    "got",
    "open_s",
    "open_ms",
    "bcast_s",
    "cpu_ms_per_stream",
    "handshakes",
    "resumed",
)


def tables(cases, drivers, rows):
    """Markdown: a table for each case."""
    lines = []
    for case in cases:
        base = {kind: dict(rows.get((case, name)) or []) for kind, name in BASES.items()}
        body = []
        for name, kind, _ in drivers:
            if got := rows.get((case, name)):
                body.append(row(got, base[kind]))
        if body:
            lines += ["", f"## {case}: {CASES[case][1]}", ""]
            lines.append("| client | main | better than its official SDK by | min..max | CPU s per 100k | more |")
            lines.append("| --- | ---: | ---: | ---: | ---: | --- |")
            lines += body
    return lines


def row(got, base):
    figures = [f for _, f in got]
    values = [f["main"] for f in figures]
    first = figures[0]
    ratios = []
    for rep, f in got:
        if rep in base and f["main"] and base[rep]["main"]:
            ratio = f["main"] / base[rep]["main"]
            ratios.append(ratio if first["up"] else 1 / ratio)
    ratio = f"{st.median(ratios):.2f}x" if ratios else ""
    more = []
    for k in EXTRA:
        if k in first:
            v = st.median([f[k] for f in figures])
            more.append(f"{k} {v:,.0f}" if v >= 100 or v == int(v) else f"{k} {v:.2f}")
    if first.get("errors"):
        more.append(f"errors {first['errors']}")
    shown = (lambda v: f"{v:,.0f}") if max(values) >= 1000 else (lambda v: f"{v:.2f}")
    return (
        f"| {first['name']} | {shown(st.median(values))} {first['unit']} | {ratio} | "
        f"{shown(min(values))}..{shown(max(values))} | {st.median([f['cpu_s_per_100k'] for f in figures]):.2f} | "
        f"{', '.join(more)} |"
    )
