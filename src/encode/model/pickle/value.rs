//! What a pickle can build.

use super::super::weights::NumberType;

/// A value. Compound ones are places in the machine's [`Heap`], so that nothing that a program builds
/// is ever walked or dropped recursively.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(in crate::encode::model) enum Value<'a> {
    /// `None`.
    None,
    /// `True` or `False`.
    Bool(bool),
    /// A whole number; longer ones are refused.
    Whole(i128),
    /// A floating-point number.
    Float(f64),
    /// A text.
    Text(&'a str),
    /// Bytes.
    Bytes(&'a [u8]),
    /// A tuple.
    Tuple(usize),
    /// A list.
    List(usize),
    /// A dictionary: keys and values alternate.
    Dict(usize),
    /// Something that can be called.
    Callable(Callable),
    /// A piece of storage that the checkpoint holds outside of the pickle.
    Storage(usize),
    /// A view of a storage.
    Tensor(usize),
}

/// All that a pickle may call or name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::encode::model) enum Callable {
    /// `collections.OrderedDict`.
    OrderedDict,
    /// `torch._utils._rebuild_tensor_v2`.
    RebuildTensor,
    /// `torch._utils._rebuild_parameter`.
    RebuildParameter,
    /// `torch.FloatStorage` and the like: only the type of numbers counts.
    Storage(NumberType),
}

impl Callable {
    /// The callable of this name, if a pickle may name it.
    pub(super) fn find(module: &str, name: &str) -> Option<Callable> {
        Some(match (module, name) {
            ("collections", "OrderedDict") => Callable::OrderedDict,
            ("torch._utils", "_rebuild_tensor_v2") => Callable::RebuildTensor,
            ("torch._utils", "_rebuild_parameter") => Callable::RebuildParameter,
            ("torch" | "torch.storage" | "torch.cuda", storage) => {
                Callable::Storage(number_type(storage.strip_suffix("Storage")?)?)
            }
            _ => return None,
        })
    }
}

fn number_type(storage: &str) -> Option<NumberType> {
    Some(match storage {
        "Float" => NumberType::F32,
        "Half" => NumberType::F16,
        "BFloat16" => NumberType::Bf16,
        "Double" => NumberType::F64,
        "Bool" | "Byte" | "Char" => NumberType::Whole(1),
        "Short" => NumberType::Whole(2),
        "Int" => NumberType::Whole(4),
        "Long" => NumberType::Whole(8),
        _ => return None,
    })
}
