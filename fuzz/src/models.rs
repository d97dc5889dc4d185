//! A model folder small enough to be opened thousands of times a second, with files put in its
//! place.

use std::cell::OnceCell;
use std::fs;
use std::io::{Cursor, Write};
use std::path::{Path, PathBuf};

use medvec::encode::folder::{FolderEncoder, FolderOptions};
use medvec::{Encoder, EncoderInput, Error};
use zip::write::SimpleFileOptions;

/// A BERT of one layer.
pub const CONFIG: &str = r#"{"architectures": ["BertModel"], "model_type": "bert", "vocab_size": 16,
 "hidden_size": 8, "num_hidden_layers": 1, "num_attention_heads": 2, "intermediate_size": 8,
 "max_position_embeddings": 12, "type_vocab_size": 2, "hidden_act": "gelu"}"#;

/// Its words.
pub const VOCABULARY: &str =
    "[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\nheart\nfailure\nsepsis\n##is\na\n##b\nin\n.\n,\nof\nthe\n";

/// The same words as `tokenizers` writes them.
pub const TOKENIZER: &str = r###"{"version": "1.0", "truncation": null, "padding": null,
 "added_tokens": [{"id": 2, "content": "[CLS]", "single_word": false, "lstrip": false,
   "rstrip": false, "normalized": false, "special": true}],
 "normalizer": {"type": "BertNormalizer", "clean_text": true, "handle_chinese_chars": true,
   "strip_accents": null, "lowercase": true},
 "pre_tokenizer": {"type": "BertPreTokenizer"},
 "post_processor": {"type": "TemplateProcessing",
   "single": [{"SpecialToken": {"id": "[CLS]", "type_id": 0}}, {"Sequence": {"id": "A", "type_id": 0}}],
   "pair": [{"Sequence": {"id": "A", "type_id": 0}}, {"Sequence": {"id": "B", "type_id": 1}}],
   "special_tokens": {"[CLS]": {"id": "[CLS]", "ids": [2], "tokens": ["[CLS]"]}}},
 "decoder": null,
 "model": {"type": "WordPiece", "unk_token": "[UNK]", "continuing_subword_prefix": "##",
   "max_input_chars_per_word": 100, "vocab": {"[UNK]": 1, "[CLS]": 2, "heart": 5, "##b": 10}}}"###;

/// The steps of a sentence-transformers folder.
pub const MODULES: &str = r#"[{"idx": 0, "name": "0", "path": "", "type": "sentence_transformers.models.Transformer"},
 {"idx": 1, "name": "1", "path": "1_Pooling", "type": "sentence_transformers.models.Pooling"},
 {"idx": 2, "name": "2", "path": "2_Normalize", "type": "sentence_transformers.models.Normalize"}]"#;

/// Its step of pooling.
pub const POOLING: &str = r#"{"word_embedding_dimension": 8, "pooling_mode_cls_token": false,
 "pooling_mode_mean_tokens": true, "pooling_mode_max_tokens": false}"#;

/// An adapter's settings.
pub const ADAPTER: &str = r#"{"peft_type": "LORA", "r": 2, "lora_alpha": 4, "use_rslora": false,
 "base_model_name_or_path": "base", "target_modules": ["query"], "alpha_pattern": {"query": 3}}"#;

/// A tensor: name, shape, numbers.
pub type Tensor = (String, Vec<usize>, Vec<f32>);

fn tensor(name: &str, shape: &[usize]) -> Tensor {
    let count: usize = shape.iter().product();
    let seed = name.len() as f32;
    let numbers = (0..count).map(|place| ((place as f32 + 1.7) * seed).sin() * 0.5).collect();
    (name.to_owned(), shape.to_vec(), numbers)
}

/// The model's tensors.
pub fn tensors() -> Vec<Tensor> {
    let mut all = vec![
        tensor("embeddings.word_embeddings.weight", &[16, 8]),
        tensor("embeddings.position_embeddings.weight", &[12, 8]),
        tensor("embeddings.token_type_embeddings.weight", &[2, 8]),
    ];
    let layer = "encoder.layer.0";
    let mut linear = |name: &str| {
        all.push(tensor(&format!("{name}.weight"), &[8, 8]));
        all.push(tensor(&format!("{name}.bias"), &[8]));
    };
    for part in ["self.query", "self.key", "self.value", "output.dense"] {
        linear(&format!("{layer}.attention.{part}"));
    }
    linear(&format!("{layer}.intermediate.dense"));
    linear(&format!("{layer}.output.dense"));
    for norm in ["embeddings.LayerNorm", "encoder.layer.0.attention.output.LayerNorm"] {
        all.push(tensor(&format!("{norm}.weight"), &[8]));
        all.push(tensor(&format!("{norm}.bias"), &[8]));
    }
    all.push(tensor(&format!("{layer}.output.LayerNorm.weight"), &[8]));
    all.push(tensor(&format!("{layer}.output.LayerNorm.bias"), &[8]));
    all
}

/// An adapter's tensors.
pub fn adapter_tensors() -> Vec<Tensor> {
    let module = "base_model.model.encoder.layer.0.attention.self.query";
    vec![
        tensor(&format!("{module}.lora_A.weight"), &[2, 8]),
        tensor(&format!("{module}.lora_B.weight"), &[8, 2]),
    ]
}

fn bytes_of(numbers: &[f32]) -> impl Iterator<Item = u8> {
    numbers.iter().flat_map(|number| number.to_le_bytes())
}

/// The header of a file of safetensors, and the numbers behind it.
pub fn safetensors_parts(tensors: &[Tensor]) -> (String, Vec<u8>) {
    let (mut entries, mut data) = (Vec::new(), Vec::new());
    for (name, shape, numbers) in tensors {
        let start = data.len();
        data.extend(bytes_of(numbers));
        let end = data.len();
        entries.push(format!(
            "\"{name}\":{{\"dtype\":\"F32\",\"shape\":{shape:?},\"data_offsets\":[{start},{end}]}}"
        ));
    }
    (format!("{{{}}}", entries.join(",")), data)
}

/// A file of safetensors with this header.
pub fn safetensors_framed(header: &[u8], data: &[u8]) -> Vec<u8> {
    [&(header.len() as u64).to_le_bytes()[..], header, data].concat()
}

/// A file of safetensors.
pub fn safetensors(tensors: &[Tensor]) -> Vec<u8> {
    let (header, data) = safetensors_parts(tensors);
    safetensors_framed(header.as_bytes(), &data)
}

fn text(out: &mut Vec<u8>, text: &str) {
    out.push(b'X');
    out.extend((text.len() as u32).to_le_bytes());
    out.extend(text.bytes());
}

fn whole(out: &mut Vec<u8>, number: usize) {
    out.push(b'M');
    out.extend((number as u16).to_le_bytes());
}

/// The program that builds a dictionary of tensors, each in a storage of its own, as torch writes it.
pub fn program(tensors: &[Tensor]) -> Vec<u8> {
    let mut out = b"\x80\x02ccollections\nOrderedDict\nq\x00)R(".to_vec();
    for (place, (name, shape, numbers)) in tensors.iter().enumerate() {
        text(&mut out, name);
        out.extend(b"ctorch._utils\n_rebuild_tensor_v2\n((");
        text(&mut out, "storage");
        out.extend(b"ctorch\nFloatStorage\n");
        text(&mut out, &place.to_string());
        text(&mut out, "cpu");
        whole(&mut out, numbers.len());
        out.extend(b"tQK\x00(");
        shape.iter().for_each(|length| whole(&mut out, *length));
        out.extend(b"t(");
        for dimension in 0..shape.len() {
            whole(&mut out, shape[dimension + 1..].iter().product());
        }
        out.extend(b"t\x89h\x00)RtR");
    }
    out.extend(b"u.");
    out
}

/// A checkpoint of PyTorch 1.6 and later: an archive with this program and the tensors' numbers.
pub fn zipped(program: &[u8], tensors: &[Tensor]) -> Vec<u8> {
    let mut archive = zip::ZipWriter::new(Cursor::new(Vec::new()));
    let stored = SimpleFileOptions::default().compression_method(zip::CompressionMethod::Stored);
    let mut put = |name: &str, bytes: &[u8]| {
        archive.start_file(format!("archive/{name}"), stored).expect("memory");
        archive.write_all(bytes).expect("memory");
    };
    put("data.pkl", program);
    for (place, (_, _, numbers)) in tensors.iter().enumerate() {
        put(&format!("data/{place}"), &bytes_of(numbers).collect::<Vec<u8>>());
    }
    archive.finish().expect("memory").into_inner()
}

/// A checkpoint of older releases, with this program.
pub fn row_of_pickles(program: &[u8], tensors: &[Tensor]) -> Vec<u8> {
    let mut out =
        b"\x80\x02\x8a\x0al\xfc\x9cF\xf9 j\xa8P\x19.\x80\x02M\xe9\x03.\x80\x02}(".to_vec();
    text(&mut out, "little_endian");
    out.extend(b"\x88u.");
    out.extend(program);
    out.extend(b"\x80\x02](");
    (0..tensors.len()).for_each(|place| text(&mut out, &place.to_string()));
    out.extend(b"e.");
    for (_, _, numbers) in tensors {
        out.extend((numbers.len() as u64).to_le_bytes());
        out.extend(bytes_of(numbers));
    }
    out
}

/// A folder of files that each run writes anew.
pub struct Bench {
    folder: tempfile::TempDir,
}

thread_local! {
    static BENCH: OnceCell<Bench> = const { OnceCell::new() };
}

impl Bench {
    /// Runs `work` with an empty folder.
    ///
    /// # Panics
    /// When files cannot be written.
    pub fn with<R>(work: impl FnOnce(&Bench) -> R) -> R {
        BENCH.with(|bench| {
            let bench = bench.get_or_init(|| {
                // Memory, where there is such a place: files are written in every run.
                let place = Path::new("/dev/shm");
                let place = if place.is_dir() { place.to_owned() } else { std::env::temp_dir() };
                Bench { folder: tempfile::tempdir_in(place).expect("a folder") }
            });
            for entry in fs::read_dir(bench.folder.path()).expect("a folder").flatten() {
                match entry.path().is_dir() {
                    true => fs::remove_dir_all(entry.path()).expect("removed"),
                    false => fs::remove_file(entry.path()).expect("removed"),
                }
            }
            work(bench)
        })
    }

    /// Writes a file.
    ///
    /// # Panics
    /// When it cannot be written.
    pub fn put(&self, name: &str, bytes: impl AsRef<[u8]>) -> PathBuf {
        let path = self.folder.path().join(name);
        let parent = path.parent().expect("inside of the folder");
        fs::create_dir_all(parent).expect("a folder");
        fs::write(&path, bytes).expect("written");
        path
    }

    /// The folder.
    pub fn path(&self) -> &Path {
        self.folder.path()
    }

    /// Everything of the model but its weights.
    pub fn model(&self) {
        self.put("config.json", CONFIG);
        self.put("vocab.txt", VOCABULARY);
    }

    /// Opens the folder and encodes with it: an error with words, or finite vectors.
    ///
    /// # Panics
    /// When it is neither.
    pub fn check(&self, adapter: Option<&Path>) -> bool {
        let options = FolderOptions::new().adapter(adapter.map(Path::to_path_buf));
        let encoder = match FolderEncoder::open_with(self.path(), &options) {
            Ok(encoder) => encoder,
            Err(error) => {
                said(&error);
                return false;
            }
        };
        let input =
            |title: &str, text: &str| EncoderInput { title: title.into(), text: text.into() };
        let long = "heart failure ".repeat(30);
        for inputs in [
            vec![input("Heart failure", "in the heart."), input("", "")],
            vec![input("sepsis", &long), input(&long, "")],
        ] {
            vectors(&encoder, inputs.len(), encoder.encode_documents(&inputs));
        }
        vectors(&encoder, 1, encoder.encode_queries(&["sepsis of the b?"]));
        true
    }
}

fn said(error: &Error) {
    assert!(matches!(error, Error::Encoder { .. } | Error::Io { .. }), "{error:?}");
    assert!(!error.to_string().is_empty());
}

/// Checks what an encoder gave for so many texts.
///
/// # Panics
/// When it is neither an error nor as many finite vectors.
pub fn vectors(encoder: &dyn Encoder, texts: usize, given: medvec::Result<Vec<f32>>) {
    match given {
        Ok(vectors) => {
            assert_eq!(vectors.len(), texts * encoder.spec().dimension as usize);
            assert!(vectors.iter().all(|number| number.is_finite()));
        }
        Err(error) => said(&error),
    }
}
