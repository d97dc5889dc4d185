"""Encodes abstracts with decoder models of real size: medvec beside transformers, on the same cores.

    V/bin/pip install torch transformers safetensors
    V/bin/python benches/compare/decoders.py FIXTURES SCRATCH --shape 410m [--documents 16] [--medvec PATH]

Weights are random numbers in the shape of BMRetriever's models, which cost what trained ones cost; they are
written to SCRATCH in half precision.  FIXTURES is a folder of the tiny models (shared data,
fixtures/encoders): their tokenizers and golden.json serve as they are.  Token ids are medvec's, so both
engines see the same; transformers gets one text at a time in single precision, which suits it best on a
processor without padding.  Times of medvec have the time for one text's run taken off.

The table holds documents a second, peak memory, and the least cosine to transformers' vectors.
"""

import argparse
import json
import os
import pathlib
import shutil
import subprocess
import time

REPOSITORY = pathlib.Path(__file__).resolve().parents[2]
NEOX = dict(vocab_size=50304)
GEMMA = dict(vocab_size=256000, num_key_value_heads=1, head_dim=256)


def shape(hidden, layers, heads, intermediate):
    return dict(
        hidden_size=hidden,
        num_hidden_layers=layers,
        num_attention_heads=heads,
        intermediate_size=intermediate,
    )


SHAPES = {
    "410m": ("gptneox-last", NEOX | shape(1024, 24, 16, 4096)),
    "1b": ("gptneox-last", NEOX | shape(2048, 16, 8, 8192)),
    "2b": ("gemma-last", GEMMA | shape(2048, 18, 8, 16384)),
}


def arguments():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("fixtures", type=pathlib.Path)
    parser.add_argument("scratch", type=pathlib.Path)
    parser.add_argument("--shape", choices=SHAPES, default="410m")
    parser.add_argument("--documents", type=int, default=16)
    parser.add_argument("--precisions", default="f32,bf16,int8")
    parser.add_argument("--medvec", type=pathlib.Path, default=REPOSITORY / "target/release/medvec")
    return parser.parse_args()


def make(options, folder):
    """A folder with random weights, its tokenizer and the recipe beside it."""
    import torch
    from transformers import AutoConfig, AutoModel

    name, sizes = SHAPES[options.shape]
    tiny = options.fixtures / name
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    for file in tiny.iterdir():
        if file.name.startswith(("tokenizer", "special")):
            shutil.copyfile(file, folder / file.name)
    config = json.loads((tiny / "config.json").read_text())
    config |= sizes | {"max_position_embeddings": 2048}
    (folder / "config.json").write_text(json.dumps(config))
    torch.manual_seed(1)
    # Rounded to half precision, as the file holds them.
    model = AutoModel.from_config(AutoConfig.from_pretrained(folder)).half().float().eval()
    from safetensors.torch import save_file

    weights = {key: value.half().contiguous() for key, value in model.state_dict().items()}
    save_file(weights, folder / "model.safetensors", {"format": "pt"})
    golden = json.loads((tiny / "golden.json").read_text())
    roles = {role: settings | {"max_length": 512} for role, settings in golden["roles"].items()}
    keys = ("pooling", "normalize", "similarity", "append_eos_id")
    recipe = {key: golden["recipe"][key] for key in keys if key in golden["recipe"]} | {"roles": roles}
    (folder / "recipe.json").write_text(json.dumps(recipe))
    return model


def medvec(options, folder, texts, precision):
    """Lines of the command line, its seconds and its peak memory in MB."""
    source = folder / "texts.jsonl"
    source.write_text("".join(json.dumps({"text": text}) + "\n" for text in texts))
    command = [options.medvec, "encode", folder, "--recipe", folder / "recipe.json"]
    command += ["--precision", precision, "--input", source]
    out, peak = folder / "out.jsonl", 0
    start = time.perf_counter()
    with out.open("wb") as file:
        child = subprocess.Popen(command, stdout=file)
        # Not ru_maxrss: before it starts the program, a child is as large as this process.
        while child.poll() is None:
            peak = max(peak, peak_memory(child.pid))
            time.sleep(0.02)
    seconds = time.perf_counter() - start
    assert child.returncode == 0, "medvec failed"
    return [json.loads(line) for line in out.read_text().splitlines()], seconds, peak


def peak_memory(process):
    """The most memory that a process's program has had, in MB; 0 when it has ended."""
    lines = pathlib.Path(f"/proc/{process}/status").read_text().splitlines()
    return sum(int(line.split()[1]) / 1000 for line in lines if line.startswith("VmHWM"))


def main():
    options = arguments()
    import numpy as np
    import torch

    folder = options.scratch / options.shape
    model = make(options, folder)
    packed = REPOSITORY / "samples/pubmedqa/ori_pqal.json.zst"
    records = json.loads(subprocess.check_output(["zstd", "-dc", packed]))
    texts = [" ".join(record["CONTEXTS"]) for record in records.values()][: options.documents]
    torch.set_num_threads(len(os.sched_getaffinity(0)))
    rows, truth = [], None
    for precision in options.precisions.split(","):
        _, overhead, _ = medvec(options, folder, texts[:1], precision)
        lines, seconds, memory = medvec(options, folder, texts, precision)
        vectors = np.array([line["vector"] for line in lines])
        if truth is None:
            ids = [line["ids"] for line in lines]
            start = time.perf_counter()
            with torch.no_grad():
                states = [model(torch.tensor([one])).last_hidden_state[0, -1] for one in ids]
            peer = time.perf_counter() - start
            truth = torch.nn.functional.normalize(torch.stack(states), dim=1).numpy()
            memory_peer = peak_memory("self")
            rows.append(("transformers f32", len(ids) / peer, memory_peer, 1.0))
        vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
        cosine = float((vectors * truth).sum(1).min())
        speed = (len(texts) - 1) / (seconds - overhead)
        rows.append((f"medvec {precision}", speed, memory, cosine))
    tokens = sum(map(len, ids)) / len(ids)
    size = (folder / "model.safetensors").stat().st_size / 1e6
    print(f"{options.shape}: {len(texts)} documents of {tokens:.0f} tokens, weights of {size:.0f} MB")
    print("| engine | documents/s | peak MB | least cosine |\n|---|---|---|---|")
    for name, speed, memory, cosine in rows:
        print(f"| {name} | {speed:.3f} | {memory:.0f} | {cosine:.6f} |")


if __name__ == "__main__":
    main()
