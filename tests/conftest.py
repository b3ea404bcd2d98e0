import os

import pytest
import torch

# Tests neither show nor change what you have solved yourself.
os.environ["DROPOUT_PROGRESS"] = "off"

# One thread: timings and sums do not depend on how many cores the machine has.
torch.set_num_threads(1)

# so that a failed assert in this helper shows its values, as in a test file
pytest.register_assert_rewrite("elementwise")
