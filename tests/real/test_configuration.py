"""State and configuration of the formation."""

from __future__ import annotations

from pathlib import Path

import pytest
from muxi import NotFoundError, ValidationError

from real.faces import Face
from real.support import Defects, Runtime


def test_health(face: Face) -> None:
    first, second = face.call("health"), face.call("health")
    assert (first["status"], first["version"]) == ("healthy", "1.0.0")
    assert second["uptime_seconds"] >= first["uptime_seconds"]


def test_get_status(face: Face) -> None:
    status = face.call("get_status")
    assert status["formation"]["id"] == "integration"
    assert status["agents"] == {"count": 2, "active": 2}
    assert status["stats"]["running"]["seconds"] > 0


def test_get_config(face: Face) -> None:
    config = face.call("get_config")
    assert (config["formation_id"], config["agents"]["total"]) == ("integration", 2)
    assert config["mcp"]["servers"] == {"total": 1, "resource": "/v1/mcp/servers"}


def test_get_formation_info(face: Face, runtime: Runtime) -> None:
    document = face.call("get_formation_info")
    assert document["id"] == "integration"
    assert document["llm"]["api_keys"]["openai"] == "${{ secrets.OPENAI_API_KEY }}"
    assert runtime.keys["admin_key"] not in str(document)


def test_get_agents(face: Face) -> None:
    agents = face.call("get_agents")
    assert [agent["id"] for agent in agents["agents"]] == ["assistant", "researcher"]
    assert agents["count"] == 2


def test_get_agent(face: Face) -> None:
    agent = face.call("get_agent", "researcher")
    assert (agent["name"], agent["source"]) == ("Researcher", "formation")
    with pytest.raises(NotFoundError, match="AGENT_NOT_FOUND: Agent 'nobody' not found"):
        face.call("get_agent", "nobody")


def test_sync_agent_knowledge(face: Face) -> None:
    [source] = face.call("get_agent", "researcher")["knowledge"]["sources"]
    notes = Path(source["url"].removeprefix("file://"))
    notes.write_text(f"{notes.read_text()}\nThe {face.name} river is short.\n")
    synced = face.call("sync_agent_knowledge", "researcher", source_id="rivers")
    assert synced["agent_id"] == "researcher"
    assert [(s["source_id"], s["status"], s["files_modified"]) for s in synced["results"]] == [("rivers", "success", 1)]
    [again] = face.call("sync_agent_knowledge", "researcher")["results"]
    assert again["files_modified"] == 0
    with pytest.raises(ValidationError, match="INVALID_REQUEST: Agent 'assistant' has no remote knowledge sources"):
        face.call("sync_agent_knowledge", "assistant")
    with pytest.raises(NotFoundError, match="RESOURCE_NOT_FOUND: No remote knowledge source 'lakes'"):
        face.call("sync_agent_knowledge", "researcher", source_id="lakes")


def test_rebuild_knowledge_trees(face: Face) -> None:
    everyone = face.call("rebuild_knowledge_trees")
    assert set(everyone["agents"]) == {"assistant", "researcher", "muxi-generalist"}
    one = face.call("rebuild_knowledge_trees", agent_id="researcher", source_id="rivers")
    assert (list(one["agents"]), one["source_id"]) == (["researcher"], "rivers")


def test_get_mcp_servers(face: Face) -> None:
    servers = face.call("get_mcp_servers")
    assert [(server["id"], server["type"]) for server in servers["servers"]] == [("toolbox", "command")]


def test_get_mcp_server(face: Face) -> None:
    assert face.call("get_mcp_server", "toolbox")["args"][0].endswith("mcp_server.py")
    with pytest.raises(NotFoundError, match="MCP_SERVER_NOT_FOUND"):
        face.call("get_mcp_server", "nothing")


def test_get_mcp_tools(face: Face, defects: Defects) -> None:
    names = [tool["name"] for tool in face.call("get_mcp_tools")["tools"]]
    assert "formation_list_agents" in names
    assert not any("echo" in name for name in names)
    defects.met("15", "get_mcp_tools is a fixed list, without the tools of the formation's MCP servers")


def test_get_mcp_config(face: Face) -> None:
    config = face.call("get_mcp_config")
    assert (config["default_retry_attempts"], config["servers"][0]["id"]) == (3, "toolbox")


def test_get_overlord_config(face: Face) -> None:
    config = face.call("get_overlord_config")
    assert (config["response"], config["workflow"]) == (
        {"format": "markdown", "streaming": True},
        {"auto_decomposition": False},
    )


def test_get_overlord_soul(face: Face) -> None:
    assert face.call("get_overlord_soul")["soul"] == "You are a helpful, professional assistant."


def test_get_llm_settings(face: Face) -> None:
    settings = face.call("get_llm_settings")
    assert settings["settings"]["max_tokens"] == 1000
    assert settings["api_keys"]["openai"].startswith("${{ secrets.")


def test_get_async_config(face: Face) -> None:
    assert face.call("get_async_config")["threshold_seconds"] == 30


def test_get_a2a_config(face: Face) -> None:
    assert set(face.call("get_a2a_config")) == {"request_id", "timestamp"}  # the formation has no such section


def test_get_logging_config(face: Face) -> None:
    assert set(face.call("get_logging_config")) == {"request_id", "timestamp"}


def test_get_logging_destinations(face: Face) -> None:
    destinations = face.call("get_logging_destinations")
    assert destinations["system"] == {"level": "debug", "destination": "stdout"}
    assert destinations["conversation"] == {"destinations": [], "count": 0}


def test_get_memory_config(face: Face, defects: Defects) -> None:
    config = face.call("get_memory_config")
    assert config["buffer"] == {"size": 10, "vector_search": False}
    assert config["persistent"]["connection_string"].startswith("postgresql://postgres:")
    defects.met("14", "get_memory_config shows the database password")


def test_get_scheduler_config(face: Face) -> None:
    config = face.call("get_scheduler_config")
    assert (config["enabled"], config["timezone"], config["default_time"]) == (True, "UTC", "09:00")
