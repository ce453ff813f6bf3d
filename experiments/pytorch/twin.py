#!/usr/bin/env python3
"""The click models in plain PyTorch: the twin that `recsys bench` compares itself with.

The twin reads a job folder written by `recsys bench`:
  job.json              model, fields, features, optimisers, batch size
  train.safetensors     ids, numbers, labels and labels of further tasks in the order of training; jagged features have NAME.offsets
  test.safetensors      the same for the test split
  initial.safetensors   first values of all parameters, under the names used here; their shapes are those of the layers
and prints JSON lines; the last one has "event": "result".

Modes: `train` runs all samples once and scores the test split; `gradients` runs one batch forward and backward and
writes loss, logits and gradients to gradients.safetensors.

Threads and allocator are those of the environment: nothing is set here.
"""
import argparse
import json
import os
import struct
import sys
import time

import numpy as np
import torch
import torch.nn.functional as F

DTYPES = {"F32": np.float32, "F64": np.float64, "I64": np.int64, "I32": np.int32, "U8": np.uint8}


def read_safetensors(path):
    with open(path, "rb") as file:
        (header_length,) = struct.unpack("<Q", file.read(8))
        header = json.loads(file.read(header_length))
    data = np.memmap(path, mode="r", offset=8 + header_length)
    tensors = {}
    for name, entry in header.items():
        if name != "__metadata__":
            start, end = entry["data_offsets"]
            tensors[name] = data[start:end].view(DTYPES[entry["dtype"]]).reshape(entry["shape"])
    return tensors


def write_safetensors(path, tensors):
    header, offset, arrays = {}, 0, []
    for name, tensor in tensors.items():
        array = np.ascontiguousarray(tensor.detach().numpy().astype(np.float32))
        header[name] = {"dtype": "F32", "shape": list(array.shape), "data_offsets": [offset, offset + array.nbytes]}
        offset += array.nbytes
        arrays.append(array)
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    with open(path, "wb") as file:
        file.write(struct.pack("<Q", len(text)))
        file.write(text)
        for array in arrays:
            file.write(array.tobytes())


class Split:
    """Samples of one split, cut into batches."""

    def __init__(self, path, job):
        self.tensors = read_safetensors(path)
        self.features = job["features"]
        self.labels = torch.from_numpy(np.array(self.tensors["label"]))
        self.tasks = torch.from_numpy(np.array(self.tensors["tasks"])) if "tasks" in self.tensors else None
        self.numeric = torch.from_numpy(np.array(self.tensors["numeric"])) if "numeric" in self.tensors else None
        self.offsets = {f["name"]: np.array(self.tensors[f["name"] + ".offsets"]) for f in self.features if not f["single"]}

    def __len__(self):
        return len(self.labels)

    def batch(self, start, end):
        ids, offsets = [], []
        for feature in self.features:
            name = feature["name"]
            if feature["single"]:
                ids.append(torch.from_numpy(self.tensors[name][start:end].astype(np.int64)))
                offsets.append(None)
            else:
                bounds = self.offsets[name][start:end + 1]
                ids.append(torch.from_numpy(self.tensors[name][bounds[0]:bounds[-1]].astype(np.int64)))
                offsets.append(torch.from_numpy(bounds[:-1] - bounds[0]).long())
        labels = (self.labels[start:end], None if self.tasks is None else self.tasks[start:end])
        return (ids, offsets, None if self.numeric is None else self.numeric[start:end]), labels


class Lookup(torch.nn.Module):
    """One table for all fields, addressed by field offset + id: the fastest form in PyTorch."""

    def __init__(self, job, width):
        super().__init__()
        self.sparse = job["optimizer"] != "dense_adam"
        self.starts, total = {}, 0
        for field in job["fields"]:
            self.starts[field["name"]] = total
            total += field["size"]
        self.weight = torch.nn.Parameter(torch.zeros(total, width))

    def vectors(self, features, ids, offsets):
        shifted = [ids[f] + self.starts[feature["field"]] for f, feature in enumerate(features)]
        if all(feature["single"] for feature in features):
            return F.embedding(torch.stack(shifted, 1), self.weight, sparse=self.sparse)
        single = [f for f, feature in enumerate(features) if feature["single"]]
        looked_up = F.embedding(torch.stack([shifted[f] for f in single], 1), self.weight, sparse=self.sparse).unbind(1)
        columns = dict(zip(single, looked_up))
        for f in range(len(features)):
            if f not in columns:
                columns[f] = F.embedding_bag(shifted[f], self.weight, offsets[f], mode="mean", sparse=self.sparse)
        return torch.stack([columns[f] for f in range(len(features))], 1)

    def sequence(self, feature, ids):
        return F.embedding(ids + self.starts[feature["field"]], self.weight, sparse=self.sparse)


class Dice(torch.nn.Module):
    def __init__(self, width):
        super().__init__()
        self.alpha = torch.nn.Parameter(torch.zeros(width))
        self.norm = torch.nn.BatchNorm1d(width, eps=1e-9, momentum=0.01, affine=False)

    def forward(self, x):
        p = torch.sigmoid(self.norm(x))
        return p * x + (1 - p) * self.alpha * x


def linear(shapes, name):
    outputs, inputs = shapes[name + ".weight"]
    return torch.nn.Linear(inputs, outputs, bias=name + ".bias" in shapes)


ACTIVATIONS = {"dice": Dice, "relu": lambda width: torch.nn.ReLU(), "sigmoid": lambda width: torch.nn.Sigmoid(), "prelu": torch.nn.PReLU}


class Mlp(torch.nn.Module):
    def __init__(self, shapes, name, activation):
        super().__init__()
        self.depth = 0
        while f"{name}.linear{self.depth}.weight" in shapes:
            layer = linear(shapes, f"{name}.linear{self.depth}")
            setattr(self, f"linear{self.depth}", layer)
            if f"{name}.layer_norm{self.depth}.weight" in shapes:
                setattr(self, f"layer_norm{self.depth}", torch.nn.LayerNorm(layer.out_features))
            setattr(self, f"activation{self.depth}", ACTIVATIONS[activation](layer.out_features))
            self.depth += 1
        self.output = linear(shapes, name + ".output") if name + ".output.weight" in shapes else None

    def forward(self, x):
        for i in range(self.depth):
            x = getattr(self, f"linear{i}")(x)
            if hasattr(self, f"layer_norm{i}"):
                x = getattr(self, f"layer_norm{i}")(x)
            x = getattr(self, f"activation{i}")(x)
        return x if self.output is None else self.output(x)


def flatten(vectors, numeric):
    flat = vectors.flatten(1)
    return flat if numeric is None else torch.cat([flat, numeric], 1)


def width_of(shapes, name, job):
    return shapes[f"{name}/{job['fields'][0]['name']}"][1]


class FirstOrder(torch.nn.Module):
    """bias + one weight per id + one weight per number"""

    def __init__(self, shapes, name):
        super().__init__()
        self.bias = torch.nn.Parameter(torch.zeros(1))
        if name + ".numeric_weight" in shapes:
            self.numeric_weight = torch.nn.Parameter(torch.zeros(shapes[name + ".numeric_weight"]))

    def forward(self, weights, numeric):
        logits = self.bias + weights.flatten(1).sum(1)
        return logits if numeric is None else logits + (numeric @ self.numeric_weight).squeeze(1)


class Base(torch.nn.Module):
    """Looks vectors up and hands them to `score`."""

    def __init__(self, job, shapes):
        super().__init__()
        self.crossed = job["features"]
        self.features = [feature for feature in job["features"] if not feature["cross"]]  # crosses stand behind them
        self.linear = Lookup(job, width_of(shapes, "linear", job)) if any(name.startswith("linear/") for name in shapes) else None
        self.embedding = Lookup(job, width_of(shapes, "embedding", job)) if any(name.startswith("embedding/") for name in shapes) else None
        if "first_order.bias" in shapes:
            self.first_order = FirstOrder(shapes, "first_order")
        if "dnn.output.weight" in shapes:
            self.dnn = Mlp(shapes, "dnn", "relu")

    def forward(self, ids, offsets, numeric):
        weights = None if self.linear is None else self.linear.vectors(self.weighted(), ids, offsets)
        vectors = None if self.embedding is None else self.embedding.vectors(self.features, ids, offsets)
        return self.score(weights, vectors, numeric)

    def weighted(self):
        return self.features


class Lr(Base):
    def weighted(self):
        return self.crossed

    def score(self, weights, v, numeric):
        return self.first_order(weights, numeric)


class Fm(Base):
    def score(self, weights, v, numeric):
        return self.first_order(weights, numeric) + 0.5 * (v.sum(1).square() - v.square().sum(1)).sum(1)


class FwFm(Base):
    def __init__(self, job, shapes):
        super().__init__(job, shapes)
        self.pairs = linear(shapes, "pairs")
        if "field_vectors" in shapes:
            self.field_vectors = torch.nn.Parameter(torch.zeros(shapes["field_vectors"]))

    def score(self, weights, v, numeric):
        count, place, pairs = v.shape[1], 0, 0
        for i in range(count):
            for j in range(i):
                pairs = pairs + self.pairs.weight[0, place] * (v[:, i] * v[:, j]).sum(1)
                place += 1
        if weights is None:
            weights = torch.einsum("bfd,fd->bf", v, self.field_vectors)
        elif weights.shape[2] > 1:
            weights = torch.einsum("bfd,bfd->bf", v, weights)
        return pairs + self.first_order(weights, numeric)


class Ffm(Base):
    def score(self, weights, v, numeric):
        count, pairs = v.shape[1], 0
        v = v.view(len(v), count, count - 1, -1)
        for i in range(count):
            for j in range(i + 1, count):
                pairs = pairs + (v[:, i, j - 1] * v[:, j, i]).sum(1)
        return pairs + self.first_order(weights, numeric)


class WideDeep(Base):
    def __init__(self, job, shapes):
        super().__init__(job, shapes)
        self.wide = FirstOrder(shapes, "wide")

    def weighted(self):
        return self.crossed

    def score(self, weights, v, numeric):
        return self.wide(weights, numeric) + self.dnn(flatten(v, numeric)).squeeze(1)


class DeepFm(Base):
    def score(self, weights, v, numeric):
        second = 0.5 * (v.sum(1).square() - v.square().sum(1)).sum(1)
        return self.first_order(weights, numeric) + second + self.dnn(flatten(v, numeric)).squeeze(1)


class Ipnn(Base):
    def score(self, weights, v, numeric):
        dots = [(v[:, i] * v[:, j]).sum(1, keepdim=True) for i in range(v.shape[1]) for j in range(i)]
        return self.dnn(torch.cat([flatten(v, numeric)] + dots, 1)).squeeze(1)


class Dcn(Base):
    def __init__(self, job, shapes):
        super().__init__(job, shapes)
        self.depth = 0
        while f"cross{self.depth}.weight" in shapes:
            setattr(self, f"cross{self.depth}", linear(shapes, f"cross{self.depth}"))
            setattr(self, f"cross{self.depth}_bias", torch.nn.Parameter(torch.zeros(shapes[f"cross{self.depth}_bias"])))
            self.depth += 1
        self.cross_output = linear(shapes, "cross_output")

    def score(self, weights, v, numeric):
        x = start = flatten(v, numeric)
        for i in range(self.depth):
            x = torch.bmm(start.unsqueeze(2), x.unsqueeze(1)) @ getattr(self, f"cross{i}").weight[0] + getattr(self, f"cross{i}_bias") + x
        return (self.cross_output(x) + self.dnn(start)).squeeze(1)


class LowRankCrosses(torch.nn.Module):
    def __init__(self, shapes):
        super().__init__()
        self.depth = sum(1 for name in shapes if name.startswith("crosses.core"))
        for i in range(self.depth):
            for part in ("down", "core", "up", "bias"):
                setattr(self, f"{part}{i}", torch.nn.Parameter(torch.zeros(shapes[f"crosses.{part}{i}"])))
        self.gates = linear(shapes, "crosses.gates")

    def forward(self, start):
        x = start
        for i in range(self.depth):
            gates, mixed = torch.softmax(self.gates(x), 1), 0
            for k in range(gates.shape[1]):
                low = torch.tanh(torch.tanh(x @ getattr(self, f"down{i}")[k]) @ getattr(self, f"core{i}")[k])
                mixed = mixed + gates[:, k:k + 1] * start * (low @ getattr(self, f"up{i}")[k] + getattr(self, f"bias{i}"))
            x = mixed + x
        return x


class Dcnv2(Base):
    def __init__(self, job, shapes):
        super().__init__(job, shapes)
        self.depth = 0
        while f"cross{self.depth}.weight" in shapes:
            setattr(self, f"cross{self.depth}", linear(shapes, f"cross{self.depth}"))
            self.depth += 1
        self.crosses = LowRankCrosses(shapes) if "crosses.gates.weight" in shapes else None
        self.cross_output = linear(shapes, "cross_output") if "cross_output.weight" in shapes else None
        self.stacked = Mlp(shapes, "stacked", "relu") if "stacked.output.weight" in shapes else None
        self.structure = job["options"].get("structure", "parallel")

    def score(self, weights, v, numeric):
        x = start = flatten(v, numeric)
        for i in range(self.depth):
            x = torch.addcmul(x, start, getattr(self, f"cross{i}")(x))
        if self.crosses is not None:
            x = self.crosses(start)
        logits = {
            "parallel": lambda: self.cross_output(x) + self.dnn(start),
            "stacked": lambda: self.dnn(x),
            "stacked_parallel": lambda: self.stacked(x) + self.dnn(start),
            "cross_only": lambda: self.cross_output(x),
        }[self.structure]()
        return logits.squeeze(1)


class XDeepFm(Base):
    def __init__(self, job, shapes):
        super().__init__(job, shapes)
        self.depth = 0
        while f"cin{self.depth}.weight" in shapes:
            setattr(self, f"cin{self.depth}", linear(shapes, f"cin{self.depth}"))
            self.depth += 1
        self.cin_output = linear(shapes, "cin_output")

    def score(self, weights, v, numeric):
        x, sums = v, []
        for i in range(self.depth):
            layer = getattr(self, f"cin{i}")
            filters = layer.weight.view(-1, x.shape[1], v.shape[1])
            x = torch.einsum("bhd,bmd,khm->bkd", x, v, filters) + layer.bias.view(1, -1, 1)
            sums.append(x.sum(2))
        return (self.cin_output(torch.cat(sums, 1)) + self.dnn(flatten(v, numeric))).squeeze(1) + self.first_order(weights, numeric)


class SelfAttention(torch.nn.Module):
    def __init__(self, shapes, name, heads, scaled):
        super().__init__()
        self.heads, self.scaled = heads, scaled
        self.query, self.key, self.value = (linear(shapes, f"{name}.{part}") for part in ("query", "key", "value"))
        self.residual = linear(shapes, name + ".residual") if name + ".residual.weight" in shapes else None

    def forward(self, x):
        heads = []
        for q, k, v in zip(*(layer(x).chunk(self.heads, 2) for layer in (self.query, self.key, self.value))):
            scores = torch.einsum("bid,bjd->bij", q, k)
            heads.append(torch.softmax(scores / q.shape[2] ** 0.5 if self.scaled else scores, 2) @ v)
        return torch.relu(torch.cat(heads, 2) + (x if self.residual is None else self.residual(x)))


class AutoInt(Base):
    def __init__(self, job, shapes):
        super().__init__(job, shapes)
        self.depth = 0
        while f"attention{self.depth}.query.weight" in shapes:
            options = job["options"]
            layer = SelfAttention(shapes, f"attention{self.depth}", int(options.get("attention_heads", 2)), options.get("attention_scale") == "true")
            setattr(self, f"attention{self.depth}", layer)
            self.depth += 1
        self.attention_output = linear(shapes, "attention_output")

    def score(self, weights, v, numeric):
        x = v
        for i in range(self.depth):
            x = getattr(self, f"attention{i}")(x)
        logits = self.attention_output(flatten(x, numeric)).squeeze(1)
        if weights is not None:
            logits = logits + self.first_order(weights, numeric)
        return logits + self.dnn(flatten(v, numeric)).squeeze(1) if hasattr(self, "dnn") else logits


class GatedStream(torch.nn.Module):
    def __init__(self, shapes, name):
        super().__init__()
        self.dnn = Mlp(shapes, name + ".dnn", "relu")
        self.gate = Mlp(shapes, name + ".gate", "relu") if name + ".gate.output.weight" in shapes else None
        if name + ".context" in shapes:
            self.context = torch.nn.Parameter(torch.zeros(shapes[name + ".context"]))

    def forward(self, x, context):
        if self.gate is None:
            return self.dnn(x)
        return self.dnn(x * 2 * torch.sigmoid(self.gate(self.context if context is None else context)))


class FinalMlp(Base):
    def __init__(self, job, shapes):
        super().__init__(job, shapes)
        self.stream1, self.stream2 = GatedStream(shapes, "stream1"), GatedStream(shapes, "stream2")
        self.output1, self.output2 = linear(shapes, "output1"), linear(shapes, "output2")
        self.bilinear = torch.nn.Parameter(torch.zeros(shapes["bilinear"]))
        names = [feature["name"] for feature in job["features"]]
        self.contexts = [names.index(job["options"][key]) if key in job["options"] else None for key in ("context1", "context2")]

    def score(self, weights, v, numeric):
        flat = flatten(v, numeric)
        contexts = [None if place is None else v[:, place] for place in self.contexts]
        x, y = self.stream1(flat, contexts[0]), self.stream2(flat, contexts[1])
        fused = self.output1(x) + self.output2(y)
        for matrix, left, right in zip(self.bilinear, x.chunk(len(self.bilinear), 1), y.chunk(len(self.bilinear), 1)):
            fused = fused + (left @ matrix * right).sum(1, keepdim=True)
        return fused.squeeze(1)


class Dlrm(torch.nn.Module):
    def __init__(self, job, shapes):
        super().__init__()
        self.features = job["features"]
        self.embedding = Lookup(job, job["dimension"])
        places = range(0, len(shapes), 2)
        layers = [[linear(shapes, f"bottom.{i}"), torch.nn.ReLU()] for i in places if f"bottom.{i}.weight" in shapes]
        self.bottom = torch.nn.Sequential(*sum(layers, []))
        count = len(self.features) + (1 if layers else 0)
        rows, columns = torch.tril_indices(count, count, -1)
        self.pairs = rows * count + columns
        self.top = Mlp(shapes, "top", "relu")

    def forward(self, ids, offsets, numeric):
        v = self.embedding.vectors(self.features, ids, offsets)
        if numeric is not None:
            dense = self.bottom(numeric)
            v = torch.cat([dense.unsqueeze(1), v], 1)
        dots = torch.bmm(v, v.transpose(1, 2)).flatten(1).index_select(1, self.pairs)
        return self.top(dots if numeric is None else torch.cat([dense, dots], 1)).squeeze(1)


class Histories(torch.nn.Module):
    """Models over histories: which features these are, and their vectors with and without padding."""

    def __init__(self, job, shapes):
        super().__init__()
        self.job = job
        self.features = job["features"]
        self.embedding = Lookup(job, job["dimension"])
        self.sequences = [f for f, feature in enumerate(self.features) if feature.get("target") is not None]
        self.others = [f for f in range(len(self.features)) if f not in self.sequences]

    def look_up(self, lookup, places, ids, offsets):
        return lookup.vectors([self.features[f] for f in places], [ids[f] for f in places], [offsets[f] for f in places])

    def candidate(self, f):
        return next(i for i, feature in enumerate(self.features) if feature["name"] == self.features[f]["target"])

    @staticmethod
    def mask(offsets, count):
        lengths = torch.diff(offsets, append=torch.tensor([count]))
        return torch.arange(max(1, int(lengths.max())))[None] < lengths[:, None]

    @staticmethod
    def pad(values, mask):
        padded = torch.zeros(*mask.shape, *values.shape[1:])
        padded[mask] = values
        return padded


class Din(Histories):
    def __init__(self, job, shapes):
        super().__init__(job, shapes)
        for f in self.sequences:
            name = "attention_" + self.features[f]["name"]
            setattr(self, name, Mlp(shapes, name, "dice"))
        self.dnn = Mlp(shapes, "dnn", "dice")

    def forward(self, ids, offsets, numeric):
        size = len(ids[0])
        v = self.look_up(self.embedding, self.others, ids, offsets)
        inputs = [v.flatten(1)]
        for f in self.sequences:
            lengths = torch.diff(offsets[f], append=torch.tensor([len(ids[f])]))
            sample = torch.repeat_interleave(torch.arange(size), lengths)
            keys = self.embedding.sequence(self.features[f], ids[f])
            query = v[:, self.others.index(self.candidate(f))].index_select(0, sample)
            attention = getattr(self, "attention_" + self.features[f]["name"])
            weights = attention(torch.cat([query, keys, query - keys, query * keys], 1))
            inputs.append(torch.zeros(size, keys.shape[1]).index_add(0, sample, weights * keys))
        if numeric is not None:
            inputs.append(numeric)
        return self.dnn(torch.cat(inputs, 1)).squeeze(1)


class Evolution(torch.nn.Module):
    def __init__(self, shapes, name, width):
        super().__init__()
        self.extractor, self.evolution = torch.nn.GRUCell(width, width), torch.nn.GRUCell(width, width)
        self.attention = linear(shapes, name + ".attention")
        if name + ".auxiliary.output.weight" in shapes:
            self.auxiliary = Mlp(shapes, name + ".auxiliary", "sigmoid")

    def forward(self, query, keys, mask):
        h, states = torch.zeros_like(query), []
        for t in range(mask.shape[1]):
            h = self.extractor(keys[:, t], h)
            states.append(h)
        states = torch.stack(states, 1)
        scores = (states * self.attention(query).unsqueeze(1)).sum(2).masked_fill(~mask, -1e9)
        weights = torch.softmax(scores, 1) * mask
        h, cell = torch.zeros_like(query), self.evolution
        for t in range(mask.shape[1]):
            xr, xz, xn = F.linear(states[:, t], cell.weight_ih, cell.bias_ih).chunk(3, 1)
            hr, hz, hn = F.linear(h, cell.weight_hh, cell.bias_hh).chunk(3, 1)
            new = torch.tanh(xn + torch.sigmoid(xr + hr) * hn)
            update = weights[:, t:t + 1] * (1 - torch.sigmoid(xz + hz))
            h = (1 - update) * h + update * new
        return h, self.auxiliary_loss(states, keys, mask) if hasattr(self, "auxiliary") else 0

    def auxiliary_loss(self, states, keys, mask):
        has_next = mask[:, 1:]
        now, following = states[:, :-1][has_next], keys[:, 1:][has_next]
        if len(now) < 2:
            return 0
        half = len(now) // 2
        wrong = torch.cat([following[half:], following[:half]])
        positive, negative = (self.auxiliary(torch.cat([now, item], 1)).squeeze(1) for item in (following, wrong))
        return -(F.logsigmoid(positive).mean() + F.logsigmoid(-negative).mean())


class Dien(Histories):
    def __init__(self, job, shapes):
        super().__init__(job, shapes)
        for f in self.sequences:
            name = "evolution_" + self.features[f]["name"]
            setattr(self, name, Evolution(shapes, name, job["dimension"]))
        self.dnn = Mlp(shapes, "dnn", "dice")

    def forward(self, ids, offsets, numeric):
        v = self.look_up(self.embedding, self.others, ids, offsets)
        inputs, extra = [v.flatten(1)], 0
        for f in self.sequences:
            mask = self.mask(offsets[f], len(ids[f]))
            keys = self.pad(self.embedding.sequence(self.features[f], ids[f]), mask)
            interest, loss = getattr(self, "evolution_" + self.features[f]["name"])(v[:, self.others.index(self.candidate(f))], keys, mask)
            inputs.append(interest)
            extra = extra + float(self.job["options"].get("auxiliary_weight", 1)) * loss
        self.extra_loss = lambda labels, tasks: extra
        if numeric is not None:
            inputs.append(numeric)
        return self.dnn(torch.cat(inputs, 1)).squeeze(1)


class Positions(torch.nn.Module):
    def __init__(self, shapes, name):
        super().__init__()
        self.key_positions = torch.nn.Parameter(torch.zeros(shapes[name + ".key_positions"]))
        self.value_positions = torch.nn.Parameter(torch.zeros(shapes[name + ".value_positions"]))


class Dare(Histories):
    def __init__(self, job, shapes):
        super().__init__(job, shapes)
        self.attention = Lookup(job, shapes["attention/" + self.features[self.sequences[0]]["field"]][1])
        for f in self.sequences:
            name = "search_" + self.features[f]["name"]
            setattr(self, name, Positions(shapes, name))
        self.dnn = Mlp(shapes, "dnn", "prelu")
        self.auxiliary = Mlp(shapes, "auxiliary", "prelu") if "auxiliary.output.weight" in shapes else None
        self.kept = int(job["options"].get("search", 20))

    def forward(self, ids, offsets, numeric):
        v = self.look_up(self.embedding, self.others, ids, offsets)
        found, soft = [v.flatten(1)], [v.flatten(1)]
        for f in self.sequences:
            feature, tables = self.features[f], getattr(self, "search_" + self.features[f]["name"])
            target = self.candidate(f)
            mask = self.mask(offsets[f], len(ids[f]))
            keys, values = (self.pad(lookup.sequence(feature, ids[f]), mask) for lookup in (self.attention, self.embedding))
            distance = (mask.sum(1, keepdim=True) - torch.arange(mask.shape[1])[None]).clamp(1, len(tables.key_positions) - 1)
            query = self.look_up(self.attention, [target], ids, offsets)[:, 0]
            scores = torch.einsum("btd,bd->bt", keys, query) + tables.key_positions[distance] @ tables.key_positions[0]
            scores = (scores / keys.shape[2] ** 0.5).masked_fill(~mask, -1e9)
            values = torch.cat([values, tables.value_positions[distance]], 2)
            goal = torch.cat([v[:, self.others.index(target)], tables.value_positions[:1].expand(len(v), -1)], 1)
            if 0 < self.kept < mask.shape[1]:
                best, places = scores.topk(self.kept, 1)
                total = torch.einsum("bk,bkd->bd", torch.softmax(best, 1) * mask.gather(1, places), values.gather(1, places.unsqueeze(2).expand(-1, -1, values.shape[2])))
            else:
                total = torch.einsum("bt,btd->bd", torch.softmax(scores, 1) * mask, values)
            every = torch.einsum("bt,btd->bd", torch.softmax(scores, 1) * mask, values)
            found += [total, total * goal]
            soft += [every, every * goal]
        if numeric is not None:
            found.append(numeric)
            soft.append(numeric)
        weight = float(self.job["options"].get("auxiliary_weight", 1))
        self.extra_loss = lambda labels, tasks: 0 if self.auxiliary is None else weight * F.binary_cross_entropy_with_logits(self.auxiliary(torch.cat(soft, 1)).squeeze(1), labels)
        return self.dnn(torch.cat(found, 1)).squeeze(1)


def loss_of(model, inputs, labels):
    logits = model(*inputs)
    loss = F.binary_cross_entropy_with_logits(logits, labels[0])
    extra = getattr(model, "extra_loss", None)
    return logits, loss if extra is None else loss + extra(*labels)


class Dnn(Base):
    def score(self, weights, v, numeric):
        return self.dnn(flatten(v, numeric)).squeeze(1)


class Tasks(Base):
    """A tower for each task, over what `shared` gives it."""

    def __init__(self, job, shapes):
        super().__init__(job, shapes)
        self.weights = [task["weight"] for task in job["tasks"]]
        self.towers = torch.nn.ModuleDict({name: Mlp(shapes, "towers." + name, "relu") for name in ["label"] + [f"task{i}" for i in range(len(self.weights))]})

    def score(self, weights, v, numeric):
        logits = [tower(x).squeeze(1) for tower, x in zip(self.towers.values(), self.shared(flatten(v, numeric)))]
        self.task_logits = torch.stack(logits[1:], 1) if len(logits) > 1 else None
        return logits[0]

    def extra_loss(self, labels, tasks):
        loss = 0
        for i, weight in enumerate(self.weights):
            known = ~torch.isnan(tasks[:, i])
            if known.any():
                loss = loss + weight * F.binary_cross_entropy_with_logits(self.task_logits[known, i], tasks[known, i])
        return loss


class SharedBottom(Tasks):
    def __init__(self, job, shapes):
        super().__init__(job, shapes)
        self.bottom = Mlp(shapes, "bottom", "relu")

    def shared(self, x):
        return [self.bottom(x)] * len(self.towers)


class Mmoe(Tasks):
    def __init__(self, job, shapes):
        super().__init__(job, shapes)
        self.expert_count = 0
        while f"expert{self.expert_count}.linear0.weight" in shapes:
            setattr(self, f"expert{self.expert_count}", Mlp(shapes, f"expert{self.expert_count}", "relu"))
            self.expert_count += 1
        for i in range(len(self.towers)):
            setattr(self, f"gate{i}", Mlp(shapes, f"gate{i}", "relu"))

    def shared(self, x):
        said = torch.stack([getattr(self, f"expert{i}")(x) for i in range(self.expert_count)], 1)
        return [torch.einsum("be,bew->bw", torch.softmax(getattr(self, f"gate{i}")(x), 1), said) for i in range(len(self.towers))]


class OptInter(Base):
    """The search."""

    def __init__(self, job, shapes):
        super().__init__(job, shapes)
        self.crosses = [feature for feature in job["features"] if feature["cross"]]
        names = [feature["name"] for feature in self.features]
        self.firsts, self.seconds = ([names.index(feature["cross"][place]) for feature in self.crosses] for place in (0, 1))
        self.cross = Lookup(job, shapes["cross/" + self.crosses[0]["field"]][1])
        self.factor = Lookup(job, self.cross.weight.shape[1])
        self.scores = torch.nn.Parameter(torch.zeros(shapes["scores"]))
        self.decay, self.steps = float(job["options"].get("temperature_decay", 5e-5)), 0

    def forward(self, ids, offsets, numeric):
        count = len(self.features)
        memorised = self.cross.vectors(self.crosses, ids[count:], offsets[count:])
        factors = self.factor.vectors(self.features, ids, offsets)
        ways = torch.softmax(self.scores / max(0.01, 1 - self.decay * self.steps), 1)
        self.steps += 1 if self.training else 0
        mixed = memorised * ways[:, :1] + factors[:, self.firsts] * factors[:, self.seconds] * ways[:, 1:2]
        vectors = self.embedding.vectors(self.features, ids, offsets)
        return self.dnn(flatten(torch.cat([vectors.flatten(1), mixed.flatten(1)], 1), numeric)).squeeze(1)


MODELS = {
    "lr": Lr, "fm": Fm, "fwfm": FwFm, "ffm": Ffm, "wide_deep": WideDeep, "deepfm": DeepFm, "ipnn": Ipnn, "dcn": Dcn, "dcnv2": Dcnv2,
    "xdeepfm": XDeepFm, "autoint": AutoInt, "dlrm": Dlrm, "finalmlp": FinalMlp, "dnn": Dnn, "din": Din, "dien": Dien, "dare": Dare,
    "optinter": OptInter, "shared_bottom": SharedBottom, "mmoe": Mmoe,
}


def build(job, folder):
    initial = read_safetensors(os.path.join(folder, "initial.safetensors"))
    shapes = {name: values.shape for name, values in initial.items()}
    model = MODELS[job["model"]](job, shapes)
    with torch.no_grad():
        for name, module in model.named_modules():
            if isinstance(module, Lookup):
                for field in job["fields"]:
                    if f"{name}/{field['name']}" not in initial:
                        continue
                    start = module.starts[field["name"]]
                    module.weight[start:start + field["size"]] = torch.from_numpy(np.array(initial[f"{name}/{field['name']}"]))
        lookups = {f"{n}.weight" for n, m in model.named_modules() if isinstance(m, Lookup)}
        for name, parameter in model.named_parameters():
            if name not in lookups:
                parameter.copy_(torch.from_numpy(np.array(initial[name])))
    return model, lookups


def optimisers(job, model, lookups):
    sparse = [p for n, p in model.named_parameters() if n in lookups]
    dense = [p for n, p in model.named_parameters() if n not in lookups]
    dense_rate, rule = job["dense_optimizer"]["learning_rate"], job["sparse_optimizer"]
    if job["optimizer"] == "dense_adam":
        return [torch.optim.Adam(sparse + dense, lr=dense_rate, foreach=True)]
    if job["optimizer"] == "sparse_adam":
        sparse_optimiser = torch.optim.SparseAdam(sparse, lr=dense_rate)
    elif rule["name"] == "adagrad":
        sparse_optimiser = torch.optim.Adagrad(sparse, lr=rule["learning_rate"], eps=rule["epsilon"])
    elif rule["name"] == "lazy_adam":
        sparse_optimiser = torch.optim.SparseAdam(sparse, lr=rule["learning_rate"], eps=rule["epsilon"])
    else:
        sparse_optimiser = torch.optim.SGD(sparse, lr=rule["learning_rate"])
    dense_optimiser = torch.optim.SGD if job["dense_optimizer"]["name"] == "sgd" else torch.optim.Adam
    return [sparse_optimiser, dense_optimiser(dense, lr=dense_rate, foreach=True)]


def add_penalty(model, lookups, l2):
    """L2 of the rows of the batch; PyTorch's optimisers have none for sparse gradients."""
    for name, parameter in model.named_parameters():
        if name in lookups:
            gradient = parameter.grad.coalesce()
            rows = gradient.indices()[0]
            parameter.grad = torch.sparse_coo_tensor(gradient.indices(), gradient.values() + l2 * parameter.detach()[rows], gradient.shape)


def auc(scores, labels):
    order = np.argsort(scores, kind="stable")
    scores, labels = scores[order], labels[order]
    edges = np.concatenate([[0], np.nonzero(np.diff(scores))[0] + 1, [len(scores)]])
    ranks = np.repeat((edges[:-1] + 1 + edges[1:]) / 2.0, np.diff(edges))
    positives = labels.sum()
    return float((ranks[labels > 0.5].sum() - positives * (positives + 1) / 2) / (positives * (len(labels) - positives)))


def to_device(value, device):
    if isinstance(value, (tuple, list)):
        return type(value)(to_device(part, device) for part in value)
    return value.to(device) if torch.is_tensor(value) else value


def wait_for(device):
    if device.type == "cuda":
        torch.cuda.synchronize(device)


def train(job, folder):
    model, lookups = build(job, folder)
    device = torch.device(job.get("device", "cpu"))
    model.to(device)
    if device.type == "cuda":
        torch.set_default_device(device)  # what models make on the way
    optimiser_list = optimisers(job, model, lookups)
    forward = torch.compile(model) if job["compile"] else model
    split, size = Split(os.path.join(folder, "train.safetensors"), job), job["batch_size"]
    warmup, samples, seconds, losses = job.get("warmup_steps", 0), 0, 0.0, []
    epoch_rows = job.get("epoch_rows") or len(split)
    starts = [s for e in range(0, len(split), epoch_rows) for s in range(e, e + epoch_rows, size)]
    ends = [min(s + size, (s // epoch_rows + 1) * epoch_rows) for s in starts]
    batches = (to_device(split.batch(s, e), device) for s, e in zip(starts, ends))
    waits = device.type == "cpu"
    if not waits:
        batches = list(batches)  # so that one step follows the other, and its input costs nothing
    spent = 0.0
    l2 = 0 if job["optimizer"] == "dense_adam" else job["sparse_optimizer"]["l2"]
    for step, (inputs, labels) in enumerate(batches):
        if job["time_limit"] and spent > job["time_limit"]:
            break
        if step == warmup:
            wait_for(device)
        began = time.perf_counter()
        _, loss = loss_of(forward, inputs, labels)
        for optimiser in optimiser_list:
            optimiser.zero_grad(set_to_none=True)
        loss.backward()
        if l2 > 0:
            add_penalty(model, lookups, l2)
        for optimiser in optimiser_list:
            optimiser.step()
        losses.append(loss.item() if waits else loss.detach())
        if step == len(starts) - 1:
            wait_for(device)
        step_seconds = time.perf_counter() - began
        spent += step_seconds
        if step >= warmup:
            seconds += step_seconds
            samples += ends[step] - starts[step]
    result = {"event": "result", "samples_per_second": samples / max(seconds, 1e-9), "seconds": spent,
              "complete": len(losses) == len(starts), "threads": torch.get_num_threads(), "train_loss": float(np.mean([float(loss) for loss in losses[-50:]])),
              "torch": torch.__version__}
    test = os.path.join(folder, "test.safetensors")
    if result["complete"] and os.path.exists(test):
        split = Split(test, job)
        model.eval()
        with torch.no_grad():
            batches = (to_device(split.batch(s, min(s + size, len(split)))[0], device) for s in range(0, len(split), size))
            scores = torch.cat([model(*batch).cpu() for batch in batches])
        result["auc"] = auc(scores.numpy(), split.labels.numpy())
        result["logloss"] = F.binary_cross_entropy_with_logits(scores.double(), split.labels.double()).item()
    print(json.dumps(result), flush=True)


def gradients(job, folder):
    # In double precision: where a layer normalises values of small spread, PyTorch's own gradients are good to three digits in fp32.
    torch.set_default_dtype(torch.float64)
    model, lookups = build(job, folder)
    inputs, labels = Split(os.path.join(folder, "train.safetensors"), job).batch(0, job["batch_size"])
    logits, loss = loss_of(model.double(), [x.double() if torch.is_tensor(x) and x.is_floating_point() else x for x in inputs], [x if x is None else x.double() for x in labels])
    loss.backward()
    out = {"loss": loss.reshape(1), "logits": logits}
    if getattr(model, "task_logits", None) is not None:
        out["task_logits"] = model.task_logits
    for name, parameter in model.named_parameters():
        gradient = parameter.grad.to_dense() if parameter.grad.is_sparse else parameter.grad
        if name in lookups:
            lookup = dict(model.named_modules())[name[:-len(".weight")]]
            for field in job["fields"]:
                start = lookup.starts[field["name"]]
                out[f"{name[:-len('.weight')]}/{field['name']}"] = gradient[start:start + field["size"]]
        else:
            out[name] = gradient
    write_safetensors(os.path.join(folder, "gradients.safetensors"), out)
    print(json.dumps({"event": "result", "loss": loss.item(), "torch": torch.__version__}), flush=True)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("mode", choices=["train", "gradients"])
    parser.add_argument("folder")
    parser.add_argument("--optimizer", choices=["job", "sparse_adam", "dense_adam"], default="job",
                        help="job: the optimisers of job.json; else Adam, for all rows or for the rows of a batch")
    parser.add_argument("--compile", action="store_true", help="torch.compile the model")
    parser.add_argument("--time-limit", type=float, default=0, help="seconds of training steps; 0: none")
    arguments = parser.parse_args()
    with open(os.path.join(arguments.folder, "job.json")) as file:
        description = json.load(file)
    description.update(optimizer=arguments.optimizer, time_limit=arguments.time_limit, compile=arguments.compile)
    {"train": train, "gradients": gradients}[arguments.mode](description, arguments.folder)
    sys.stdout.flush()
