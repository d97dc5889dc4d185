//! Named tensors of a model folder.
//!
//! | file | what it holds |
//! |---|---|
//! | `tensors` | [`Weights`]: tensors by name |
//! | `catalogue` | which files there are, and which tensor is where in them |
//! | `base` | which files a folder's weights are in |
//! | `safetensors` | `model.safetensors`, or several files with an index |
//! | `torch` | `pytorch_model.bin`, of PyTorch before and after 1.6 |
//! | `stored` | a tensor's place in a file, and how to read it |
//! | `table` | tables that stay in the mapped file |
//! | `adapter` | LoRA adapters, merged as tensors are read |
//! | `digest` | what identifies a file of weights |
//!
//! Safetensors are preferred where a folder has both. Names are brought to one form: the prefix
//! (`bert.`, `mpnet.`, `gpt_neox.`, `model.`) of models with a head is dropped, and TensorFlow's
//! `gamma` and `beta` become `weight` and `bias`. Tensors are read one at a time, as `f32`.

mod adapter;
mod base;
mod catalogue;
mod digest;
mod safetensors;
mod stored;
mod table;
mod tensors;
mod torch;

pub(in crate::encode) use self::stored::NumberType;
pub(in crate::encode) use self::table::Table;
pub(in crate::encode) use self::tensors::Weights;
