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

/// Steps tried for the scale of a row of 4-bit codes, and how much smaller each is than the largest scale.
const SCALE_STEPS: u16 = 24;
const SCALE_STEP: f32 = 0.025;

/// Quantises one row to 4-bit codes: `value ~ scale * code`, codes in -7..=7. The scale is the one of 24
/// with the least squared error, which cuts off the few largest numbers, then refined by least squares; 0
/// for a zero row, whose codes are 0.
///
/// Appends `row.len()` codes to `out` and returns the scale. Numbers must be finite.
pub fn quantize_int4(row: &[f32], out: &mut Vec<i8>) -> f32 {
    let widest = row.iter().fold(0.0f32, |max, value| max.max(value.abs())) / 7.0;
    let start = out.len();
    if widest < f32::MIN_POSITIVE {
        out.extend(row.iter().map(|_| 0));
        return 0.0;
    }
    let code = |value: f32, scale: f32| (value / scale).round_ties_even().clamp(-7.0, 7.0);
    let error = |scale: f32| -> f32 {
        row.iter().map(|&value| (value - scale * code(value, scale)).powi(2)).sum()
    };
    let scales = (0..SCALE_STEPS).map(|step| widest * (1.0 - SCALE_STEP * f32::from(step)));
    let tried = scales.map(|scale| (error(scale), scale));
    let (_, scale) = tried.min_by(|a, b| a.0.total_cmp(&b.0)).unwrap_or((0.0, widest));
    out.extend(row.iter().map(|&value| code(value, scale) as i8));
    let codes = out.get(start..).unwrap_or_default();
    let product: f32 = row.iter().zip(codes).map(|(value, code)| value * f32::from(*code)).sum();
    let square: f32 = codes.iter().map(|code| f32::from(*code).powi(2)).sum();
    if square > 0.0 { product / square } else { scale }
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
