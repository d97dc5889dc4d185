//! Weights in every container, whole and damaged.

use medvec::Encoder;
use medvec::encode::folder::FolderEncoder;

use crate::fixtures::{assert_refused, check_golden, copy, fixture, golden, with_recipe};

#[test]
fn damaged_weights_are_refused_at_every_length() {
    for (name, file) in [
        ("bert-mean-st", "model.safetensors"),
        ("bert-cls-bin-vocab", "pytorch_model.bin"),
        ("legacy", "pytorch_model.bin"),
    ] {
        let folder = if name == "legacy" { legacy() } else { copy(name) };
        let Some(folder) = folder else { return };
        let path = folder.path().join(file);
        let whole = std::fs::read(&path).expect("weights");
        let step = whole.len() / 60;
        for length in (0..whole.len()).step_by(step).chain([whole.len() - 1]) {
            std::fs::write(&path, &whole[..length]).expect("written");
            assert_refused(folder.path(), &[file]);
        }
    }
}

#[test]
fn changed_bytes_in_weights_give_an_error_or_a_model() {
    for (name, file) in [
        ("bert-mean-st", "model.safetensors"),
        ("bert-cls-bin-vocab", "pytorch_model.bin"),
        ("legacy", "pytorch_model.bin"),
    ] {
        let folder = if name == "legacy" { legacy() } else { copy(name) };
        let Some(folder) = folder else { return };
        let path = folder.path().join(file);
        let whole = std::fs::read(&path).expect("weights");
        // The headers are at the start of one and at both ends of the other.
        let places = (0..1_500).step_by(11).chain((whole.len() - 2_000..whole.len()).step_by(13));
        for place in places {
            let mut changed = whole.clone();
            changed[place] ^= 1 << (place % 8);
            std::fs::write(&path, changed).expect("written");
            match FolderEncoder::open(folder.path()) {
                Ok(encoder) => drop(encoder.encode_queries(&["sepsis"])),
                Err(problem) => assert!(problem.to_string().contains(file), "{problem}"),
            }
        }
    }
}

/// The row of pickles that PyTorch wrote before 1.6 holds the same model.
fn legacy() -> Option<tempfile::TempDir> {
    let folder = copy("bert-mlm-legacy")?;
    let old = folder.path().join("legacy_pytorch_model.bin");
    std::fs::rename(old, folder.path().join("pytorch_model.bin")).expect("renamed");
    Some(folder)
}

#[test]
fn a_container_from_before_pytorch_1_6_gives_the_same_vectors() {
    let (Some(folder), Some(original)) = (legacy(), fixture("bert-mlm-legacy")) else { return };
    let golden = golden(&original);
    let encoder = with_recipe(folder.path(), &golden).expect("an encoder");
    check_golden(&encoder, &golden, "before PyTorch 1.6");
}

#[test]
fn several_files_with_an_index_are_one_model() {
    let (Some(folder), Some(original)) = (copy("bert-mean-st"), fixture("bert-mean-st")) else {
        return;
    };
    let path = folder.path();
    let whole = std::fs::read(path.join("model.safetensors")).expect("weights");
    let stored = safetensors::SafeTensors::deserialize(&whole).expect("weights");
    let mut names: Vec<&str> = stored.names();
    names.sort_unstable();
    let halves = names.split_at(names.len() / 2);
    let mut map = serde_json::Map::new();
    for (file, names) in [("model-1.safetensors", halves.0), ("model-2.safetensors", halves.1)] {
        let parts = names.iter().map(|name| (*name, stored.tensor(name).expect("a tensor")));
        let bytes = safetensors::serialize(parts, None).expect("bytes");
        std::fs::write(path.join(file), bytes).expect("written");
        map.extend(names.iter().map(|name| (name.to_string(), file.into())));
    }
    let index = path.join("model.safetensors.index.json");
    std::fs::remove_file(path.join("model.safetensors")).expect("removed");
    let write = |map: &serde_json::Map<String, serde_json::Value>| {
        let text = serde_json::json!({"metadata": {}, "weight_map": map}).to_string();
        std::fs::write(&index, text).expect("written");
    };
    write(&map);
    let golden = golden(&original);
    check_golden(&FolderEncoder::open(path).expect("an encoder"), &golden, "two files");

    let mut more = map.clone();
    more.insert("pooler.more".into(), "model-2.safetensors".into());
    write(&more);
    assert_refused(path, &["pooler.more", "model-2.safetensors"]);
    more.insert("pooler.more".into(), "../model-2.safetensors".into());
    write(&more);
    assert_refused(path, &["outside"]);
    write(&map);
    std::fs::remove_file(path.join("model-2.safetensors")).expect("removed");
    assert_refused(path, &["model-2.safetensors is missing"]);
    std::fs::write(&index, "[]").expect("written");
    assert_refused(path, &["model.safetensors.index.json"]);
}

/// The fixture's weights with every tensor converted, and the greatest difference of vectors.
fn converted(to: safetensors::Dtype, convert: impl Fn(f32) -> Vec<u8>) -> Option<f32> {
    let folder = copy("bert-mean-st")?;
    let file = folder.path().join("model.safetensors");
    let whole = std::fs::read(&file).expect("weights");
    let stored = safetensors::SafeTensors::deserialize(&whole).expect("weights");
    let bytes: Vec<(String, Vec<usize>, Vec<u8>)> = stored
        .iter()
        .map(|(name, tensor)| {
            let numbers = tensor.data().chunks(4).map(|four| four.try_into().expect("four bytes"));
            let data = numbers.flat_map(|four| convert(f32::from_le_bytes(four))).collect();
            (name.to_owned(), tensor.shape().to_vec(), data)
        })
        .collect();
    let views = bytes.iter().map(|(name, shape, data)| {
        let view = safetensors::tensor::TensorView::new(to, shape.clone(), data);
        (name.as_str(), view.expect("a tensor"))
    });
    std::fs::write(&file, safetensors::serialize(views, None).expect("bytes")).expect("written");
    let vectors = |path: &std::path::Path| {
        let encoder = FolderEncoder::open(path).expect("an encoder");
        encoder.encode_queries(&["sepsis in children"]).expect("a vector")
    };
    let original = vectors(&fixture("bert-mean-st")?);
    let pairs = vectors(folder.path()).into_iter().zip(original);
    Some(pairs.map(|(a, b)| (a - b).abs()).fold(0.0, f32::max))
}

#[test]
fn weights_in_half_and_double_precision_are_read() {
    use medvec::kernel::quantize::f16_from_f32;
    use safetensors::Dtype;
    let half = |value: f32| f16_from_f32(value).to_le_bytes().to_vec();
    let upper = |value: f32| value.to_le_bytes()[2..].to_vec();
    let Some(difference) = converted(Dtype::F16, half) else { return };
    assert!(difference > 0.0 && difference < 2e-3, "half precision: {difference}");
    let difference = converted(Dtype::BF16, upper).expect("as above");
    assert!(difference > 0.0 && difference < 3e-2, "bf16: {difference}");
    let double = |value: f32| f64::from(value).to_le_bytes().to_vec();
    assert_eq!(converted(Dtype::F64, double), Some(0.0));
}

#[test]
fn numbers_of_a_wrong_type_are_refused() {
    let Some(folder) = copy("bert-mean-st") else { return };
    let file = folder.path().join("model.safetensors");
    let mut bytes = std::fs::read(&file).expect("weights");
    let header = u64::from_le_bytes(bytes[..8].try_into().expect("eight bytes")) as usize;
    let text = String::from_utf8(bytes[8..8 + header].to_vec()).expect("a header");
    for (type_name, words) in [("I32", "whole numbers of 32 bits"), ("C64", "damaged")] {
        let changed = text.replace("F32", type_name);
        bytes[8..8 + header].copy_from_slice(changed.as_bytes());
        std::fs::write(&file, &bytes).expect("written");
        assert_refused(folder.path(), &["model.safetensors", words]);
    }
}

/// A program in `pytorch_model.bin` that creates a file, in every way that pickles know.
#[test]
fn a_pickle_that_runs_a_program_runs_nothing() {
    let Some(folder) = copy("bert-cls-bin-vocab") else { return };
    let witness = folder.path().join("witness");
    let command = format!("touch {}", witness.display());
    let reduce = |call: &[u8]| {
        let mut program = b"\x80\x02".to_vec();
        program.extend(call);
        program.push(b'X');
        program.extend((command.len() as u32).to_le_bytes());
        program.extend(command.as_bytes());
        program.extend(b"\x85R.");
        program
    };
    let programs = [
        (reduce(b"cposix\nsystem\n"), "posix.system"),
        (reduce(b"cos\nsystem\n"), "os.system"),
        (reduce(b"csubprocess\ngetoutput\n"), "subprocess.getoutput"),
        (reduce(b"c__builtin__\neval\n"), "__builtin__.eval"),
        (reduce(b"cbuiltins\ngetattr\n"), "builtins.getattr"),
    ];
    for (program, name) in &programs {
        for zipped in [true, false] {
            let file = std::fs::File::create(folder.path().join("pytorch_model.bin"));
            let mut file = file.expect("a file");
            if zipped {
                let mut archive = zip::ZipWriter::new(&mut file);
                let stored = zip::write::SimpleFileOptions::default()
                    .compression_method(zip::CompressionMethod::Stored);
                archive.start_file("archive/data.pkl", stored).expect("an entry");
                std::io::Write::write_all(&mut archive, program).expect("written");
                archive.finish().expect("an archive");
            } else {
                std::io::Write::write_all(&mut file, program).expect("written");
            }
            assert_refused(folder.path(), &["pytorch_model.bin", name, "not done"]);
        }
    }
    assert!(!witness.exists());
}

#[test]
fn vectors_that_are_not_finite_are_an_error() {
    let Some(folder) = copy("bert-mean-st") else { return };
    let path = folder.path().join("model.safetensors");
    let mut bytes = std::fs::read(&path).expect("weights");
    let start = bytes.len() / 2;
    for number in bytes[start / 4 * 4..].chunks_exact_mut(4) {
        number.copy_from_slice(&f32::NAN.to_le_bytes());
    }
    std::fs::write(&path, bytes).expect("written");
    let encoder = FolderEncoder::open(folder.path()).expect("the shapes are right");
    let failed = encoder.encode_queries(&["sepsis"]).expect_err("not finite").to_string();
    assert!(failed.contains("not finite"), "{failed}");
}
