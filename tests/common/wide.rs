//! Small models made as wide as known ones, which presets are for.

use std::path::Path;

use safetensors::tensor::{Dtype, TensorView};
use serde_json::Value;

/// Rewrites the folder of a small BERT in place: its first layer alone, with vectors of `dimension`
/// numbers, which repeat those of the small one.
pub fn widen(folder: &Path, dimension: usize) {
    let config_path = folder.join("config.json");
    let mut config: Value =
        serde_json::from_slice(&std::fs::read(&config_path).expect("config.json")).expect("JSON");
    let small = config["hidden_size"].as_u64().expect("a size") as usize;
    widen_file(&folder.join("model.safetensors"), small, dimension);
    config["hidden_size"] = dimension.into();
    config["num_hidden_layers"] = 1.into();
    std::fs::write(config_path, config.to_string()).expect("written");
}

/// The same for a file of weights, an adapter's for instance.
pub fn widen_file(weights: &Path, small: usize, dimension: usize) {
    let whole = std::fs::read(weights).expect("weights");
    let stored = safetensors::SafeTensors::deserialize(&whole).expect("weights");
    let is_kept = |name: &str| !name.contains(".layer.") || name.contains(".layer.0.");
    let tensors: Vec<(String, Vec<usize>, Vec<u8>)> = stored
        .iter()
        .filter(|(name, _)| is_kept(name))
        .map(|(name, tensor)| {
            assert_eq!(tensor.dtype(), Dtype::F32, "{name}");
            let old = tensor.shape();
            let new: Vec<usize> = old
                .iter()
                .map(|&length| if length == small { dimension } else { length })
                .collect();
            let count = new.iter().product();
            let data = (0..count).flat_map(|mut place: usize| {
                let (mut from, mut step) = (0, 1);
                for (old, new) in old.iter().zip(&new).rev() {
                    from += place % new % old * step;
                    (place, step) = (place / new, step * old);
                }
                tensor.data()[4 * from..4 * from + 4].to_vec()
            });
            (name.to_owned(), new.clone(), data.collect())
        })
        .collect();
    let views = tensors.iter().map(|(name, shape, data)| {
        (name, TensorView::new(Dtype::F32, shape.clone(), data).expect("a tensor"))
    });
    let bytes = safetensors::serialize(views, None).expect("bytes");
    std::fs::write(weights, bytes).expect("written");
}
