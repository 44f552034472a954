"""Where real messages written by others lie, beside the repository; absent elsewhere, and then tests skip."""

from __future__ import annotations

from pathlib import Path

import pytest

SAMPLES = Path(__file__).resolve().parent.parent.parent / "shared" / "samples"

need_samples = pytest.mark.skipif(not SAMPLES.is_dir(), reason=f"the sample messages are not beside the repository ({SAMPLES.name})")
