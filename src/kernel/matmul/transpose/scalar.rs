//! Squares in plain code.

use super::square::{SIDE, Square};

pub(super) fn transpose(square: &Square) -> Square {
    let mut turned = Square([[0.0; SIDE]; SIDE]);
    for (place, row) in turned.0.iter_mut().enumerate() {
        for (value, from) in row.iter_mut().zip(&square.0) {
            *value = from[place];
        }
    }
    turned
}
