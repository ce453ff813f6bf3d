"""Vectors of embedding methods from their definitions, in numpy: hashes, addresses and arithmetic, independent of the C# code.

usage: vectors.py FILE     FILE is a safetensors file with the rows of a field, "ids" and the "vectors" to compare with;
                           its metadata hold method, options, field, seed and dimension.
prints the largest difference; ends with 1 if it is above 1e-5.
"""
import json
import struct
import sys

import numpy as np

MASK = (1 << 64) - 1


def load(path):
    with open(path, "rb") as file:
        (length,) = struct.unpack("<Q", file.read(8))
        header = json.loads(file.read(length))
        data = file.read()
    metadata = header.pop("__metadata__")
    kinds = {"F32": np.float32, "I64": np.int64}
    tensors = {}
    for name, entry in header.items():
        begin, end = entry["data_offsets"]
        tensors[name] = np.frombuffer(data[begin:end], kinds[entry["dtype"]]).reshape(entry["shape"])
    return metadata, tensors


def mix(value):
    """SplitMix64 (Steele et al., 2014)."""
    value = (value + 0x9E3779B97F4A7C15) & MASK
    value = ((value ^ (value >> 30)) * 0xBF58476D1CE4E5B9) & MASK
    value = ((value ^ (value >> 27)) * 0x94D049BB133111EB) & MASK
    return value ^ (value >> 31)


def salt(seed, name, lookup):
    """FNV-1a of the name, mixed with the seed and the number of the look-up."""
    value = 14695981039346656037
    for byte in name.encode():
        value = ((value ^ byte) * 1099511628211) & MASK
    return mix((mix(value ^ mix(seed)) + lookup) & MASK)


def row_of(number, salt_, count):
    """The hash scaled to [0, count) by the upper half of a product (Lemire, 2019)."""
    return (mix(number ^ salt_) * count) >> 64


class Field:
    def __init__(self, metadata, tensors):
        self.seed = int(metadata["seed"])
        self.name = metadata["field"]
        self.dimension = int(metadata["dimension"])
        self.vocabulary = int(metadata["vocabulary"])
        self.options = dict(o.split("=") for o in metadata["options"].split())
        self.tables = {name: rows.astype(np.float64) for name, rows in tensors.items()}

    def table(self, part):
        return self.tables[f"s/{self.name}/{part}"]

    def salt(self, lookup):
        return salt(self.seed, self.name, lookup)


def hash_embedding(field, number):
    rows, weights = field.table("rows"), field.table("weights")
    hashes = weights.shape[1]
    own = number if len(weights) == field.vocabulary else row_of(number, field.salt(hashes), len(weights))
    read = [rows[row_of(number, field.salt(j), len(rows))] for j in range(hashes)]
    return sum(weight * row for weight, row in zip(weights[own], read))


def qr(field, number):
    parts = int(field.options.get("parts", 2))
    if field.options.get("radix") == "chinese":
        read = [(t := field.table(f"residue_{j}"))[number % len(t)] for j in range(parts)]
    else:
        names = ["remainder"] + [f"digit_{j}" for j in range(1, parts - 1)] + ["quotient"]
        read = []
        for name in names:
            table = field.table(name)
            read.append(table[number % len(table)])
            number //= len(table)
    combine = field.options.get("combine", "mult")
    if combine == "concat":
        return np.concatenate(read[::-1])
    return sum(read) if combine == "add" else np.prod(read, axis=0)


def tt_rec(field, number):
    cores = [field.table(f"core_{k}") for k in (1, 2, 3)]
    digits = []
    for core in reversed(cores):
        digits.insert(0, number % len(core))
        number //= len(core)
    d = field.dimension
    d1, d2, d3 = min(
        ((a, b, d // (a * b)) for a in range(1, d + 1) for b in range(a, d + 1) if d % (a * b) == 0 and d // (a * b) >= b), key=sum)
    rank = cores[0].shape[1] // d1
    first = cores[0][digits[0]].reshape(d1, rank)
    second = cores[1][digits[1]].reshape(rank, d2, rank)
    third = cores[2][digits[2]].reshape(d3, rank)
    return np.einsum("ar,rbs,cs->abc", first, second, third).reshape(-1)


def robe(field, number):
    array = field.tables["s/robe"]
    block = array.shape[1]
    flat = array.reshape(-1)
    vector = []
    for k in range(-(-field.dimension // block)):
        start = row_of(number, field.salt(k), len(flat))
        vector += [flat[(start + i) % len(flat)] for i in range(min(block, field.dimension - k * block))]
    if field.options.get("signs") == "false":
        return np.array(vector)
    code = mix(number ^ field.salt(-1))
    signs = [1 - 2 * ((mix((code + i // 64) & MASK) >> (i % 64)) & 1) for i in range(len(vector))]
    return np.array(vector) * signs


def dhe(field, number):
    layers = [field.table(f"layer_{k + 1}") for k in range(int(field.options.get("layers", 2)))]
    code = mix(number ^ field.salt(0))
    bits = [(mix((code + j // 2) & MASK) >> (32 * (j % 2))) & 0xFFFFFFFF for j in range(len(layers[0]) - 1)]
    x = np.array([((b >> 8) * 2 + 1 - (1 << 24)) / (1 << 24) for b in bits])
    for layer in layers:
        x = np.append(x, 1) @ layer
        x = np.maximum(x, 0) if field.options.get("activation") == "relu" else x * np.tanh(np.log1p(np.exp(x)))
    return np.append(x, 1) @ field.table("output")


def main():
    metadata, tensors = load(sys.argv[1])
    ids, vectors = tensors.pop("ids"), tensors.pop("vectors")
    field = Field(metadata, tensors)
    method = {"hash_embedding": hash_embedding, "qr": qr, "tt_rec": tt_rec, "robe": robe, "dhe": dhe}[metadata["method"]]
    expected = np.array([method(field, int(number)) for number in ids])
    difference = float(np.abs(expected - vectors).max())
    print(difference)
    sys.exit(0 if difference <= 1e-5 else 1)


main()
