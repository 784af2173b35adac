"""What cannot fit is refused with both numbers, before anything is made."""

import pytest

from crl_train import memory
from crl_train.errors import ConfigError
from crl_train.memory import free_host_memory, require_memory


def test_what_fits_is_accepted_and_one_byte_more_refused_by_its_largest_part():
    parts = {"width": 3 * 10**9, "num_envs": 10**9}
    require_memory("this run", parts, free=4 * 10**9)
    message = (
        r"^this run needs at least 4\.0 GB of memory and 4\.0 GB are free: width alone takes 3\.0 GB\. Lower it, or "
        r"use a machine with more memory\.$"
    )
    with pytest.raises(ConfigError, match=message):
        require_memory("this run", parts, free=4 * 10**9 - 1)


@pytest.mark.parametrize(("limit", "free"), [("1000", 1000), ("max", None), ("", None), (str(2**63), None)])
def test_the_limit_of_a_container_counts(tmp_path, monkeypatch, limit, free):
    (tmp_path / "memory.max").write_text(f"{limit}\n")
    monkeypatch.setattr(memory, "_CGROUP_LIMITS", (tmp_path / "none", tmp_path / "memory.max"))
    assert free_host_memory() == free if free else free_host_memory() > 10**6
