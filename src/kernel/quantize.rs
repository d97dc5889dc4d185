//! Numbers of fewer bits: int8 rows with a scale, and half precision.

/// Quantises one row to signed bytes: `value ~ scale * byte`, bytes in -127..=127, rounded to
/// nearest with ties to even, `scale = max |value| / 127` (0 for a zero row, whose bytes are 0).
///
/// Appends `row.len()` bytes to `out` and returns the scale. Numbers must be finite.
pub fn quantize_int8(row: &[f32], out: &mut Vec<i8>) -> f32 {
    let max = row.iter().fold(0.0f32, |max, value| max.max(value.abs()));
    let scale = max / 127.0;
    if scale == 0.0 {
        out.extend(row.iter().map(|_| 0));
        return 0.0;
    }
    let code = |value: &f32| ((value / scale).clamp(-127.0, 127.0) + ROUND).to_bits() as i8;
    out.extend(row.iter().map(code));
    scale
}

/// Adding this to a number below 2^22 rounds it to an integer (ties to even), which the low bits of the
/// sum hold: a tenth of what a call of `rintf` costs.
pub(super) const ROUND: f32 = 12_582_912.0;

/// The nearest half-precision number (ties to even), as its bits; overflow gives infinity.
pub fn f16_from_f32(value: f32) -> u16 {
    let bits = value.to_bits();
    let sign = ((bits >> 16) & 0x8000) as u16;
    let magnitude = bits & 0x7fff_ffff;
    if magnitude > 0x7f80_0000 {
        return sign | 0x7e00;
    }
    if magnitude >= 0x4780_0000 {
        return sign | 0x7c00;
    }
    if magnitude < 0x3880_0000 {
        // Below the smallest normal half: adding 0.5 puts the rounded fraction in the low bits.
        let shifted = f32::from_bits(magnitude) + 0.5;
        return sign | (shifted.to_bits().wrapping_sub(0.5f32.to_bits())) as u16;
    }
    let odd = (magnitude >> 13) & 1;
    let rounded = magnitude + 0x0fff + odd - ((127 - 15) << 23);
    sign | (rounded >> 13) as u16
}

/// The value of half-precision bits; exact.
pub fn f32_from_f16(bits: u16) -> f32 {
    let sign = u32::from(bits & 0x8000) << 16;
    let magnitude = u32::from(bits & 0x7fff);
    let value = if magnitude >= 0x7c00 {
        f32::from_bits((magnitude << 13) | 0x7f80_0000)
    } else {
        // The exponent's bias is mended by one exact multiplication, which also handles subnormals.
        f32::from_bits(magnitude << 13) * f32::from_bits((254 - 15) << 23)
    };
    f32::from_bits(value.to_bits() | sign)
}
