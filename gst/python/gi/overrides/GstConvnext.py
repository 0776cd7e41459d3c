"""What GstConvnext has in Python beyond its functions in C: arrays of NumPy, iteration and indices.

PyGObject imports this file with `from gi.repository import GstConvnext`.

SPDX-License-Identifier: LGPL-2.1-or-later
"""
import ctypes

from gi.module import get_introspection_module
from gi.overrides import override

_C = get_introspection_module('GstConvnext')


class Tensor(_C.Tensor):
    def numpy(self):
        """Returns the values as a float32 array of the tensor's shape, for example [1, h, w, c]. It shares
        the tensor's memory, keeps it alive, and is read-only, because elements share results."""
        import numpy
        data = self.get_bytes()
        floats = (ctypes.c_float * (data.get_size() // 4)).from_address(data.get_region(1, 0, 1))
        floats.owner = data
        array = numpy.ctypeslib.as_array(floats).reshape(self.get_shape())
        array.flags.writeable = False
        return array

    def __array__(self, dtype=None, copy=None):
        import numpy
        array = self.numpy()
        if dtype is not None and numpy.dtype(dtype) != array.dtype:
            if copy is False:
                raise ValueError(f'{self.get_name()} is float32, so {dtype} needs a copy')
            return array.astype(dtype)
        return array.copy() if copy else array


class Result(_C.Result):
    def __iter__(self):
        """Iterates over the classes, best first."""
        return iter(self.list_classes())

    def __bool__(self):
        return True  # also without classes

    def __getitem__(self, name):
        """Returns the tensor of this name, or raises KeyError."""
        tensor = self.get_tensor(name)
        if tensor is None:
            raise KeyError(f'{name}: not attached; the property outputs of convnext chooses tensors')
        return tensor

    def __contains__(self, name):
        return self.get_tensor(name) is not None


class Class(_C.Class):
    def __iter__(self):
        """Index, label and score: `for index, label, score in result`."""
        return iter((self.index, self.label, self.score))

    def __repr__(self):
        return f'<GstConvnext.Class {self.index} {self.label!r} {self.score:.4f}>'


class Legend(_C.Legend):
    def __len__(self):
        return self.get_n_classes()

    def __getitem__(self, index):
        """Returns the label of a class, counted from 0."""
        if not 0 <= index < len(self):
            raise IndexError(f'class {index} of {len(self)}')
        return self.get_label(index)


Tensor, Result, Class, Legend = map(override, (Tensor, Result, Class, Legend))
__all__ = ['Tensor', 'Result', 'Class', 'Legend']
