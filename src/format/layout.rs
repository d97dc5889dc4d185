//! Fixed layouts: a struct's fields, their offsets, and the table that the specification is held
//! against.

/// One field of a fixed layout, as in the tables of `format-spec/`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FieldLayout {
    /// Byte offset from the start of the structure.
    pub offset: usize,
    /// Size in bytes.
    pub size: usize,
    /// `u32`, `u64`, `bytes`, ...
    pub kind: &'static str,
    /// Name.
    pub name: &'static str,
}

/// Declares a structure of little-endian integers and byte arrays without padding, with
/// `encode`, `decode` and its `FIELDS` table.
macro_rules! layout {
    ($(#[$meta:meta])* $vis:vis struct $name:ident = $size:literal {
        $($(#[$field_meta:meta])* $field:ident : $kind:tt),* $(,)?
    }) => {
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        $vis struct $name {
            $($(#[$field_meta])* pub $field: $crate::format::layout::layout!(@type $kind),)*
        }

        impl $name {
            /// Size in bytes.
            pub const SIZE: usize = $size;

            /// The layout, field by field.
            pub const FIELDS: &'static [$crate::format::layout::FieldLayout] = &{
                let mut offset = 0;
                [$({
                    let size = ::core::mem::size_of::<$crate::format::layout::layout!(@type $kind)>();
                    let field = $crate::format::layout::FieldLayout {
                        offset,
                        size,
                        kind: $crate::format::layout::layout!(@kind $kind),
                        name: stringify!($field),
                    };
                    #[allow(unused_assignments)]
                    { offset += size; }
                    field
                }),*]
            };

            /// The bytes of this structure.
            pub fn encode(&self) -> [u8; $size] {
                let mut out = [0; $size];
                let mut rest = out.as_mut_slice();
                $(
                    let bytes = $crate::format::layout::layout!(@encode $kind, self.$field);
                    let (head, tail) = ::core::mem::take(&mut rest).split_at_mut(bytes.len());
                    head.copy_from_slice(&bytes);
                    rest = tail;
                )*
                let _ = rest;
                out
            }

            /// Reads the structure from its bytes.
            pub fn decode(bytes: &[u8; $size]) -> $name {
                let mut rest = bytes.as_slice();
                $(
                    let $field = {
                        let (head, tail) = rest.split_at(
                            ::core::mem::size_of::<$crate::format::layout::layout!(@type $kind)>());
                        rest = tail;
                        let mut array = [0; ::core::mem::size_of::<$crate::format::layout::layout!(@type $kind)>()];
                        array.copy_from_slice(head);
                        $crate::format::layout::layout!(@decode $kind, array)
                    };
                )*
                let _ = rest;
                $name { $($field),* }
            }
        }

        // Evaluated by the compiler: a bad index would not build.
        #[allow(clippy::indexing_slicing)]
        const _: () = {
            let mut sum = 0;
            let mut at = 0;
            while at < $name::FIELDS.len() {
                sum += $name::FIELDS[at].size;
                at += 1;
            }
            assert!(sum == $size, "the fields must fill the structure");
        };
    };
    (@type [$len:literal]) => { [u8; $len] };
    (@type $int:ident) => { $int };
    (@kind [$len:literal]) => { "bytes" };
    (@kind $int:ident) => { stringify!($int) };
    (@encode [$len:literal], $value:expr) => { $value };
    (@encode $int:ident, $value:expr) => { $value.to_le_bytes() };
    (@decode [$len:literal], $array:expr) => { $array };
    (@decode $int:ident, $array:expr) => { <$int>::from_le_bytes($array) };
}

pub(crate) use layout;
