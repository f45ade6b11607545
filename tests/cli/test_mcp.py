"""The tools for agents, asked by the protocol's own client over stdio."""

import asyncio
import os
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ctseg.datasets.phantom import phantom_slice, write_dicom
from ctseg.labelmaps.files import write_png16

mcp = pytest.importorskip("mcp")
BOUND_SECONDS = 120
PAGE = (Path(__file__).resolve().parents[2] / "docs" / "agents.md").read_text(encoding="utf-8")


async def _talk(calls: list[tuple[str, dict[str, Any]]]) -> tuple[list[Any], list[Any]]:
    from mcp import ClientSession, StdioServerParameters, stdio_client

    started = StdioServerParameters(command=sys.executable, args=["-m", "ctseg", "mcp"], env=dict(os.environ))
    async with stdio_client(started) as streams, ClientSession(*streams) as session:
        await session.initialize()
        tools = (await session.list_tools()).tools
        return tools, [await session.call_tool(name, asked) for name, asked in calls]


@pytest.mark.thorough
def test_an_agent_segments_compares_scores_and_reads_a_board(tmp_path: Path) -> None:
    phantom = phantom_slice(13, "abdomen")
    write_dicom(phantom, tmp_path / "slice.dcm")
    true = str(tmp_path / "true.png")
    write_png16(tmp_path / "true.png", phantom.label_map)
    path, out = str(tmp_path / "slice.dcm"), tmp_path / "out"
    calls: list[tuple[str, dict[str, Any]]] = [
        ("segment", {"path": path, "out": str(out), "method": "sobel-tree", "regions": 12}),
        ("compare", {"path": path, "methods": ["multi-otsu", "sobel-tree"]}),
        ("score", {"predicted": true, "true": true}),
        ("board", {"name": "phantom-val"}),
        ("segment", {"path": str(tmp_path / "none.dcm"), "out": str(out)}),
        ("board", {"name": "nothing"}),
    ]
    tools, answers = asyncio.run(asyncio.wait_for(_talk(calls), BOUND_SECONDS))
    assert {tool.name for tool in tools} == {"segment", "compare", "score", "board"}
    assert all(f"`{tool.name}`" in PAGE and len(tool.description) > 150 for tool in tools)
    segmented, compared, scored, board = (answer.structured_content for answer in answers[:4])
    assert any(name.startswith(str(out)) and name.endswith(".png") for name in segmented["files"])
    assert 1 <= len(segmented["structures"]) <= 12
    assert "diagnosis" in segmented["report"]["disclaimer"]
    assert set(compared["methods"]) == {"multi-otsu", "sobel-tree"}
    assert -1 <= compared["agreement"][0]["ari"] <= 1
    assert scored["scores"]["ari"] == 1.0
    assert board["rows"][0]["rank"] == 1
    assert not [row for row in board["rows"] if "scores" in row]
    for refused in answers[4:]:
        assert refused.is_error
        assert "Traceback" not in refused.content[0].text
    assert np.isfinite(scored["scores"]["fg_ari"])
