"""The engine of a cluster, on a real Ray that is started here: what comes out is what one machine makes."""

import os
import sys
import threading
from pathlib import Path

import pytest
from test_local import contents, ended, rows
from toy_job import numbers
from waiting import until

from ctseg.batch.tasks import BatchError
from ctseg.batch.working import CRASHED

HERE = Path(__file__).parent


@pytest.fixture
def importable(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ray's workers find the toy job where these tests find it."""
    paths = (str(HERE), os.environ.get("PYTHONPATH", ""))
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(filter(None, paths)))


@pytest.mark.thorough
def test_one_node_writes_the_bytes_of_the_local_engine(tmp_path: Path, importable: None) -> None:
    tasks, told = numbers({"1": "refuse"}, count=4), []
    ended(tmp_path / "ray", tasks, told.append, engine="ray", workers=1)
    ended(tmp_path / "local", tasks)
    assert contents(tmp_path / "ray") == contents(tmp_path / "local")
    assert sorted((each.name, each.done, each.failed) for each in told) == [
        ("00000", 1, 0),
        ("00001", 0, 1),
        ("00002", 1, 0),
        ("00003", 1, 0),
    ]


@pytest.mark.slow
def test_workers_that_die_are_replaced(tmp_path: Path, importable: None) -> None:
    tasks, told = numbers({"1": "refuse", "2": "die once", "4": "die"}, count=6), []
    found = ended(tmp_path / "ray", tasks, told.append, engine="ray")
    assert found["4"]["error"] == CRASHED
    assert found["2"]["square"] == 4
    assert sum(each.done for each in told) == 4
    assert sum(each.failed for each in told) == 2
    ended(tmp_path / "local", tasks)
    assert contents(tmp_path / "ray") == contents(tmp_path / "local")
    assert rows(tmp_path / "ray") == found


@pytest.mark.slow
def test_a_node_lost_in_mid_run_changes_nothing(tmp_path: Path, importable: None) -> None:
    """Three nodes on this machine by Ray's own utility; one with a waiting worker is killed."""
    from ray.cluster_utils import Cluster

    tasks = numbers({"3": "wait", "4": "wait", "5": "refuse"}, count=8)
    nodes = Cluster(initialize_head=True, head_node_args={"num_cpus": 0})
    lost, _kept = (nodes.add_node(num_cpus=1) for _ in range(2))
    log, told = tmp_path / "ray.log", []

    def lose_a_node() -> None:
        until(lambda: log.exists() and {"3", "4"} & set(log.read_text().split()), "a worker to wait")
        nodes.remove_node(lost)
        Path(f"{log}-go").touch()

    watcher = threading.Thread(target=lose_a_node)
    watcher.start()
    try:
        ended(tmp_path / "ray", tasks, told.append, engine="ray", address=nodes.address)
    finally:
        watcher.join()
        assert lost not in nodes.list_all_nodes()
        nodes.shutdown()
    Path(f"{tmp_path / 'local'}.log-go").touch()
    ended(tmp_path / "local", tasks)
    assert contents(tmp_path / "ray") == contents(tmp_path / "local")


def test_without_ray_or_its_cluster_there_is_one_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(BatchError, match=r"install ctseg\[cluster\]"):
        ended(tmp_path / "run", numbers(count=1), engine="ray")
