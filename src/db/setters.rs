//! Builder methods for structs of options.

/// One method per field, of its name, which takes the options and gives them back with the field set.
macro_rules! setters {
    ($options:ident { $($field:ident: $value:ty),* $(,)? }) => {
        impl $options {
            $(
                #[doc = concat!("These options with `", stringify!($field), "` set.")]
                #[must_use]
                pub fn $field(mut self, $field: $value) -> $options {
                    self.$field = $field;
                    self
                }
            )*
        }
    };
}

pub(crate) use setters;
