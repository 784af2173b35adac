"""What cannot fit is refused with both numbers, before anything is made."""

import pytest

from crl_train import memory
from crl_train.errors import ConfigError
from crl_train.memory import free_host_memory, require_memory


def test_what_fits_is_accepted_and_one_byte_more_refused_by_its_largest_part():
    parts = {"width": 3 * 10**9, "num_envs": 10**9}
    require_memory("this run", parts, free=4 * 10**9)
    message = (
        r"^this run needs at least 4\.0 GB of memory \(width alone takes 3\.0 GB\) and 4\.0 GB are free\. Lower width, "
        r"or use a machine with more memory\.$"
    )
    with pytest.raises(ConfigError, match=message):
        require_memory("this run", parts, free=4 * 10**9 - 1)
    with pytest.raises(ConfigError, match=r"are free\. Lower width, leave it, or use a machine with more memory\.$"):
        require_memory("this run", parts, free=0, way_out="leave it")
    with pytest.raises(
        ConfigError, match=r"^it needs at least 2\.0 MB of memory and 1\.0 MB are free\. Lower episodes, or"
    ):
        require_memory("it", {"episodes": 2 * 10**6}, free=10**6)


@pytest.mark.parametrize(("limit", "free"), [("1000", 1000), ("max", None), ("", None), (str(2**63), None)])
def test_the_limit_of_a_container_counts(tmp_path, monkeypatch, limit, free):
    (tmp_path / "memory.max").write_text(f"{limit}\n")
    monkeypatch.setattr(memory, "_CGROUP_LIMITS", (tmp_path / "none", tmp_path / "memory.max"))
    assert free_host_memory() == free if free else free_host_memory() > 10**6
