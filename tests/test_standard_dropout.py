from dropout_lib import pytorch, scratch
from tests.variants import Elementwise


class TestStandardDropout(Elementwise):
    scratch_layer = scratch.StandardDropout
    scratch_forward = staticmethod(scratch.standard_dropout_forward)
    scratch_backward = staticmethod(scratch.standard_dropout_backward)
    torch_layer = pytorch.StandardDropout
    torch_forward = staticmethod(pytorch.standard_dropout_forward)
    torch_backward = staticmethod(pytorch.standard_dropout_backward)
    torch_function = staticmethod(pytorch.functional.standard_dropout)

    @staticmethod
    def train_scale(p):
        return 1

    @staticmethod
    def eval_scale(p):
        return 1 - p
