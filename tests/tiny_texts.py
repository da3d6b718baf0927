"""Text models with small random weights, of a few words, for tests only."""

from pathlib import Path

import torch
from tokenizers import Tokenizer, models, pre_tokenizers
from transformers import GPT2Config, GPT2LMHeadModel, PreTrainedTokenizerFast, T5Config, T5ForConditionalGeneration

WORDS = ("a", "photo", "of", "zero", "one", "ball", "on", "the", "table", "runs")
PAD, END, ODD = "<pad>", "</s>", "<unk>"


def build_text_model(kind: str, folder: Path) -> Path:
    """Write a `t5` (text to text) or a `gpt2` (causal) with its tokenizer to `folder`."""
    special = {word: place for place, word in enumerate((PAD, END, ODD, *WORDS))}
    words = Tokenizer(models.WordLevel(special, unk_token=ODD))
    words.pre_tokenizer = pre_tokenizers.Whitespace()
    known = {"vocab_size": len(special), "eos_token_id": 1, "pad_token_id": 0}
    with torch.random.fork_rng():
        torch.manual_seed(0)
        if kind == "t5":
            sizes = {"d_model": 16, "d_ff": 16, "d_kv": 8, "num_layers": 1, "num_heads": 2}
            model = T5ForConditionalGeneration(T5Config(**sizes, **known, decoder_start_token_id=0))
        else:
            sizes = {"n_embd": 16, "n_layer": 1, "n_head": 2, "n_positions": 64}
            model = GPT2LMHeadModel(GPT2Config(**sizes, **known, bos_token_id=1))
    model.save_pretrained(folder)
    PreTrainedTokenizerFast(tokenizer_object=words, pad_token=PAD, eos_token=END, unk_token=ODD).save_pretrained(folder)
    return folder
