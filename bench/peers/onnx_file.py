"""Reads an ONNX file as plain data, without the onnx package: nodes with their attributes, and initializers as NumPy arrays.

Only what a feature extractor needs: one graph, tensors stored inside the file. Field numbers are those of onnx.proto.
"""
import struct
from collections import namedtuple

import numpy as np

Node = namedtuple("Node", "op inputs outputs attributes name domain")
Graph = namedtuple("Graph", "nodes initializers inputs outputs")

DTYPES = {1: np.float32, 2: np.uint8, 3: np.int8, 6: np.int32, 7: np.int64, 9: np.bool_, 10: np.float16, 11: np.float64}
# TensorProto's fields of values that are not raw, with how one packed value is written.
VALUE_FIELDS = {4: "f", 5: "varint", 7: "varint", 10: "d"}


def varint(data, at):
    value = shift = 0
    while True:
        byte = data[at]
        at += 1
        value |= (byte & 127) << shift
        if byte < 128:
            return value, at
        shift += 7


def signed(value):
    return value - (1 << 64) if value >> 63 else value


def fields(data):
    """Every (field number, value) of a message: integers of varints, bytes of everything else."""
    at = 0
    while at < len(data):
        key, at = varint(data, at)
        kind = key & 7
        if kind == 0:
            value, at = varint(data, at)
            yield key >> 3, value
            continue
        if kind == 2:
            size, at = varint(data, at)
        elif kind in (1, 5):
            size = 8 if kind == 1 else 4
        else:
            raise ValueError(f"wire type {kind} is not one that ONNX uses")
        yield key >> 3, data[at : at + size]
        at += size


def unpacked(value, how):
    """The numbers of a repeated field, whether it is packed or one entry of several."""
    if isinstance(value, int):
        return [signed(value)]
    if how != "varint":
        return list(struct.unpack(f"<{len(value) // struct.calcsize(how)}{how}", value))
    numbers, at = [], 0
    while at < len(value):
        number, at = varint(value, at)
        numbers.append(signed(number))
    return numbers


def read_tensor(data):
    dims, kind, name, raw, numbers = [], 1, "", None, []
    for field, value in fields(data):
        if field == 1:
            dims += unpacked(value, "varint")
        elif field == 2:
            kind = value
        elif field in VALUE_FIELDS:
            numbers += unpacked(value, VALUE_FIELDS[field])
        elif field == 8:
            name = bytes(value).decode()
        elif field == 9:
            raw = value
        elif field == 14 and value == 1:
            raise ValueError("tensors in files beside the model are not read")
    dtype = DTYPES[kind]
    array = np.frombuffer(raw, dtype) if raw is not None else np.array(numbers, dtype)
    return name, array.reshape(dims).copy()


def read_attribute(data):
    name, kind, found = "", 0, {}
    for field, value in fields(data):
        if field == 1:
            name = bytes(value).decode()
        elif field == 20:
            kind = value
        elif field in (7, 8):
            found.setdefault(field, []).extend(unpacked(value, "f" if field == 7 else "varint"))
        elif field == 9:
            found.setdefault(field, []).append(bytes(value).decode())
        else:
            found[field] = value
    # AttributeProto.AttributeType: FLOAT, INT, STRING, TENSOR, FLOATS, INTS, STRINGS; a field left out holds its zero.
    if kind == 1:
        return name, struct.unpack("<f", found[2])[0] if 2 in found else 0.0
    if kind == 2:
        return name, signed(found.get(3, 0))
    if kind == 3:
        return name, bytes(found.get(4, b"")).decode()
    if kind == 4:
        return name, read_tensor(found[5])[1]
    if kind in (6, 7, 8):
        return name, found.get({6: 7, 7: 8, 8: 9}[kind], [])
    raise ValueError(f"attribute {name} is of a type that is not read: {kind}")


def read_node(data):
    inputs, outputs, attributes, name, op, domain = [], [], {}, "", "", ""
    for field, value in fields(data):
        if field == 1:
            inputs.append(bytes(value).decode())
        elif field == 2:
            outputs.append(bytes(value).decode())
        elif field == 3:
            name = bytes(value).decode()
        elif field == 4:
            op = bytes(value).decode()
        elif field == 5:
            key, content = read_attribute(value)
            attributes[key] = content
        elif field == 7:
            domain = bytes(value).decode()
    return Node(op, inputs, outputs, attributes, name, domain)


def name_of_value(data):
    return next(bytes(value).decode() for field, value in fields(data) if field == 1)


def read_graph(path):
    """The graph of an ONNX file; its inputs without those that are initializers."""
    with open(path, "rb") as file:
        model = memoryview(file.read())
    nodes, initializers, inputs, outputs = [], {}, [], []
    graph = next(value for field, value in fields(model) if field == 7)
    for field, value in fields(graph):
        if field == 1:
            nodes.append(read_node(value))
        elif field == 5:
            name, array = read_tensor(value)
            initializers[name] = array
        elif field == 11:
            inputs.append(name_of_value(value))
        elif field == 12:
            outputs.append(name_of_value(value))
    return Graph(nodes, initializers, [name for name in inputs if name not in initializers], outputs)
