"""The costs of a dependency: compile time and size of a program that makes one request, with each crate.

The size is that of a release build, and that of one whose profile asks for a small program.

    python hello.py [--markdown FILE]

Each is compiled from nothing, on one core. The processor time counts, so that other programs on the machine matter
little. The network is needed once, to fetch the crates.
"""

import argparse
import os
import resource
import shutil
import subprocess
import tempfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
MUXI = """\
#[tokio::main(flavor = "current_thread")]
async fn main() -> muxi_client::Result<()> {
    let formation = muxi_client::FormationClient::from_env()?;
    println!("{:?}", formation.chat("Hello!").user_id("ada").await?.into_inner());
    Ok(())
}
"""
REQWEST = """\
#[tokio::main(flavor = "current_thread")]
async fn main() -> reqwest::Result<()> {
    let body = serde_json::json!({"message": "Hello!", "stream": false});
    let url = std::env::var("MUXI_FORMATION_URL").unwrap_or_default();
    let reply = reqwest::Client::new().post(url + "/v1/chat").json(&body).send().await?;
    println!("{}", reply.json::<serde_json::Value>().await?["data"]);
    Ok(())
}
"""
PATH = f'path = "{(HERE.parent / "crates/muxi-client").as_posix()}"'
SMALL = """\
[profile.small]
inherits = "release"
codegen-units = 1
lto = "fat"
opt-level = "s"
panic = "abort"
"""
LEAN = 'default-features = false, features = ["client", "native-roots"]'
# The program and its dependencies beside tokio.
PROGRAMS = {
    "reqwest, with `json`": (REQWEST, 'reqwest = { version = "0.13", features = ["json"] }\nserde_json = "1"'),
    "muxi-client": (MUXI, f"muxi-client = {{ {PATH} }}"),
    "muxi-client, without bundles and blocking": (MUXI, f"muxi-client = {{ {PATH}, {LEAN} }}"),
}


def crates(folder):
    """The number of packages that are compiled into the program."""
    command = ["cargo", "tree", "--edges", "normal", "--prefix", "none", "--no-dedupe"]
    out = subprocess.run(command, cwd=folder, check=True, capture_output=True, text=True).stdout
    return len(set(out.split("\n")) - {""}) - 1


def compiled(folder, *options):
    """Compile from nothing: the processor seconds, and the program's bytes without symbols."""
    target = folder / "target"
    shutil.rmtree(target, ignore_errors=True)
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(
        ["cargo", "build", "--quiet", "--jobs", "1", "--target-dir", target, *options], cwd=folder, check=True
    )
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    (program,) = target.glob("*/hello")
    subprocess.run(["strip", program], check=True)
    return after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime, program.stat().st_size


def measured(program, dependencies):
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        (folder / "Cargo.toml").write_text(
            '[package]\nname = "hello"\nversion = "0.0.0"\nedition = "2024"\n\n[workspace]\n\n[dependencies]\n'
            f'{dependencies}\ntokio = {{ version = "1", features = ["macros", "rt"] }}\n\n{SMALL}'
        )
        (folder / "src").mkdir()
        (folder / "src/main.rs").write_text(program)
        subprocess.run(["cargo", "fetch", "--quiet"], cwd=folder, check=True)
        debug, _ = compiled(folder)
        release, size = compiled(folder, "--release")
        _, small = compiled(folder, "--profile", "small")
        return crates(folder), debug, release, size, small


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--markdown", type=Path)
    options = parser.parse_args()
    rows = {name: measured(*program) for name, program in PROGRAMS.items()}
    first = next(iter(rows.values()))
    lines = [
        "| crate | packages | debug build, CPU s | release build, CPU s | size of the release, MB | smallest, MB |",
        "|---|---:|---:|---:|---:|---:|",
    ]
    for name, (count, *costs) in rows.items():
        figures = zip(costs, first[1:], (1, 1, 1e6, 1e6), (0, 0, 1, 1), strict=True)
        cells = [f"{cost / unit:.{digits}f} ({cost / base:.2f}x)" for cost, base, unit, digits in figures]
        lines.append(f"| {name} | {count} | {' | '.join(cells)} |")
    rustc = subprocess.run(["rustc", "--version"], check=True, capture_output=True, text=True).stdout.split()[1]
    text = f"Written by `make bench-hello`, with Rust {rustc} on {os.uname().machine}.\n\n" + "\n".join(lines) + "\n"
    text += "\nThe smallest program is that of `cargo build --profile small`, with these lines in `Cargo.toml`:\n\n"
    text += f"```toml\n{SMALL}```\n"
    print(text)
    if options.markdown:
        options.markdown.write_text(f"# Compile time and size of a Rust program\n\n{text}", encoding="utf-8")


if __name__ == "__main__":
    main()
