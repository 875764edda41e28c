#!/usr/bin/env python3
"""Converts models between xent and PyTorch or NumPy. A file's format is told by the end of its name:

  .safetensors   what model.save() of xent writes and readStateDict reads; any other file of the format too
  .pt, .pth      a state_dict that torch.save wrote, or that torch.load reads; needs torch
  .npz           NumPy's arrays by name; needs numpy

  convert.py model.safetensors model.pt       net.load_state_dict(torch.load("model.pt")) of an nn.Sequential
  convert.py model.pt model.safetensors       model.loadStateDict(readStateDict(bytes))
  convert.py --info model.safetensors         what is in a file

Tensors that belong to training alone (optimizer.*, best.*, last.*, metrics) are left out of a model of xent unless --all is
given. Metadata is kept in .safetensors and .npz; a state_dict has no place for it. BF16 becomes float32 in .npz, exactly.
"""

import argparse
import ctypes
import json
import math
import os
import pathlib
import re
import struct
import sys
import zipfile

# name in the file: (bytes of an element, NumPy's name, PyTorch's); the widest first, the order of tensors in a file
DTYPES = {
    "U64": (8, "uint64", "uint64"),
    "I64": (8, "int64", "int64"),
    "F64": (8, "float64", "float64"),
    "F32": (4, "float32", "float32"),
    "U32": (4, "uint32", "uint32"),
    "I32": (4, "int32", "int32"),
    "BF16": (2, None, "bfloat16"),
    "F16": (2, "float16", "float16"),
    "U16": (2, "uint16", "uint16"),
    "I16": (2, "int16", "int16"),
    "I8": (1, "int8", "int8"),
    "U8": (1, "uint8", "uint8"),
    "BOOL": (1, "bool", "bool"),
}
ORDER = list(DTYPES)
LONGEST_HEADER = 100_000_000
METADATA = "__metadata__"
OF_TRAINING = re.compile(r"(optimizer\.\d+\.|best\.|last\.|metrics$)")
SUFFIXES = (".safetensors", ".pt", ".pth", ".npz")


class Refused(Exception):
    """What is told to the user, without a trace."""


class Tensor:
    """Elements as little-endian bytes, row-major."""

    def __init__(self, dtype, shape, data):
        self.dtype, self.shape, self.data = dtype, tuple(shape), data


# --- safetensors -------------------------------------------------------------------------------------------------------------------


def once(pairs):
    """An object of JSON, no name of which comes twice."""
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a name comes twice")
    return found


def is_size(value):
    return type(value) is int and value >= 0


def entry(name, told):
    """dtype, shape, begin and end of a tensor, as the header has them, checked against each other."""
    fields = told if isinstance(told, dict) else {}
    dtype, shape, offsets = (fields.get(key) for key in ("dtype", "shape", "data_offsets"))
    if not isinstance(dtype, str) or dtype not in DTYPES:
        raise Refused(f'tensor "{name}" has the dtype {dtype!r}; known are {", ".join(DTYPES)}')
    if not isinstance(shape, list) or not all(map(is_size, shape)):
        raise Refused(f'tensor "{name}" has the shape {shape!r}')
    if not isinstance(offsets, list) or len(offsets) != 2 or not all(map(is_size, offsets)):
        raise Refused(f'tensor "{name}" has the offsets {offsets!r}')
    begin, end = offsets
    needed = math.prod(shape) * DTYPES[dtype][0]
    if end - begin != needed:
        raise Refused(f'tensor "{name}" has {end - begin} bytes; {dtype} of shape {shape} takes {needed}')
    return dtype, shape, begin, end


def texts(path, metadata):
    if not isinstance(metadata, dict) or not all(isinstance(value, str) for value in metadata.values()):
        raise Refused(f"the metadata of {path} is damaged: expected texts by name")
    return metadata


def read_safetensors(path):
    """Tensors and metadata by name; the format is described in docs/checkpoints.md."""
    size = path.stat().st_size
    with path.open("rb") as file:
        head = file.read(8)
        length = struct.unpack("<Q", head)[0] if len(head) == 8 else size
        if length > LONGEST_HEADER or 8 + length > size:
            raise Refused(f"{path} is no safetensors file, or cut off")
        try:
            header = json.loads(file.read(length).decode("utf-8"), object_pairs_hook=once)
        except (ValueError, RecursionError) as error:
            raise Refused(f"the header of {path} is damaged: {error}") from None
        if not isinstance(header, dict):
            raise Refused(f"the header of {path} is damaged: it is no object")
        metadata = texts(path, header.pop(METADATA, {}))
        entries = sorted(((name, *entry(name, told)) for name, told in header.items()), key=lambda one: one[3:])
        expected = 0
        for name, _, _, begin, end in entries:
            if begin != expected:
                raise Refused(f'tensor "{name}" begins at {begin}; the data before it ends at {expected}')
            expected = end
        if 8 + length + expected != size:
            raise Refused(f"{path} has {size} bytes; its header tells of {8 + length + expected}")
        tensors = {}
        for name, dtype, shape, begin, end in entries:
            tensors[name] = Tensor(dtype, shape, file.read(end - begin))
    return tensors, metadata


def write_safetensors(file, tensors, metadata):
    if METADATA in tensors:
        raise Refused(f'a tensor is called "{METADATA}", which the format keeps for itself')
    names = sorted(tensors, key=lambda name: (ORDER.index(tensors[name].dtype), name.encode("utf-8")))
    header = {METADATA: metadata} if metadata else {}
    end = 0
    for name in names:
        tensor = tensors[name]
        begin, end = end, end + len(tensor.data)
        header[name] = {"dtype": tensor.dtype, "shape": list(tensor.shape), "data_offsets": [begin, end]}
    text = json.dumps(header, separators=(",", ":"), ensure_ascii=False).encode("utf-8")
    text += b" " * (-len(text) % 8)
    file.write(struct.pack("<Q", len(text)))
    file.write(text)
    for name in names:
        file.write(tensors[name].data)


# --- PyTorch -----------------------------------------------------------------------------------------------------------------------


def import_torch():
    try:
        import torch
    except ImportError:
        raise Refused("PyTorch is needed for .pt and .pth files: pip install torch, or convert to .npz") from None
    return torch


def read_torch(path):
    torch = import_torch()
    try:
        state = torch.load(path, map_location="cpu", weights_only=True)
    except Exception:  # torch and pickle have many, and some advise to trust the file
        problem = "it is damaged, or holds more than tensors"
        raise Refused(f"{path}: {problem}; write it with torch.save(net.state_dict(), path)") from None
    # what training scripts save has the state_dict under a name
    for key in ("state_dict", "model_state_dict", "model"):
        if isinstance(state, dict) and isinstance(state.get(key), dict):
            state = state[key]
    if not isinstance(state, dict):
        raise Refused(f"{path} holds {type(state).__name__}, no state_dict")
    names = {getattr(torch, known[2], None): dtype for dtype, known in DTYPES.items()}
    tensors = {}
    for name, tensor in state.items():
        if not isinstance(name, str) or not isinstance(tensor, torch.Tensor):
            raise Refused(f"{path} is no state_dict: {name!r} is {type(tensor).__name__}, expected a tensor")
        if tensor.layout != torch.strided or tensor.dtype not in names:
            raise Refused(f'tensor "{name}" is {tensor.dtype}, {tensor.layout}; convert it to float32 first')
        if tensor.device.type != "cpu":
            raise Refused(f'tensor "{name}" is on the device {tensor.device}, which holds no numbers')
        # a view such as the imaginary part of a conjugate has the other sign in memory
        dense = tensor.detach().resolve_neg().contiguous()
        data = ctypes.string_at(dense.data_ptr(), dense.numel() * dense.element_size()) if dense.numel() else b""
        tensors[name] = Tensor(names[tensor.dtype], dense.shape, data)
    return tensors, {}


def write_torch(file, tensors, metadata):
    torch = import_torch()
    state = {}
    for name, tensor in tensors.items():
        dtype = getattr(torch, DTYPES[tensor.dtype][2], None)
        if dtype is None:
            raise Refused(f'tensor "{name}" is {tensor.dtype}, which this PyTorch ({torch.__version__}) has not')
        flat = torch.frombuffer(bytearray(tensor.data), dtype=dtype) if tensor.data else torch.empty(0, dtype=dtype)
        state[name] = flat.reshape(tensor.shape)
    torch.save(state, file)
    if metadata:
        print(f"The metadata ({', '.join(metadata)}) is left out: a state_dict has no place for it.", file=sys.stderr)


# --- NumPy -------------------------------------------------------------------------------------------------------------------------


def import_numpy():
    try:
        import numpy
    except ImportError:
        raise Refused("NumPy is needed for .npz files: pip install numpy") from None
    return numpy


def read_npz(path):
    numpy = import_numpy()
    names = {numpy.dtype(known[1]): dtype for dtype, known in DTYPES.items() if known[1]}
    tensors, metadata = {}, {}
    if not zipfile.is_zipfile(path):
        raise Refused(f"{path} is no .npz file, or cut off")
    try:
        with numpy.load(path, allow_pickle=False) as arrays:
            for name in arrays.files:
                array = arrays[name]
                if name == METADATA:
                    metadata = texts(path, json.loads(str(array)))
                    continue
                # of the machine's byte order, which is little-endian here
                dtype = names.get(array.dtype.newbyteorder("="))
                if dtype is None:
                    raise Refused(f'array "{name}" is {array.dtype}; convert it to float32 first')
                native = array.astype(array.dtype.newbyteorder("="), copy=False)
                # tobytes is row-major, whatever the array's own order
                tensors[name] = Tensor(dtype, array.shape, native.tobytes())
    except Refused:
        raise
    except Exception as error:  # of zipfile, zlib and numpy
        raise Refused(f"{path} cannot be read as .npz: {error}") from None
    return tensors, metadata


def write_npz(file, tensors, metadata):
    numpy = import_numpy()
    for name in ("file", "allow_pickle", METADATA):
        if name in tensors:
            raise Refused(f'a tensor is called "{name}", which numpy.savez or this script keeps for itself')
    arrays = {}
    for name, tensor in tensors.items():
        if tensor.dtype == "BF16":
            # an f32 whose lower half is 0
            flat = (numpy.frombuffer(tensor.data, "uint16").astype("uint32") << 16).view("float32")
        else:
            flat = numpy.frombuffer(tensor.data, DTYPES[tensor.dtype][1])
        arrays[name] = flat.reshape(tensor.shape)
    if metadata:
        arrays[METADATA] = numpy.array(json.dumps(metadata))
    numpy.savez(file, **arrays)


# --- the command -------------------------------------------------------------------------------------------------------------------

READ = {".safetensors": read_safetensors, ".pt": read_torch, ".pth": read_torch, ".npz": read_npz}
WRITE = {".safetensors": write_safetensors, ".pt": write_torch, ".pth": write_torch, ".npz": write_npz}


def suffix_of(path):
    suffix = path.suffix.lower()
    if suffix not in SUFFIXES:
        raise Refused(f"{path} ends with {suffix or 'nothing'}; known are {', '.join(SUFFIXES)}")
    return suffix


def read(path):
    if not path.is_file():
        raise Refused(f"{path} is no file")
    return READ[suffix_of(path)](path)


def write(path, tensors, metadata):
    """In one move: the name stands for the old file or for the new one, whole."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        with temporary.open("wb") as file:
            WRITE[suffix_of(path)](file, tensors, metadata)
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


def net_alone(tensors, metadata):
    """A model of xent without what belongs to its training. Its metadata then tells of none, so that it can be loaded."""
    if "xent" not in metadata:
        return tensors, metadata
    kept = {name: tensor for name, tensor in tensors.items() if not OF_TRAINING.match(name)}
    if "training" in metadata:
        try:
            training = dict(json.loads(metadata["training"]))
        except (ValueError, TypeError):
            raise Refused('the metadata is damaged: "training" is no object of JSON') from None
        told = {key: training[key] for key in ("optimizer", "batches") if key in training}
        metadata = {**metadata, "training": json.dumps(told, separators=(",", ":"), ensure_ascii=False)}
    return kept, metadata


def info(path):
    tensors, metadata = read(path)
    width = max((len(name) for name in tensors), default=0)
    for name, tensor in tensors.items():
        print(f"{name:<{width}}  {tensor.dtype:<4}  [{', '.join(map(str, tensor.shape))}]")
    elements = sum(math.prod(tensor.shape) for tensor in tensors.values())
    print(f"{len(tensors)} tensors, {elements} numbers, {sum(len(tensor.data) for tensor in tensors.values())} bytes")
    for key, value in metadata.items():
        print(f"{key}: {value if len(value) <= 200 else value[:200] + '…'}")


def convert(source, target, everything):
    if READ[suffix_of(source)] == READ[suffix_of(target)]:
        raise Refused(f"{source} and {target} are of one format; name two")
    if not target.parent.is_dir():
        raise Refused(f"{target.parent} is no folder")
    tensors, metadata = read(source)
    if not everything:
        tensors, metadata = net_alone(tensors, metadata)
    write(target, tensors, metadata)
    print(f"{target}: {len(tensors)} tensors")


def main():
    form = argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=form)
    parser.add_argument("source", type=pathlib.Path, help="the file to read")
    parser.add_argument("target", type=pathlib.Path, nargs="?", help="the file to write")
    parser.add_argument("--info", action="store_true", help="print what is in the source, and write nothing")
    parser.add_argument("--all", action="store_true", help="keep the tensors that belong to training")
    given = parser.parse_args()
    if given.info == (given.target is not None):
        parser.error("pass a target to write, or --info")
    try:
        if sys.byteorder != "little":
            raise Refused("this script reads numbers as they stand in the file: it needs a little-endian machine")
        if given.info:
            info(given.source)
        else:
            convert(given.source, given.target, given.all)
    except (Refused, OSError, UnicodeError) as error:
        sys.exit(f"convert.py: {error}")


if __name__ == "__main__":
    main()
