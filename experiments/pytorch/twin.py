#!/usr/bin/env python3
"""DeepFM, DCN-V2, DLRM and DIN in plain PyTorch: the twin that `recsys bench` compares itself with.

The twin reads a job folder written by `recsys bench`:
  job.json              model, fields, features, optimisers, batch size
  train.safetensors     ids, numbers and labels in the order of training; jagged features have NAME.offsets
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
        return (ids, offsets, None if self.numeric is None else self.numeric[start:end]), self.labels[start:end]


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


class Mlp(torch.nn.Module):
    def __init__(self, shapes, name, activation):
        super().__init__()
        self.depth = 0
        while f"{name}.linear{self.depth}.weight" in shapes:
            layer = linear(shapes, f"{name}.linear{self.depth}")
            setattr(self, f"linear{self.depth}", layer)
            setattr(self, f"activation{self.depth}", Dice(layer.out_features) if activation == "dice" else torch.nn.ReLU())
            self.depth += 1
        self.output = linear(shapes, name + ".output")

    def forward(self, x):
        for i in range(self.depth):
            x = getattr(self, f"activation{i}")(getattr(self, f"linear{i}")(x))
        return self.output(x)


def flatten(vectors, numeric):
    flat = vectors.flatten(1)
    return flat if numeric is None else torch.cat([flat, numeric], 1)


class DeepFm(torch.nn.Module):
    def __init__(self, job, shapes):
        super().__init__()
        self.features = job["features"]
        self.linear = Lookup(job, 1)
        self.embedding = Lookup(job, job["dimension"])
        self.first_order = torch.nn.Module()
        self.first_order.bias = torch.nn.Parameter(torch.zeros(1))
        if "first_order.numeric_weight" in shapes:
            self.first_order.numeric_weight = torch.nn.Parameter(torch.zeros(shapes["first_order.numeric_weight"]))
        self.dnn = Mlp(shapes, "dnn", "relu")

    def forward(self, ids, offsets, numeric):
        first = self.first_order.bias + self.linear.vectors(self.features, ids, offsets).sum((1, 2))
        if numeric is not None:
            first = first + (numeric @ self.first_order.numeric_weight).squeeze(1)
        v = self.embedding.vectors(self.features, ids, offsets)
        second = 0.5 * (v.sum(1).square() - v.square().sum(1)).sum(1)
        return first + second + self.dnn(flatten(v, numeric)).squeeze(1)


class Dcnv2(torch.nn.Module):
    def __init__(self, job, shapes):
        super().__init__()
        self.features = job["features"]
        self.embedding = Lookup(job, job["dimension"])
        self.depth = 0
        while f"cross{self.depth}.weight" in shapes:
            setattr(self, f"cross{self.depth}", linear(shapes, f"cross{self.depth}"))
            self.depth += 1
        self.cross_output = linear(shapes, "cross_output") if "cross_output.weight" in shapes else None
        self.dnn = Mlp(shapes, "dnn", "relu")

    def forward(self, ids, offsets, numeric):
        start = flatten(self.embedding.vectors(self.features, ids, offsets), numeric)
        x = start
        for i in range(self.depth):
            x = torch.addcmul(x, start, getattr(self, f"cross{i}")(x))
        logits = self.dnn(x) if self.cross_output is None else self.cross_output(x) + self.dnn(start)
        return logits.squeeze(1)


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


class Din(torch.nn.Module):
    def __init__(self, job, shapes):
        super().__init__()
        self.features = job["features"]
        self.embedding = Lookup(job, job["dimension"])
        self.sequences = [f for f, feature in enumerate(self.features) if feature.get("target") is not None]
        self.others = [f for f in range(len(self.features)) if f not in self.sequences]
        for f in self.sequences:
            name = "attention_" + self.features[f]["name"]
            setattr(self, name, Mlp(shapes, name, "dice"))
        self.dnn = Mlp(shapes, "dnn", "dice")

    def forward(self, ids, offsets, numeric):
        size = len(ids[0])
        others = [self.features[f] for f in self.others]
        v = self.embedding.vectors(others, [ids[f] for f in self.others], [offsets[f] for f in self.others])
        inputs = [v.flatten(1)]
        for f in self.sequences:
            lengths = torch.diff(offsets[f], append=torch.tensor([len(ids[f])]))
            sample = torch.repeat_interleave(torch.arange(size), lengths)
            keys = self.embedding.sequence(self.features[f], ids[f])
            place = next(i for i, feature in enumerate(others) if feature["name"] == self.features[f]["target"])
            query = v[:, place].index_select(0, sample)
            attention = getattr(self, "attention_" + self.features[f]["name"])
            weights = attention(torch.cat([query, keys, query - keys, query * keys], 1))
            inputs.append(torch.zeros(size, keys.shape[1]).index_add(0, sample, weights * keys))
        if numeric is not None:
            inputs.append(numeric)
        return self.dnn(torch.cat(inputs, 1)).squeeze(1)


def build(job, folder):
    initial = read_safetensors(os.path.join(folder, "initial.safetensors"))
    shapes = {name: values.shape for name, values in initial.items()}
    model = {"deepfm": DeepFm, "dcnv2": Dcnv2, "dlrm": Dlrm, "din": Din}[job["model"]](job, shapes)
    with torch.no_grad():
        for name, module in model.named_modules():
            if isinstance(module, Lookup):
                for field in job["fields"]:
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
    adam_rate, rule = job["dense_optimizer"]["learning_rate"], job["sparse_optimizer"]
    if job["optimizer"] == "dense_adam":
        return [torch.optim.Adam(sparse + dense, lr=adam_rate, foreach=True)]
    if job["optimizer"] == "sparse_adam":
        sparse_optimiser = torch.optim.SparseAdam(sparse, lr=adam_rate)
    elif rule["name"] == "adagrad":
        sparse_optimiser = torch.optim.Adagrad(sparse, lr=rule["learning_rate"], eps=rule["epsilon"])
    elif rule["name"] == "lazy_adam":
        sparse_optimiser = torch.optim.SparseAdam(sparse, lr=rule["learning_rate"], eps=rule["epsilon"])
    else:
        sparse_optimiser = torch.optim.SGD(sparse, lr=rule["learning_rate"])
    return [sparse_optimiser, torch.optim.Adam(dense, lr=adam_rate, foreach=True)]


def auc(scores, labels):
    order = np.argsort(scores, kind="stable")
    scores, labels = scores[order], labels[order]
    edges = np.concatenate([[0], np.nonzero(np.diff(scores))[0] + 1, [len(scores)]])
    ranks = np.repeat((edges[:-1] + 1 + edges[1:]) / 2.0, np.diff(edges))
    positives = labels.sum()
    return float((ranks[labels > 0.5].sum() - positives * (positives + 1) / 2) / (positives * (len(labels) - positives)))


def train(job, folder):
    model, lookups = build(job, folder)
    optimiser_list = optimisers(job, model, lookups)
    split, size = Split(os.path.join(folder, "train.safetensors"), job), job["batch_size"]
    warmup, samples, seconds, losses = job.get("warmup_steps", 0), 0, 0.0, []
    epoch_rows = job.get("epoch_rows") or len(split)
    starts = [s for e in range(0, len(split), epoch_rows) for s in range(e, e + epoch_rows, size)]
    spent = 0.0
    for step, start in enumerate(starts):
        if job["time_limit"] and spent > job["time_limit"]:
            break
        end = min(start + size, (start // epoch_rows + 1) * epoch_rows)
        inputs, labels = split.batch(start, end)
        began = time.perf_counter()
        loss = F.binary_cross_entropy_with_logits(model(*inputs), labels)
        for optimiser in optimiser_list:
            optimiser.zero_grad(set_to_none=True)
        loss.backward()
        for optimiser in optimiser_list:
            optimiser.step()
        losses.append(loss.item())
        step_seconds = time.perf_counter() - began
        spent += step_seconds
        if step >= warmup:
            seconds += step_seconds
            samples += end - start
    result = {"event": "result", "samples_per_second": samples / max(seconds, 1e-9), "seconds": spent,
              "complete": len(losses) == len(starts), "threads": torch.get_num_threads(), "train_loss": float(np.mean(losses[-50:])),
              "torch": torch.__version__}
    test = os.path.join(folder, "test.safetensors")
    if result["complete"] and os.path.exists(test):
        split = Split(test, job)
        model.eval()
        with torch.no_grad():
            scores = torch.cat([model(*split.batch(s, min(s + size, len(split)))[0]) for s in range(0, len(split), size)])
        result["auc"] = auc(scores.numpy(), split.labels.numpy())
        result["logloss"] = F.binary_cross_entropy_with_logits(scores.double(), split.labels.double()).item()
    print(json.dumps(result), flush=True)


def gradients(job, folder):
    # In double precision: where a layer normalises values of small spread, PyTorch's own gradients are good to three digits in fp32.
    torch.set_default_dtype(torch.float64)
    model, lookups = build(job, folder)
    inputs, labels = Split(os.path.join(folder, "train.safetensors"), job).batch(0, job["batch_size"])
    logits = model.double()(*[x.double() if torch.is_tensor(x) and x.is_floating_point() else x for x in inputs])
    loss = F.binary_cross_entropy_with_logits(logits, labels.double())
    loss.backward()
    out = {"loss": loss.reshape(1), "logits": logits}
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
    parser.add_argument("--time-limit", type=float, default=0, help="seconds of training steps; 0: none")
    arguments = parser.parse_args()
    with open(os.path.join(arguments.folder, "job.json")) as file:
        description = json.load(file)
    description.update(optimizer=arguments.optimizer, time_limit=arguments.time_limit)
    {"train": train, "gradients": gradients}[arguments.mode](description, arguments.folder)
    sys.stdout.flush()
