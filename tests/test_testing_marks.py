"""The mark of the pytest plugin."""

from __future__ import annotations

import re
import textwrap
from pathlib import Path

from nested import pytest_passes, run_pytest
from test_testing_arguments import WRONG_ARGUMENTS


def test_paths_of_the_mark_are_relative_to_the_root_folder(tmp_path: Path) -> None:
    for folder in ("project/app", "elsewhere"):
        (tmp_path / folder).mkdir(parents=True)
    project = tmp_path / "project"
    (project / "app/formation.afs").write_text('schema: "1.0.0"\nid: my-app\ndescription: An app\n')
    (project / "rules.yaml").write_text("- reply: Hi!\n")
    test = """
        from pathlib import Path
        import pytest

        @pytest.mark.parametrize("way", [
            pytest.param("str", marks=pytest.mark.muxi("app", script="rules.yaml", data="state")),
            pytest.param("path", marks=pytest.mark.muxi(Path("app"), script=Path("rules.yaml"), data=Path("state"))),
        ])
        def test_hi(muxi_server, way):
            assert muxi_server.formation_id == "my-app"
            assert muxi_server.formation().chat({"message": "hello"})["message"]["content"] == "Hi!"
        """
    (project / "test_app.py").write_text(textwrap.dedent(test))
    pytest_passes(project, 2, cwd=tmp_path / "elsewhere")
    assert (project / "state").is_dir()


def test_marks_add_up(tmp_path: Path) -> None:
    for name in ("near", "far"):
        (tmp_path / f"{name}.afs").write_text(f'schema: "1.0.0"\nid: {name}\ndescription: An app\n')
    test = """
        import pytest

        pytestmark = pytest.mark.muxi("far.afs", script=[{"reply": "far"}], data="state")

        def about(server):
            return server.formation_id, server.formation().chat({"message": "hello"})["message"]["content"]

        @pytest.mark.muxi("near.afs")
        class TestNear:
            def test_formations_are_those_of_the_class(self, muxi_server):
                assert about(muxi_server) == ("near", "far")

            @pytest.mark.muxi(script=[{"reply": "near"}])
            def test_each_keyword_is_that_of_the_nearest_mark(self, muxi_server):
                assert about(muxi_server) == ("near", "near")

            @pytest.mark.muxi(script=None)
            def test_none_takes_a_keyword_back(self, muxi_server):
                assert about(muxi_server) == ("near", "Echo: hello")

        def test_the_mark_of_the_module_is_enough(muxi_server):
            assert about(muxi_server) == ("far", "far")
        """
    (tmp_path / "test_app.py").write_text(textwrap.dedent(test))
    pytest_passes(tmp_path, 4)
    assert (tmp_path / "state").is_dir()


def test_a_wrong_mark_is_told_with_the_place_of_the_test(tmp_path: Path) -> None:
    wrong = [
        *WRONG_ARGUMENTS,
        (
            "formation='app'",
            "expected formations without a keyword, script=, quirks= or data=, not formation='app'",
        ),
        ("script=[{}]", "script: rule 1: "),
        ("'missing'", "the formation "),
    ]
    lines = ["import pytest"]
    for number, (arguments, _) in enumerate(wrong):
        lines += [f"@pytest.mark.muxi({arguments})", f"def test_{number}(muxi_server): pass"]
    (tmp_path / "test_marks.py").write_text("\n".join(lines))
    told = run_pytest(tmp_path).stdout
    for number, (_, words) in enumerate(wrong):
        assert f"\ntest_marks.py:{2 + 2 * number}: mark muxi: {words}" in told
    assert "_pytest.py" not in told


def test_a_warning_about_a_formation_has_the_place_of_the_test(tmp_path: Path) -> None:
    (tmp_path / "odd.afs").write_text('schema: "1.0.0"\nid: odd\ndescription: An app\ncolour: blue\n')
    (tmp_path / "test_odd.py").write_text("import pytest\n@pytest.mark.muxi('odd.afs')\ndef test(muxi_server): pass\n")
    words = "odd: odd.afs:4:1: 'colour' is not known here"
    told = run_pytest(tmp_path).stdout
    assert re.search(rf"test_odd\.py:2: UserWarning: {re.escape(words)}", told), told
    assert "_pytest.py" not in told
    assert "1 passed" in told
    assert "1 error" in run_pytest(tmp_path, "-W", "error").stdout
    assert "warning" not in run_pytest(tmp_path, "-W", "ignore").stdout
